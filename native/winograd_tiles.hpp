// How images fall into Winograd's tiles, and inputs into points: what forward and backward share.
#pragma once
#include "conv2d.hpp"
#include "winograd.hpp"

PELLUCID_OPEN

constexpr long UNIT = 16;  // channels come in multiples of it, whatever the width of a vector

// How one sample falls into tiles.
struct Tiling {
    long rows, columns;  // of tiles
    long width;          // outputs of a row that somebody wants
    long height;

    template <int M>
    static Tiling of(const Finish& f) {
        const long height = f.OH * f.KH, width = f.OW * f.KW;
        return {(height + M - 1) / M, (width + M - 1) / M, width, height};
    }
};

// Image rows from padded row `first` on, zeros outside: as they lie if nothing of them is outside, else a copy.
INLINE const float* tile_rows(const Conv& s, const float* image, long first, long rows, long columns, float* buffer,
                       long* row_length) {
    if (!s.padded() && first + rows <= s.H && columns <= s.W) {
        *row_length = s.W * s.C;
        return image + first * *row_length;
    }
    *row_length = columns * s.C;
    const long inside = max(0, min(s.W, columns - s.left)) * s.C, left = s.left * s.C;
    float* row = buffer;
    for (long r = first; r < first + rows; r++, row += *row_length) {
        const long h = r - s.top;
        if (h < 0 || h >= s.H) {
            memset(row, 0, *row_length * sizeof(float));
            continue;
        }
        memset(row, 0, left * sizeof(float));
        memcpy(row + left, image + h * s.W * s.C, inside * sizeof(float));
        memset(row + left + inside, 0, (*row_length - left - inside) * sizeof(float));
    }
    return buffer;
}

// Tiles of `rows` rows of tiles as [point][tile][channel], points `plane` apart.
template <int M>
static void transform_inputs(const Conv& s, const Tiling& t, const float* x, long row_length, long rows, float* points,
                      long plane) {
    constexpr int TILE = Winograd<M>::TILE;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < t.columns; j++)
            for (long c = 0; c < s.C; c += WIDTH) {
                const float* from = x + i * M * row_length + j * M * s.C + c;
                float* to = points + (i * t.columns + j) * s.C + c;
                vf half[TILE * TILE], column[TILE];
#pragma GCC unroll 6
                for (int v = 0; v < TILE; v++) {
#pragma GCC unroll 6
                    for (int u = 0; u < TILE; u++) column[u] = load(from + u * row_length + v * s.C);
                    Winograd<M>::input(column, half + v, TILE);
                }
#pragma GCC unroll 6
                for (int u = 0; u < TILE; u++) {
                    Winograd<M>::input(half + u * TILE, column, 1);
#pragma GCC unroll 6
                    for (int v = 0; v < TILE; v++) store(to + (u * TILE + v) * plane, column[v]);
                }
            }
}

PELLUCID_CLOSE
