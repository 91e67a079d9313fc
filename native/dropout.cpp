// Twins of ops/dropout.py.  Entry i of a mask is the hash of (key, i) that src/pellucid/_core/random.py states.
#include "elementwise.hpp"
#include "kernels.hpp"

PELLUCID_OPEN

namespace {

INLINE vu random_bits(vu i, uint64_t key) {
    vu x = i * 0x9E3779B9u + (uint32_t)key;
    x = (x ^ x >> 17) * 0xED5AD4BBu ^ (uint32_t)(key >> 32);
    x = (x ^ x >> 11) * 0xAC4C1B51u;
    x = (x ^ x >> 15) * 0x31848BABu;
    return x ^ x >> 14;
}

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

// Entries of a mask in the order of memory, (pixel, channel), while they are counted in the order (channel, pixel).
struct Count {
    vu channel, pixel;
    uint32_t channels, pixels;

    INLINE_MEMBER Count(long first, long C, long P) : channels((uint32_t)C), pixels((uint32_t)P) {
        for (int lane = 0; lane < WIDTH; lane++) {
            channel[lane] = (uint32_t)((first + lane) % C);
            pixel[lane] = (uint32_t)((first + lane) / C);
        }
    }
    INLINE_MEMBER vu entry() const { return channel * pixels + pixel; }
    INLINE_MEMBER void next() {
        channel += WIDTH % channels;
        pixel += WIDTH / channels;
        vu over = (vu)(channel >= channels);
        channel -= over & channels;
        pixel -= over;  // whose lanes are 0 or -1
    }
};

}  // namespace

void dropout_forward(const float* all_x, float* all_y, uint8_t* all_mask, uint64_t key, uint64_t threshold, float scale,
                     long N, long C, long P) {
    const long size = C * P, pieces = (size + PIECE - 1) / PIECE;
    const bool none = threshold >> 32;  // p = 1: above all entries
    const uint32_t least = (uint32_t)threshold;
    parallel_for(N * pieces, [=](long item) {
        const long n = item / pieces, begin = item % pieces * PIECE;
        const float* x = all_x + n * size;
        float* y = all_y + n * size;
        uint8_t* mask = all_mask + n * size;
        Count at_entry(begin, C, P);
        for_each_in(begin, min(size, begin + PIECE), [&](Lanes at) {
            vu bits = random_bits(at_entry.entry() + (uint32_t)(n * size), key);
            vi kept = none ? vi{} : (vi)(bits >= least) & 1;
            store_mask(at, mask, kept);
            at.store(y, at.load(x) * __builtin_convertvector(kept, vf) * scale);
            at_entry.next();
        });
    });
}

void dropout_backward(const float* grad_y, const uint8_t* mask, float* grad_x, float scale, long n) {
    for_each(n, [=](Lanes at) { at.store(grad_x, at.load(grad_y) * load_mask(at, mask) * scale); });
}

PELLUCID_CLOSE
