// Sums of floats in float64, in an order that depends on their count alone: sixteen chains whatever the width of a
// vector, added in pairs at the end.
#pragma once
#include "elementwise.hpp"

PELLUCID_OPEN

constexpr long CHAINS = 16, HALF = WIDTH / 2;

typedef float vf_half __attribute__((vector_size(HALF * 4)));
typedef double vd __attribute__((vector_size(HALF * 8)));

// sums[i] += v[i].
INLINE void add_lanes(double* sums, vf v) {
    vf_half parts[2];
    memcpy(parts, &v, sizeof parts);
    for (long i = 0; i < 2; i++) {
        vd sum;
        memcpy(&sum, sums + i * HALF, sizeof sum);
        sum += __builtin_convertvector(parts[i], vd);
        memcpy(sums + i * HALF, &sum, sizeof sum);
    }
}

INLINE vf first_lanes_of(vf v, long count) {
    float lanes[WIDTH] = {};
    store_part(lanes, v, count);
    return load(lanes);
}

// The sum of the lanes of f(Lanes) from number `begin` to `end`.
template <class F>
INLINE double sum_of(long begin, long end, F f) {
    double chains[CHAINS] = {};
    for (long i = begin; i < end; i += CHAINS)
        for (long part = 0; part < CHAINS; part += WIDTH) {
            const long count = min(WIDTH, end - i - part);
            if (count <= 0) break;
            const vf v = f(Lanes{i + part, count});
            add_lanes(chains + part, count == WIDTH ? v : first_lanes_of(v, count));
        }
    for (long half = CHAINS / 2; half; half /= 2)
        for (long i = 0; i < half; i++) chains[i] += chains[i + half];
    return chains[0];
}

// f(n) for all of N rows of M numbers; small ones go to a thread together.
template <class F>
INLINE void for_each_row(long N, long M, F f) {
    const long at_once = max(1, PIECE / max(1, M)), pieces = (N + at_once - 1) / at_once;
    parallel_for(pieces, [=](long piece) {
        for (long n = piece * at_once; n < min(N, (piece + 1) * at_once); n++) f(n);
    });
}

// A number in two floats: x - high - low is right to the last digits where x comes near it.
struct Twofold {
    float high, low;

    INLINE_MEMBER explicit Twofold(double value) : high((float)value), low((float)(value - (double)(float)value)) {}
    INLINE_MEMBER vf from(vf x) const { return x - high - low; }
};

PELLUCID_CLOSE
