// log_softmax of one row; the loss takes it too.
#pragma once
#include "mathematics.hpp"
#include "rows.hpp"

PELLUCID_OPEN

// exp(v), and 0 in lanes beyond the row.
INLINE vf exp_inside(Lanes at, vf v) { return at.inside() ? exp(v) : zero(); }

INLINE void log_softmax_row(const float* x, float* y, long K) {
    const float top = largest(x, K);
    const float sum = sum_row(K, [=](Lanes at) { return exp_inside(at, at.load(x) - top); });
    const float rest = log(splat(sum))[0];
    for_each_in(0, K, [=](Lanes at) { at.store(y, at.load(x) - top - rest); });
}

PELLUCID_CLOSE
