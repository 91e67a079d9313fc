// Vectors of float, written once for every instruction set.  Lanes always hold different outputs, so the width of a
// vector changes no bit; madd() is the only fused multiply-add.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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
typedef int32_t vi_any __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
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

// a * b + c, rounded once: one instruction.  It is named, since GCC takes a loop over lanes apart where an operand may
// come from load_part.
INLINE vf madd(vf a, vf b, vf c) {
#if defined(__AVX512F__)
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX__)
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    vf r;
    for (int i = 0; i < WIDTH; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return r;
#endif
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

// The first `count` lanes (fewer than a vector) from memory and back; the others are 0, and their memory is not touched.
// These have no counterpart among the vector extensions, so here alone the instructions are named.
#if defined(__AVX512F__)
INLINE vf load_part(const float* p, long count) { return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p); }
INLINE void store_part(float* p, vf v, long count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}
INLINE vi load_byte_part(const uint8_t* p, long count) {
    return (vi)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), p));
}
INLINE void store_byte_part(uint8_t* p, vi v, long count) {
    _mm_mask_storeu_epi8(p, (__mmask16)((1u << count) - 1), _mm512_cvtepi32_epi8((__m512i)v));
}
// The first `count` lanes from p + at, the others 0; of bytes three more are read behind each.
INLINE vi gather_words(const void* p, vi at, long count) {
    const __mmask16 mask = (__mmask16)((1u << count) - 1);
    return (vi)_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask, (__m512i)at, p, 1);
}
INLINE vi gather(const int32_t* p, vi at, long count) { return gather_words(p, at * 4, count); }
INLINE vf gather(const float* p, vi at, long count) { return (vf)gather_words(p, at * 4, count); }
INLINE vi gather_bytes(const uint8_t* p, vi at, long count) { return gather_words(p, at, count) & 255; }
INLINE vi permute(vi table, vi at) { return (vi)_mm512_permutexvar_epi32((__m512i)at, (__m512i)table); }

// The lanes that `keep` marks, moved together; returns how many, but writes as much as a vector.
INLINE long store_kept(int32_t* p, vi v, vi keep) {
    const __mmask16 mask = _mm512_movepi32_mask((__m512i)keep);
    *(vi_any*)p = (vi)_mm512_maskz_compress_epi32(mask, (__m512i)v);
    return __builtin_popcount(mask);
}
INLINE long store_kept(float* p, vf v, vi keep) { return store_kept((int32_t*)p, (vi)v, keep); }
#else
#if defined(__AVX__)
INLINE __m256i first_lanes(long count) {
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return (__m256i)(lane < (int32_t)count);
}
INLINE vf load_part(const float* p, long count) { return (vf)_mm256_maskload_ps(p, first_lanes(count)); }
INLINE void store_part(float* p, vf v, long count) { _mm256_maskstore_ps(p, first_lanes(count), (__m256)v); }
#else
INLINE vf load_part(const float* p, long count) {
    vf v = {};
    __builtin_memcpy(&v, p, count * sizeof(float));
    return v;
}
INLINE void store_part(float* p, vf v, long count) { __builtin_memcpy(p, &v, count * sizeof(float)); }
#endif
INLINE vi load_byte_part(const uint8_t* p, long count) {
    uint8_t bytes[WIDTH] = {};
    for (long i = 0; i < count; i++) bytes[i] = p[i];
    return load_bytes(bytes);
}
INLINE void store_byte_part(uint8_t* p, vi v, long count) {
    uint8_t bytes[WIDTH];
    store_bytes(bytes, v);
    for (long i = 0; i < count; i++) p[i] = bytes[i];
}
#endif

// A bit for each lane: whether its highest bit is set.
INLINE uint32_t mask_bits(vi v) {
#if defined(__AVX512F__)
    return (uint32_t)_mm512_movepi32_mask((__m512i)v);
#elif defined(__AVX__)
    return (uint32_t)_mm256_movemask_ps((__m256)v);
#else
    uint32_t bits = 0;
    for (int i = 0; i < WIDTH; i++) bits |= (uint32_t)(v[i] < 0) << i;
    return bits;
#endif
}

// The same for counts that are mostly whole vectors.
INLINE vf load_lanes(const float* p, long count) { return count == WIDTH ? load(p) : load_part(p, count); }
INLINE void store_lanes(float* p, vf v, long count) {
    if (count == WIDTH) store(p, v);
    else store_part(p, v, count);
}
INLINE vi load_byte_lanes(const uint8_t* p, long count) {
    return count == WIDTH ? load_bytes(p) : load_byte_part(p, count);
}
INLINE void store_byte_lanes(uint8_t* p, vi v, long count) {
    if (count == WIDTH) store_bytes(p, v);
    else store_byte_part(p, v, count);
}

// A pointer that GCC does not put together with others: it would compute the address of each vector of a row anew.
INLINE const float* row_pointer(const float* p) {
    __asm__("" : "+r"(p));
    return p;
}
INLINE float* row_pointer(float* p) { return (float*)row_pointer((const float*)p); }

INLINE long min(long a, long b) { return a < b ? a : b; }
INLINE long max(long a, long b) { return a > b ? a : b; }
INLINE long round_up(long n, long unit) { return (n + unit - 1) / unit * unit; }

// A number as a type, to hand it to a template by an argument.
template <auto V>
struct Constant {
    static constexpr auto value = V;
};

PELLUCID_CLOSE
