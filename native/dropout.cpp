// Twins of ops/dropout.py.  Entry i of a mask is that of its key, see randomness.hpp.
#include "dropout.hpp"
#include "kernels.hpp"

PELLUCID_OPEN

namespace {

// Numbers of the entries of a mask, counted in the order (channel, pixel) while memory goes by (pixel, channel).
struct Entries {
    vu entry, channel;
    uint32_t channels, pixels;

    INLINE_MEMBER Entries(long first, long C, long P) : channels((uint32_t)C), pixels((uint32_t)P) {
        for (int lane = 0; lane < WIDTH; lane++) {
            const uint32_t place = (uint32_t)(first + lane), pixel = place / channels;
            channel[lane] = place - pixel * channels;
            entry[lane] = channel[lane] * pixels + pixel;
        }
    }
    INLINE_MEMBER void next() {
        channel += WIDTH % channels;
        entry += WIDTH % channels * pixels + WIDTH / channels;
        vi over = channel >= channels;  // then one pixel more, all channels less
        channel = over ? channel - channels : channel;
        entry = over ? entry - (channels * pixels - 1) : entry;
    }
};

}  // namespace

void dropout_forward(const float* all_x, float* all_y, uint8_t* all_mask, Key key, uint64_t threshold, float scale,
                     long N, long C, long P) {
    const long size = C * P, pieces = (size + PIECE - 1) / PIECE;
    parallel_for(N * pieces, [=](long item) {
        const long n = item / pieces, begin = item % pieces * PIECE;
        const float* x = all_x + n * size;
        float* y = all_y + n * size;
        uint8_t* mask = all_mask + n * size;
        Entries entries(begin, C, P);
        for_each_in(begin, min(size, begin + PIECE), [=, &entries](Lanes at) {
            vi kept = kept_lanes(random_bits(entries.entry + (uint32_t)(n * size), key.bits), threshold);
            store_mask(at, mask, kept);
            at.store(y, at.load(x) * __builtin_convertvector(kept, vf) * scale);
            entries.next();
        });
    });
}

void dropout_backward(const float* grad_y, const uint8_t* mask, float* grad_x, float scale, long n) {
    for_each(n, [=](Lanes at) { at.store(grad_x, at.load(grad_y) * load_mask(at, mask) * scale); });
}

PELLUCID_CLOSE
