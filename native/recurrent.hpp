// What recurrent layers share.  The rows of a batch never meet, so a thread takes some rows through all steps.
#pragma once
#include "kernels.hpp"
#include "mathematics.hpp"
#include "parallel.hpp"
#include "product.hpp"

PELLUCID_OPEN

// f(first, count) for blocks of rows, as many for each thread.
template <class F>
INLINE void for_blocks(long N, F f) {
    const long threads = thread_count(), least = (N + ROWS - 1) / ROWS;
    const long blocks = min(N, round_up(least, threads));
    parallel_for(blocks, [=](long i) {
        const long first = i * N / blocks;
        f(first, (i + 1) * N / blocks - first);
    });
}

// f(k, lanes) for the vectors of H numbers.
template <class F>
INLINE void for_units(long H, F f) {
    for (long k = 0; k < H; k += WIDTH) f(k, min(WIDTH, H - k));
}

INLINE void copy_or_clear(float* target, const float* source, long count) {
    if (source) memcpy(target, source, count * sizeof(float));
    else memset(target, 0, count * sizeof(float));
}

// c (count, outputs) = a (count, depth) times panels [outputs / PANEL][depth][PANEL]; the last panel is written whole.
INLINE void rows_by_panels(long count, long depth, const float* a, long row, const float* panels, long outputs, float* c,
                           long c_stride) {
    long rows[ROWS];
    regular_rows(rows, ROWS, row);
    for (long panel = 0; panel < panel_count(outputs); panel++)
        for (long m = 0; m < count; m += ROWS)
            tiles(min(ROWS, count - m), panel_vectors(outputs, panel), Sum{1, depth, 0, 1, PANEL}, a + m * row, rows,
                  panels + panel * depth * PANEL, c + m * c_stride + panel * PANEL, c_stride, false);
}

// The products of all inputs with weight_ih, in `gates`; returns the panels of weight_hh, null where no state meets them.
INLINE const float* multiply_inputs(const Sequence& s, long parts, const float* x, const float* weight_ih,
                                    const float* weight_hh, const float* h0, float* gates) {
    const long G = parts * s.H;
    linear_forward(x, weight_ih, nullptr, gates, s.N * s.T, s.I, G, false);
    if (s.T < 2 && !h0) return nullptr;
    float* panels = scratch(PACKED, linear_packed_size(s.H, G));
    linear_pack(weight_hh, panels, s.H, G);
    return panels;
}

// weight (rows, columns), read as it lies, as panels [columns / PANEL][rows][PANEL].
INLINE void pack_panels(const float* weight, float* panels, long rows, long columns) {
    parallel_for(panel_count(columns), [=](long panel) {
        const long from = panel * PANEL;
        pack_columns(weight + from, columns, panels + rows * from, rows, min(PANEL, columns - from));
    });
}

PELLUCID_CLOSE
