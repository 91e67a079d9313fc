// Entry i of a key's random numbers: the hash of (key, i) that src/pellucid/_core/random.py states.
#pragma once
#include "simd.hpp"

PELLUCID_OPEN

INLINE vu random_bits(vu i, uint64_t key) {
    vu x = i * 0x9E3779B9u + (uint32_t)key;
    x = (x ^ x >> 17) * 0xED5AD4BBu ^ (uint32_t)(key >> 32);
    x = (x ^ x >> 11) * 0xAC4C1B51u;
    x = (x ^ x >> 15) * 0x31848BABu;
    return x ^ x >> 14;
}

PELLUCID_CLOSE
