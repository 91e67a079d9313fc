// Loops over arrays of one shape: each number by itself, a vector at a time, large arrays in pieces on all threads.
#pragma once
#include "parallel.hpp"
#include "simd.hpp"

PELLUCID_OPEN

constexpr long PIECE = 1 << 14;  // numbers of work that is worth a thread

// A vector's place in the arrays of a loop: from number `first` on, `count` of its lanes lie inside.
struct Lanes {
    long first, count;

    INLINE_MEMBER vf load(const float* p) const {
        return count == WIDTH ? PELLUCID_ISA::load(p + first) : load_part(p + first, count);
    }
    INLINE_MEMBER void store(float* p, vf v) const {
        if (count == WIDTH) PELLUCID_ISA::store(p + first, v);
        else store_part(p + first, v, count);
    }
};

template <class F>
INLINE void for_each_in(long begin, long end, F f) {
    long i = begin;
    for (; i + WIDTH <= end; i += WIDTH) f(Lanes{i, WIDTH});
    if (i < end) f(Lanes{i, end - i});
}

// f(Lanes) for all of n numbers.
template <class F>
INLINE void for_each(long n, F f) {
    const long pieces = (n + PIECE - 1) / PIECE;
    parallel_for(pieces, [=](long i) { for_each_in(i * n / pieces, (i + 1) * n / pieces, f); });
}

PELLUCID_CLOSE
