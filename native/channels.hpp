// Vectors over the channels of one pixel: whole vectors first, then smaller ones, so that no lane lies beyond.
#pragma once
#include "simd.hpp"

PELLUCID_OPEN

template <int LANES>
struct Types {
    typedef float f __attribute__((vector_size(LANES * 4)));
    typedef int32_t i __attribute__((vector_size(LANES * 4)));
    typedef uint16_t h __attribute__((vector_size(LANES * 2)));
    typedef uint8_t b __attribute__((vector_size(LANES)));
};
template <>
struct Types<1> {
    typedef float f;
    typedef int32_t i;
    typedef uint16_t h;
    typedef uint8_t b;
};

template <int LANES>
struct Vector {
    using f = typename Types<LANES>::f;
    using i = typename Types<LANES>::i;
    using h = typename Types<LANES>::h;
    using b = typename Types<LANES>::b;

    static INLINE_MEMBER f load(const float* p) {
        f v;
        __builtin_memcpy(&v, p, sizeof v);
        return v;
    }
    static INLINE_MEMBER void store(float* p, f v) { __builtin_memcpy(p, &v, sizeof v); }
    static INLINE_MEMBER f zero() { return (f){}; }
    static INLINE_MEMBER i splat(int32_t s) { return s - (i){}; }

    // Whole numbers from and to 8, 16 or 32 bits.
    template <class To, class From>
    static INLINE_MEMBER To convert(From v) {
        if constexpr (LANES == 1) return (To)v;
        else return __builtin_convertvector(v, To);
    }
    static INLINE_MEMBER i load_index(const uint8_t* p) {
        b v;
        __builtin_memcpy(&v, p, sizeof v);
        return convert<i>(convert<h>(v));
    }
    static INLINE_MEMBER i load_index(const uint16_t* p) {
        h v;
        __builtin_memcpy(&v, p, sizeof v);
        return convert<i>(v);
    }
    static INLINE_MEMBER i load_index(const uint32_t* p) {
        i v;
        __builtin_memcpy(&v, p, sizeof v);
        return v;
    }
    static INLINE_MEMBER void store_index(uint8_t* p, i v) {
        if constexpr (LANES == WIDTH) {
            store_bytes(p, v);
        } else {
            b narrow = convert<b>(convert<h>(v));
            __builtin_memcpy(p, &narrow, sizeof narrow);
        }
    }
    static INLINE_MEMBER void store_index(uint16_t* p, i v) {
        h narrow = convert<h>(v);
        __builtin_memcpy(p, &narrow, sizeof narrow);
    }
    static INLINE_MEMBER void store_index(uint32_t* p, i v) { __builtin_memcpy(p, &v, sizeof v); }
};

// f(channel, Vector) until all C channels are done.
template <class F>
INLINE void for_channels(long C, F f) {
    long c = 0;
    for (; c + WIDTH <= C; c += WIDTH) f(c, Vector<WIDTH>());
    if constexpr (WIDTH > 8)
        for (; c + 8 <= C; c += 8) f(c, Vector<8>());
    if constexpr (WIDTH > 4)
        for (; c + 4 <= C; c += 4) f(c, Vector<4>());
    for (; c < C; c++) f(c, Vector<1>());
}

PELLUCID_CLOSE
