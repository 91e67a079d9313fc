// Masks of bytes, for the kinds of dropout.
#pragma once
#include "elementwise.hpp"
#include "randomness.hpp"

PELLUCID_OPEN

INLINE void store_mask(Lanes at, uint8_t* mask, vi kept) {
    if (at.count == WIDTH) return store_bytes(mask + at.first, kept);
    alignas(64) uint8_t bytes[WIDTH];
    store_bytes(bytes, kept);
    memcpy(mask + at.first, bytes, at.count);
}

INLINE vf load_mask(Lanes at, const uint8_t* mask) {
    alignas(64) uint8_t bytes[WIDTH] = {};
    if (at.count < WIDTH) memcpy(bytes, mask + at.first, at.count);
    return __builtin_convertvector(load_bytes(at.count == WIDTH ? mask + at.first : bytes), vf);
}

// Whether the entries with these bits stay; `threshold` is p * 2**32, and with p = 1 no entry is large enough.
INLINE vi kept_lanes(vu bits, uint64_t threshold) { return (vi)(bits >= (uint32_t)threshold) & (threshold >> 32 ? 0 : 1); }

PELLUCID_CLOSE
