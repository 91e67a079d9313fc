// The most that this processor can do: fused multiply-adds that touch no memory.  Benchmarks compare with it.
#include "kernels.hpp"
#include "parallel.hpp"
#include "simd.hpp"

PELLUCID_OPEN

void fma_peak(float* sums, long items, long madds) {
    constexpr int CHAINS = 12;  // at least ports times latency, with two registers to spare on the older sets
    parallel_for(items, [=](long item) {
        const vf x = splat(0.999f), y = splat(0.001f);
        vf acc[CHAINS];
        for (int c = 0; c < CHAINS; c++) acc[c] = splat((float)c);  // alike, they would become one chain
        for (long i = 0; i < madds; i += CHAINS * WIDTH)
#pragma GCC unroll 12
            for (int c = 0; c < CHAINS; c++) acc[c] = madd(acc[c], x, y);
        vf sum = zero();
        for (int c = 0; c < CHAINS; c++) sum += acc[c];
        sums[item] = sum[0];
    });
}

PELLUCID_CLOSE
