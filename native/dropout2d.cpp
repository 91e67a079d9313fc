// Twins of ops/dropout2d.py: a mask for each channel of each sample, then a product.
#include "dropout.hpp"
#include "kernels.hpp"
#include "rows.hpp"

PELLUCID_OPEN

namespace {

// y = x * mask * scale.  Channels are neighbours in memory if they come `last`, else pixels are.
void by_channel(const float* x, const uint8_t* mask, float* y, float scale, long N, long C, long P, bool last) {
    if (last)
        for_rows(N * P, C, [=](long begin, long end) {
            for (long row = begin; row < end; row++) {
                const uint8_t* kept = mask + row / P * C;
                for_each_in(0, C, [=](Lanes at) {
                    at.store(y + row * C, at.load(x + row * C) * load_mask(at, kept) * scale);
                });
            }
        });
    else
        for_rows(N * C, P, [=](long begin, long end) {
            for (long row = begin; row < end; row++) {
                const float kept = mask[row];
                for_each_in(0, P, [=](Lanes at) { at.store(y + row * P, at.load(x + row * P) * kept * scale); });
            }
        });
}

}  // namespace

void dropout2d_forward(const float* x, float* y, uint8_t* mask, Key key, uint64_t threshold, float scale, long N,
                       long C, long P, bool last) {
    vu lane;
    for (int i = 0; i < WIDTH; i++) lane[i] = i;
    for_each(N * C, [=](Lanes at) {
        store_mask(at, mask, kept_lanes(random_bits(lane + (uint32_t)at.first, key.bits), threshold));
    });
    by_channel(x, mask, y, scale, N, C, P, last);
}

void dropout2d_backward(const float* grad_y, const uint8_t* mask, float* grad_x, float scale, long N, long C, long P,
                        bool last) {
    by_channel(grad_y, mask, grad_x, scale, N, C, P, last);
}

PELLUCID_CLOSE
