// Arrays as rows: whole rows to a thread, and what is summed or compared along one.
#pragma once
#include "elementwise.hpp"

PELLUCID_OPEN

// f(begin, end) for pieces of `rows` rows, each of `numbers` numbers.
template <class F>
INLINE void for_rows(long rows, long numbers, F f) {
    const long at_once = max(1, PIECE / max(1, numbers)), pieces = (rows + at_once - 1) / at_once;
    parallel_for(pieces, [=](long piece) { f(piece * at_once, min(rows, (piece + 1) * at_once)); });
}

// Sixteen lanes run along a row whatever the width of a vector, so that the order of its sum is the same everywhere.
constexpr long CHAINS = 16;

// The sum of f(Lanes) for the K numbers of a row; f gives 0 in lanes beyond them.
template <class F>
INLINE float sum_row(long K, F f) {
    alignas(64) float chains[CHAINS];
    vf sum[CHAINS / WIDTH] = {};
    for (long k = 0; k < K; k += CHAINS)
#pragma GCC unroll 4
        for (long i = 0; i < CHAINS; i += WIDTH)
            if (k + i < K) sum[i / WIDTH] += f(Lanes{k + i, min(WIDTH, K - k - i)});
    for (long i = 0; i < CHAINS; i += WIDTH) store(chains + i, sum[i / WIDTH]);
    for (long half = CHAINS / 2; half; half /= 2)
        for (long i = 0; i < half; i++) chains[i] += chains[i + half];
    return chains[0];
}

// The largest number of a row.  It may pass over nan: the sum that follows does not.
INLINE float largest(const float* row, long K) {
    float lanes[WIDTH];
    vf top = splat(row[0]);
    for_each_in(0, K, [&](Lanes at) { top = at.inside() & (at.load(row) > top) ? at.load(row) : top; });
    store(lanes, top);
    for (long half = WIDTH / 2; half; half /= 2)
        for (long i = 0; i < half; i++) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    return lanes[0];
}

PELLUCID_CLOSE
