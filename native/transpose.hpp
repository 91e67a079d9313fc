// Rows become columns, in blocks of 8 x 8 held in registers.
#pragma once
#include "simd.hpp"

PELLUCID_OPEN

typedef float v8 __attribute__((vector_size(32)));
typedef float v8_any __attribute__((vector_size(32), aligned(4), may_alias));

INLINE v8 load8(const float* p) { return *(const v8_any*)p; }
INLINE void store8(float* p, v8 v) { *(v8_any*)p = v; }

INLINE void transpose_block(const float* source, long source_stride, float* target, long target_stride) {
    v8 r[8], t[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) r[i] = load8(source + i * source_stride);
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            r[i + j] = __builtin_shufflevector(t[i + j], t[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            r[i + j + 2] = __builtin_shufflevector(t[i + j], t[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        store8(target + i * target_stride, __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
        store8(target + (i + 4) * target_stride, __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
    }
}

// target[j][i] = source[i][j] for i < rows, j < columns.
INLINE void transpose(const float* source, long source_stride, float* target, long target_stride, long rows,
                      long columns) {
    for (long i = 0; i < rows; i += 8)
        for (long j = 0; j < columns; j += 8) {
            const float* from = source + i * source_stride + j;
            float* to = target + j * target_stride + i;
            if (i + 8 <= rows && j + 8 <= columns) {
                transpose_block(from, source_stride, to, target_stride);
                continue;
            }
            for (long a = 0; a < min(8, rows - i); a++)
                for (long b = 0; b < min(8, columns - j); b++) to[b * target_stride + a] = from[a * source_stride + b];
        }
}

PELLUCID_CLOSE
