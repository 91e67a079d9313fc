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

template <int LANES>
struct Vector {
    using f = typename Types<LANES>::f;
    using i = typename Types<LANES>::i;
    using h = typename Types<LANES>::h;
    using b = typename Types<LANES>::b;

    template <class T>
    static INLINE_MEMBER T read(const void* p) {
        T v;
        __builtin_memcpy(&v, p, sizeof v);
        return v;
    }

    static INLINE_MEMBER f load(const float* p) { return read<f>(p); }
    static INLINE_MEMBER void store(float* p, f v) { __builtin_memcpy(p, &v, sizeof v); }
    static INLINE_MEMBER f zero() { return (f){}; }
    static INLINE_MEMBER i splat(int32_t s) { return s - (i){}; }

    // Whole numbers from and to 8, 16 or 32 bits.
    static INLINE_MEMBER i load_index(const uint8_t* p) {
        return __builtin_convertvector(__builtin_convertvector(read<b>(p), h), i);
    }
    static INLINE_MEMBER i load_index(const uint16_t* p) { return __builtin_convertvector(read<h>(p), i); }
    static INLINE_MEMBER i load_index(const uint32_t* p) { return read<i>(p); }
    static INLINE_MEMBER void store_index(uint8_t* p, i v) {
        if constexpr (LANES == WIDTH) {
            store_bytes(p, v);
        } else {
            b narrow = __builtin_convertvector(__builtin_convertvector(v, h), b);
            __builtin_memcpy(p, &narrow, sizeof narrow);
        }
    }
    static INLINE_MEMBER void store_index(uint16_t* p, i v) {
        h narrow = __builtin_convertvector(v, h);
        __builtin_memcpy(p, &narrow, sizeof narrow);
    }
    static INLINE_MEMBER void store_index(uint32_t* p, i v) { __builtin_memcpy(p, &v, sizeof v); }
};

// One channel, as the first lane of four: a choice between two lanes is no branch, one between two numbers may be.
template <>
struct Vector<1> {
    using f = Types<4>::f;
    using i = Types<4>::i;

    static INLINE_MEMBER f load(const float* p) { return f{*p}; }
    static INLINE_MEMBER void store(float* p, f v) { *p = v[0]; }
    static INLINE_MEMBER f zero() { return (f){}; }
    static INLINE_MEMBER i splat(int32_t s) { return s - (i){}; }
    template <class Index>
    static INLINE_MEMBER i load_index(const Index* p) {
        return i{(int32_t)*p};
    }
    template <class Index>
    static INLINE_MEMBER void store_index(Index* p, i v) {
        *p = (Index)v[0];
    }
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
