// conv2d forward by Winograd's tiles: transform the inputs, one product (tiles, C) x (C, O) for each of the points,
// transform back.  With 2 x 2 tiles a tile is just what a 2 x 2 pooling window wants.
#include "winograd_tiles.hpp"

PELLUCID_OPEN

namespace {

constexpr long PANELS_AT_ONCE = 4;  // that read a point's inputs while they are in the first cache

// Products [point][tile][lane] of one panel into a strip of M rows of outputs, for one row of tiles.
template <int M>
void transform_outputs(const Tiling& t, const float* products, long plane, int vectors, float* strip) {
    constexpr int TILE = Winograd<M>::TILE;
    for (long j = 0; j < t.columns; j++)
        for (int n = 0; n < vectors * WIDTH; n += WIDTH) {
            vf half[M * TILE], column[TILE], row[M];
#pragma GCC unroll 6
            for (int v = 0; v < TILE; v++) {
#pragma GCC unroll 6
                for (int u = 0; u < TILE; u++) column[u] = load(products + (u * TILE + v) * plane + j * PANEL + n);
                Winograd<M>::output(column, half + v, TILE);
            }
#pragma GCC unroll 4
            for (int u = 0; u < M; u++) {
                Winograd<M>::output(half + u * TILE, row, 1);
#pragma GCC unroll 4
                for (int v = 0; v < M; v++) store(strip + ((u * t.columns + j) * M + v) * PANEL + n, row[v]);
            }
        }
}

// What follows the products of one panel, whose first channel is o: back to outputs, and what comes after them.
template <int M>
void finish_panel(const Finish& f, const Tiling& t, const float* products, long plane, float* strip, long o, long O,
                  const float* bias, float* y, uint8_t* passed, long begin, long rows) {
    const long count = min(PANEL, O - o), pixels = t.columns * M;
    const int vectors = count > WIDTH ? 2 : 1;
    for (long i = 0; i < rows; i++) {
        transform_outputs<M>(t, products + i * t.columns * PANEL, plane, vectors, strip);
        const long first = (begin + i) * M, wanted = min(M, t.height - first);
        for (long r = 0; r < wanted; r += f.KH) {
            const long place = (first + r) / f.KH * f.OW * O + o;
            finish_row(f, strip + r * pixels * PANEL, pixels, PANEL, bias ? bias + o : nullptr, count, y + place,
                       passed ? passed + place : nullptr, O);
        }
    }
}

// Rows of tiles [begin, end) of one sample.
template <int M>
void run_tiles(const Conv& s, const Finish& f, const Tiling& t, const float* image, const float* packed,
               const float* bias, float* y, uint8_t* passed, long begin, long end) {
    constexpr int POINTS = Winograd<M>::POINTS;
    const long rows = end - begin, tiles_here = rows * t.columns, panels = panel_count(s.O);
    const long plane_in = tiles_here * s.C + 16, plane_out = tiles_here * PANEL + 16;  // no two planes share a cache set
    const long strip_floats = M * t.columns * M * PANEL, image_rows = rows * M + 2, image_columns = t.columns * M + 2;
    const long at_once = min(panels, PANELS_AT_ONCE), panel_step = POINTS * plane_out;
    float* points = scratch(
        LOCAL, POINTS * plane_in + at_once * panel_step + strip_floats + image_rows * image_columns * s.C + 3 * 16);
    float* products = points + POINTS * plane_in;
    float* strip = products + at_once * panel_step;
    long row_length;
    const float* x = tile_rows(s, image, begin * M, image_rows, image_columns, strip + strip_floats, &row_length);
    transform_inputs<M>(s, t, x, row_length, rows, points, plane_in);
    long* at = (long*)scratch(LISTS, 2 * tiles_here);
    regular_rows(at, tiles_here, s.C);
    const Sum sum{1, s.C, 0, 1, PANEL};
    for (long first = 0; first < panels; first += at_once) {
        const long last = min(panels, first + at_once);
        for (int p = 0; p < POINTS; p++)
            for (long panel = first; panel < last; panel++)
                tiles(tiles_here, panel_vectors(s.O, panel), sum, points + p * plane_in, at,
                      packed + (panel * POINTS + p) * s.C * PANEL, products + (panel - first) * panel_step + p * plane_out,
                      PANEL, false);
        for (long panel = first; panel < last; panel++)
            finish_panel<M>(f, t, products + (panel - first) * panel_step, plane_out, strip, panel * PANEL, s.O, bias, y,
                            passed, begin, rows);
    }
}

template <int M>
void run(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
         uint8_t* passed) {
    const Tiling t = Tiling::of<M>(f);
    const long bands = max(1, min(t.rows, (2 * thread_count() + s.N - 1) / s.N));
    parallel_for(s.N * bands, [=](long item) {
        const long n = item / bands, band = item % bands, place = n * f.OH * f.OW * s.O;
        run_tiles<M>(s, f, t, x + n * s.H * s.W * s.C, packed, bias, y + place, passed ? passed + place : nullptr,
                     band * t.rows / bands, (band + 1) * t.rows / bands);
    });
}

// weight (O, C, 9) as [panel][point][channel][lane].
template <int M>
void pack(const Conv& s, const float* weight, float* packed) {
    constexpr int TILE = Winograd<M>::TILE, POINTS = Winograd<M>::POINTS;
    parallel_for(panel_count(s.O), [=](long panel) {
        float* taps = scratch(LOCAL, 9 * s.C * PANEL);
        pack_outputs(weight, panel * PANEL, min(PANEL, s.O - panel * PANEL), s.C, 9, taps);
        float* target = packed + panel * POINTS * s.C * PANEL;
        const long plane = s.C * PANEL;
        for (long n = 0; n < plane; n += WIDTH) {
            vf half[TILE * 3], column[TILE];
#pragma GCC unroll 3
            for (int v = 0; v < 3; v++) {
                vf g[3] = {load(taps + v * plane + n), load(taps + (3 + v) * plane + n), load(taps + (6 + v) * plane + n)};
                Winograd<M>::kernel(g, half + v, 3);
            }
#pragma GCC unroll 6
            for (int u = 0; u < TILE; u++) {
                Winograd<M>::kernel(half + u * 3, column, 1);
#pragma GCC unroll 6
                for (int v = 0; v < TILE; v++) store(target + (u * TILE + v) * plane + n, column[v]);
            }
        }
    });
}

}  // namespace

