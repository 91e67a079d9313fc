// The one inner loop under convolution and linear layers: a tile of outputs held in registers.
//
//     c[m][n] (+)= sum over p < runs, k < length of  a[rows[m] + p*run + k*step] * b[(p*length + k)*b_stride + n]
//
// m counts rows of the tile (pixels, samples or taps), n lanes (outputs).  Each output is one chain of madd() in the
// order of (p, k), so neither the shape of the tile nor the width of a vector changes a bit.
#pragma once
#include "simd.hpp"

PELLUCID_OPEN

// A tile of ROWS x 2 vectors, or of ROWS_OF_ONE x 1, with what is loaded beside it, fills the registers: 32, or 16.
#if PELLUCID_WIDTH == 8
constexpr int ROWS = 6, ROWS_OF_ONE = 12;
#else
constexpr int ROWS = 14, ROWS_OF_ONE = 24;
#endif
constexpr int PANEL = 2 * WIDTH;  // lanes of a full tile

struct Sum {
    long runs, length;  // how many products: runs * length
    long run, step;     // how far apart they lie in a
    long b_stride;
};

template <int M, int V>
static void tile(const Sum& sum, const float* a, const long* rows, const float* b, float* c, long c_stride, bool add) {
    vf acc[M][V];
#pragma GCC unroll 24
    for (int m = 0; m < M; m++)
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) acc[m][v] = add ? load(c + m * c_stride + v * WIDTH) : zero();
    long row[M];
#pragma GCC unroll 24
    for (int m = 0; m < M; m++) row[m] = rows[m];
    for (long p = 0; p < sum.runs; p++) {
        const float* at = a + p * sum.run;
        for (long k = 0; k < sum.length; k++, at += sum.step, b += sum.b_stride) {
            vf weight[V];
#pragma GCC unroll 2
            for (int v = 0; v < V; v++) weight[v] = load(b + v * WIDTH);
#pragma GCC unroll 24
            for (int m = 0; m < M; m++) {
                vf value = splat(at[row[m]]);
#pragma GCC unroll 2
                for (int v = 0; v < V; v++) acc[m][v] = madd(value, weight[v], acc[m][v]);
            }
        }
    }
#pragma GCC unroll 24
    for (int m = 0; m < M; m++)
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) store(c + m * c_stride + v * WIDTH, acc[m][v]);
}

using Tile = void (*)(const Sum&, const float*, const long*, const float*, float*, long, bool);

#define TILES(from, V) tile<from, V>, tile<from + 1, V>, tile<from + 2, V>, tile<from + 3, V>, tile<from + 4, V>, tile<from + 5, V>
static constexpr Tile tiles_of_one[] = {nullptr, TILES(1, 1), TILES(7, 1),
#if PELLUCID_WIDTH != 8
                                        TILES(13, 1), TILES(19, 1),
#endif
};
static constexpr Tile tiles_of_two[] = {nullptr, TILES(1, 2),
#if PELLUCID_WIDTH != 8
                                        TILES(7, 2), tile<13, 2>, tile<14, 2>,
#endif
};

// `count` rows by `vectors` (1 or 2) vectors, cut into tiles of nearly equal height.
INLINE void tiles(long count, int vectors, const Sum& sum, const float* a, const long* rows, const float* b, float* c,
                  long c_stride, bool add) {
    const long most = vectors == 2 ? ROWS : ROWS_OF_ONE, pieces = (count + most - 1) / most;
    const Tile* tile_of = vectors == 2 ? tiles_of_two : tiles_of_one;
    for (long i = 0; i < pieces; i++) {
        long first = i * count / pieces, m = (i + 1) * count / pieces - first;
        tile_of[m](sum, a, rows + first, b, c + first * c_stride, c_stride, add);
    }
}

// Row offsets 0, stride, 2*stride, ...
INLINE void regular_rows(long* rows, long count, long stride) {
    for (long m = 0; m < count; m++) rows[m] = m * stride;
}

// The lanes of `outputs` are cut into panels of two vectors; a last one may be of one vector.
INLINE long panel_count(long outputs) { return (outputs + PANEL - 1) / PANEL; }
INLINE int panel_vectors(long outputs, long panel) { return outputs - panel * PANEL > WIDTH ? 2 : 1; }

PELLUCID_CLOSE
