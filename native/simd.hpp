// Vectors of float, written once for every instruction set.  Lanes always hold different outputs, so the width of a
// vector changes no bit; madd() is the only fused multiply-add.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define PELLUCID_WIDTH 16
#define PELLUCID_LOW_BYTES 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60
#elif defined(__AVX__)
#define PELLUCID_WIDTH 8
#define PELLUCID_LOW_BYTES 0, 4, 8, 12, 16, 20, 24, 28
#else
#define PELLUCID_WIDTH 4
#define PELLUCID_LOW_BYTES 0, 4, 8, 12
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
typedef uint16_t vh __attribute__((vector_size(WIDTH * 2)));
typedef uint8_t vb4 __attribute__((vector_size(WIDTH * 4)));
typedef float vf_any __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef uint8_t vb_any __attribute__((vector_size(WIDTH), aligned(1), may_alias));

INLINE vf load(const float* p) { return *(const vf_any*)p; }
INLINE void store(float* p, vf v) { *(vf_any*)p = v; }
INLINE vf splat(float s) { return s - (vf){}; }
INLINE vi splat_int(int32_t s) { return s - (vi){}; }
INLINE vf zero() { return (vf){}; }
INLINE vf larger(vf a, vf b) { return a > b ? a : b; }

// By way of 16 bits, and as a shuffle: GCC takes the direct conversions apart, lane by lane.
INLINE vi load_bytes(const uint8_t* p) {
    return __builtin_convertvector(__builtin_convertvector(*(const vb_any*)p, vh), vi);
}
INLINE void store_bytes(uint8_t* p, vi v) { *(vb_any*)p = __builtin_shufflevector((vb4)v, (vb4)v, PELLUCID_LOW_BYTES); }

// a * b + c, rounded once; compiles to one instruction.
INLINE vf madd(vf a, vf b, vf c) {
    vf r;
    for (int i = 0; i < WIDTH; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return r;
}
INLINE float madd(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

// The first `count` lanes (fewer than a vector) from memory and back; the others are 0 and stay unread.
INLINE vf load_part(const float* p, long count) {
    vf v = {};
    __builtin_memcpy(&v, p, count * sizeof(float));
    return v;
}
INLINE void store_part(float* p, vf v, long count) { __builtin_memcpy(p, &v, count * sizeof(float)); }

INLINE long min(long a, long b) { return a < b ? a : b; }
INLINE long max(long a, long b) { return a > b ? a : b; }
INLINE long round_up(long n, long unit) { return (n + unit - 1) / unit * unit; }

PELLUCID_CLOSE