bool winograd_fits(const Conv& s) {
    return s.KH == 3 && s.KW == 3 && s.SH == 1 && s.SW == 1 && s.DH == 1 && s.DW == 1 && s.groups == 1 &&
           s.C % UNIT == 0 && s.C >= 2 * UNIT && s.O >= 2 * UNIT;
}

long winograd_packed_size(const Conv& s, int M) { return panel_count(s.O) * (M + 2) * (M + 2) * s.C * PANEL; }

void winograd_pack(const Conv& s, int M, const float* weight, float* packed) {
    M == 2 ? pack<2>(s, weight, packed) : pack<4>(s, weight, packed);
}

void winograd_sample(const Conv& s, const Finish& f, int M, const float* x, const float* packed, const float* bias,
                     float* y, uint8_t* passed) {
    if (M == 2) {
        const Tiling t = Tiling::of<2>(f);
        run_tiles<2>(s, f, t, x, packed, bias, y, passed, 0, t.rows);
    } else {
        const Tiling t = Tiling::of<4>(f);
        run_tiles<4>(s, f, t, x, packed, bias, y, passed, 0, t.rows);
    }
}

void winograd_run(const Conv& s, const Finish& f, int M, const float* x, const float* packed, const float* bias,
                  float* y, uint8_t* passed) {
    M == 2 ? run<2>(s, f, x, packed, bias, y, passed) : run<4>(s, f, x, packed, bias, y, passed);
}

PELLUCID_CLOSE
