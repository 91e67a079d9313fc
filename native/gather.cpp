// Twin of src/pellucid/data/transforms.py: images of bytes (C, H, W) become numbers, channels-last, by a table.
#include "kernels.hpp"
#include "parallel.hpp"
#include "simd.hpp"

PELLUCID_OPEN

void gather_normalize(const float* table, const uint8_t* images, const int64_t* indices, float* out, long N, long C,
                      long P) {
    constexpr long AT_ONCE = 8;  // samples
    parallel_for((N + AT_ONCE - 1) / AT_ONCE, [=](long item) {
        for (long n = item * AT_ONCE; n < min(N, (item + 1) * AT_ONCE); n++) {
            const uint8_t* image = images + indices[n] * C * P;
            float* target = out + n * P * C;
            for (long c = 0; c < C; c++)
                for (long p = 0; p < P; p++) target[p * C + c] = table[image[c * P + p]];
        }
    });
}

PELLUCID_CLOSE
