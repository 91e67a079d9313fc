// Vectors of float, written once for every instruction set.  Lanes always hold different outputs, so the width of a
// vector changes no bit; madd() is the only fused multiply-add.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define PELLUCID_WIDTH 16
#elif defined(__AVX__)
#define PELLUCID_WIDTH 8
#else
#define PELLUCID_WIDTH 4
#endif

#define PELLUCID_OPEN namespace pellucid { namespace PELLUCID_ISA {
#define PELLUCID_CLOSE } }
#define INLINE static inline __attribute__((always_inline))
#define INLINE_MEMBER inline __attribute__((always_inline))

PELLUCID_OPEN

constexpr int WIDTH = PELLUCID_WIDTH;  // floats in a vector

typedef float vf __attribute__((vector_size(WIDTH * 4)));
typedef int32_t vi __attribute__((vector_size(WIDTH * 4)));
typedef uint32_t vu __attribute__((vector_size(WIDTH * 4)));
typedef uint8_t vb __attribute__((vector_size(WIDTH)));
typedef float vf_any __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef uint8_t vb_any __attribute__((vector_size(WIDTH), aligned(1), may_alias));

INLINE vf load(const float* p) { return *(const vf_any*)p; }
INLINE void store(float* p, vf v) { *(vf_any*)p = v; }
INLINE vf splat(float s) { return s - (vf){}; }
INLINE vi splat_int(int32_t s) { return s - (vi){}; }
INLINE vf zero() { return (vf){}; }
INLINE vf larger(vf a, vf b) { return a > b ? a : b; }

INLINE vi load_bytes(const uint8_t* p) { return __builtin_convertvector(*(const vb_any*)p, vi); }
INLINE void store_bytes(uint8_t* p, vi v) { *(vb_any*)p = __builtin_convertvector(v, vb); }

// a * b + c, rounded once; compiles to one instruction.
INLINE vf madd(vf a, vf b, vf c) {
    vf r;
    for (int i = 0; i < WIDTH; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return r;
}
INLINE float madd(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

// The same for vectors of any length.
template <class T>
INLINE T load_as(const float* p) {
    T v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
INLINE void store_as(float* p, T v) { __builtin_memcpy(p, &v, sizeof v); }
template <class T>
INLINE T madd_as(T a, T b, T c) {
    T r;
    for (unsigned i = 0; i < sizeof(T) / sizeof(float); i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return r;
}

// The first `count` lanes (fewer than a vector) from memory and back; the others are 0 and stay unread.
INLINE vf load_part(const float* p, long count) {
    vf v = {};
    __builtin_memcpy(&v, p, count * sizeof(float));
    return v;
}
INLINE void store_part(float* p, vf v, long count) { __builtin_memcpy(p, &v, count * sizeof(float)); }

// The same for counts that are mostly whole vectors.
INLINE vf load_lanes(const float* p, long count) { return count == WIDTH ? load(p) : load_part(p, count); }
INLINE void store_lanes(float* p, vf v, long count) {
    if (count == WIDTH) store(p, v);
    else store_part(p, v, count);
}
INLINE vi load_byte_lanes(const uint8_t* p, long count) {
    if (count == WIDTH) return load_bytes(p);
    uint8_t bytes[WIDTH] = {};
    __builtin_memcpy(bytes, p, count);
    return load_bytes(bytes);
}
INLINE void store_byte_lanes(uint8_t* p, vi v, long count) {
    if (count == WIDTH) return store_bytes(p, v);
    uint8_t bytes[WIDTH];
    store_bytes(bytes, v);
    __builtin_memcpy(p, bytes, count);
}

INLINE long min(long a, long b) { return a < b ? a : b; }
INLINE long max(long a, long b) { return a > b ? a : b; }
INLINE long round_up(long n, long unit) { return (n + unit - 1) / unit * unit; }

// A number as a type, to hand it to a template by an argument.
template <auto V>
struct Constant {
    static constexpr auto value = V;
};

PELLUCID_CLOSE
