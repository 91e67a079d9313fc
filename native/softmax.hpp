// log_softmax of rows turned into columns; the loss takes it too.
#pragma once
#include "mathematics.hpp"
#include "rows.hpp"

PELLUCID_OPEN

// The largest number of each row.  It may pass over nan: the sum that follows does not.
INLINE vf largest(Columns x) {
    vf top = x[0];
    for (long k = 1; k < x.K; k++) top = larger(x[k], top);
    return top;
}

INLINE void log_softmax_columns(Columns x) {
    const vf top = largest(x);
    const vf rest = log(sum_columns(x.K, [=](long k) { return exp(x[k] - top); }));
    for (long k = 0; k < x.K; k++) x.set(k, x[k] - top - rest);
}

PELLUCID_CLOSE
