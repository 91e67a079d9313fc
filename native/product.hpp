// Panels of a matrix, the second factor of products in linear and the recurrent layers.
#pragma once
#include "gemm.hpp"

PELLUCID_OPEN

// linear_run without `skipped` panels of outputs, from number `unwanted` on; what lies there in y stays.
void linear_run_without(const float* x, const float* packed, const float* bias, float* y, long N, long I, long O,
                        bool relu, long unwanted, long skipped);

constexpr long DEPTH = 256;  // products between two visits of a tile to memory: its share of b stays in the cache

// Copies `columns` (at most PANEL) numbers of each of `rows` rows; target rows are PANEL apart.
INLINE void pack_columns(const float* source, long stride, float* target, long rows, long columns) {
    for (long r = 0; r < rows; r++, source += stride, target += PANEL) {
        if (columns == PANEL) {
            store(target, load(source));
            store(target + WIDTH, load(source + WIDTH));
        } else {
            memset(target, 0, PANEL * sizeof(float));
            memcpy(target, source, columns * sizeof(float));
        }
    }
}

PELLUCID_CLOSE
