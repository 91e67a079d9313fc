// Arrays as rows: whole rows to a thread; and rows as lanes, for what is summed or compared along each.
#pragma once
#include "elementwise.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

// f(begin, end) for pieces of `rows` rows, each of `numbers` numbers.
template <class F>
INLINE void for_rows(long rows, long numbers, F f) {
    const long at_once = round_up(max(1, PIECE / max(1, numbers)), WIDTH), pieces = (rows + at_once - 1) / at_once;
    parallel_for(pieces, [=](long piece) { f(piece * at_once, min(rows, (piece + 1) * at_once)); });
}

// As many rows as a vector has lanes, turned over: number k of all of them is one vector.
struct Columns {
    float* data;
    long K;

    INLINE_MEMBER vf operator[](long k) const { return PELLUCID_ISA::load(data + k * WIDTH); }
    INLINE_MEMBER void set(long k, vf v) const { PELLUCID_ISA::store(data + k * WIDTH, v); }

    INLINE_MEMBER void read(const float* rows, long count) const {
        if (count < WIDTH) memset(data, 0, K * WIDTH * sizeof(float));
        transpose(rows, K, data, WIDTH, count, K);
    }
    INLINE_MEMBER void write(float* rows, long count) const { transpose(data, WIDTH, rows, K, K, count); }
};

// f(n, count, columns, more) for the rows from n on, `count` of them; columns and more are room for them.
template <class F>
INLINE void for_columns(long N, long K, F f) {
    for_rows(N, K, [=](long begin, long end) {
        float* room = scratch(LOCAL, 2 * K * WIDTH);
        for (long n = begin; n < end; n += WIDTH) f(n, min(WIDTH, end - n), Columns{room, K}, Columns{room + K * WIDTH, K});
    });
}

// The sum of f(k) for k < K.  Sums of 64 are added to the sum: a long row loses less by rounding.
template <class F>
INLINE vf sum_columns(long K, F f) {
    vf sum = zero();
    for (long k = 0; k < K; k += 64) {
        vf part = zero();
        for (long i = k; i < min(K, k + 64); i++) part += f(i);
        sum += part;
    }
    return sum;
}

PELLUCID_CLOSE
