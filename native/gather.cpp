// Twin of src/pellucid/data/transforms.py: images of bytes (C, H, W) become numbers, channels-last, by a table.
#include "kernels.hpp"
#include "rows.hpp"

PELLUCID_OPEN

void gather_normalize(const float* table, const uint8_t* images, const int64_t* indices, float* out, long N, long C,
                      long P) {
    for_rows(N, C * P, [=](long begin, long end) {
        for (long n = begin; n < end; n++) {
            const uint8_t* image = images + indices[n] * C * P;
            float* target = out + n * P * C;
            for (long c = 0; c < C; c++)
                for (long p = 0; p < P; p++) target[p * C + c] = table[image[c * P + p]];
        }
    });
}

PELLUCID_CLOSE
