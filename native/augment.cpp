// Twins of src/pellucid/data/_resample.py and _noise.py: images on a bent grid, smooth random fields, noise.
#include "kernels.hpp"
#include "mathematics.hpp"
#include "parallel.hpp"
#include "randomness.hpp"

PELLUCID_OPEN

namespace {

// From -1 to 1 without the ends: 2**23 numbers, all of them exact.
INLINE vf symmetric(vu bits) {
    vi odd = (vi)(bits >> 9) * 2 + 1;
    return __builtin_convertvector(odd, vf) * 1.1920928955078125e-7f - 1.0f;
}

// The inverse error function of Giles (2010): relative error about 1e-6.
INLINE vf inverse_erf(vf x) {
    const vf w = -log((1.0f - x) * (1.0f + x)), near = w - 2.5f, far = root(w) - 3.0f;
    vf p = splat(2.81022636e-08f), q = splat(-0.000200214257f);
    p = p * near + 3.43273939e-07f;
    p = p * near + -3.5233877e-06f;
    p = p * near + -4.39150654e-06f;
    p = p * near + 0.00021858087f;
    p = p * near + -0.00125372503f;
    p = p * near + -0.00417768164f;
    p = p * near + 0.246640727f;
    p = p * near + 1.50140941f;
    q = q * far + 0.000100950558f;
    q = q * far + 0.00134934322f;
    q = q * far + -0.00367342844f;
    q = q * far + 0.00573950773f;
    q = q * far + -0.0076224613f;
    q = q * far + 0.00943887047f;
    q = q * far + 1.00167406f;
    q = q * far + 2.83297682f;
    return (w < 5.0f ? p : q) * x;
}

INLINE vu lanes_from(long first) {
    vu lane;
    for (int i = 0; i < WIDTH; i++) lane[i] = (uint32_t)(first + i);
    return lane;
}

// target[0 .. W) += weight * source[0 .. W)
INLINE void add_row(float* target, const float* source, float weight, long W) {
    for (long j = 0; j < W; j += WIDTH) {
        const long count = min(WIDTH, W - j);
        store_lanes(target + j, load_lanes(target + j, count) + weight * load_lanes(source + j, count), count);
    }
}

}  // namespace

void smooth_field(const float* taps, const uint64_t* keys, float* fields, long N, long H, long W, long radius) {
    parallel_for(N * 2, [=](long item) {
        const long n = item / 2, plane = item % 2, wide = W + 2 * radius;
        float* field = fields + item * H * W;
        float* noise = scratch(LOCAL, wide + H * W + WIDTH);  // a row with zeros on either side, then all rows
        float* rows = noise + wide;
        for (long j = 0; j < wide; j++) noise[j] = 0;
        for (long i = 0; i < H; i++) {
            for (long j = 0; j < W; j += WIDTH) {
                const vu entry = lanes_from((plane * H + i) * W + j);
                store_lanes(noise + radius + j, symmetric(random_bits(entry, keys[n])), min(WIDTH, W - j));
            }
            float* row = rows + i * W;
            for (long j = 0; j < W; j += WIDTH) {
                const long count = min(WIDTH, W - j);
                vf sum = zero();
                for (long k = 0; k <= 2 * radius; k++) sum += taps[k] * load_lanes(noise + j + k, count);
                store_lanes(row + j, sum, count);
            }
        }
        for (long i = 0; i < H; i++) {
            float* row = field + i * W;
            for (long j = 0; j < W; j++) row[j] = 0;
            for (long k = max(0, i - radius); k < min(H, i + radius + 1); k++)
                add_row(row, rows + k * W, taps[k - i + radius], W);
        }
    });
}

// Image axes lie as `channel` and `pixel` say, in numbers: K planes of H rows of W pixels.
void resample(const float* x, const float* matrices, const float* fields, float* y, long N, long K, long H, long W,
              long channel, long pixel) {
    const float bottom = (float)(H - 1), right = (float)(W - 1);
    parallel_for(N, [=](long n) {
        const float* m = matrices + n * 6;
        const float* image = x + n * K * H * W;
        float* target = y + n * K * H * W;
        for (long i = 0; i < H; i++)
            for (long j = 0; j < W; j += WIDTH) {
                const long count = min(WIDTH, W - j);
                vf row = splat((float)i), column = __builtin_convertvector((vi)lanes_from(j), vf);
                if (fields) {
                    const float* field = fields + (n * 2 * H + i) * W + j;
                    row += load_lanes(field, count);
                    column += load_lanes(field + H * W, count);
                }
                vf r = m[0] * row + m[1] * column + m[2], c = m[3] * row + m[4] * column + m[5];
                r = r > 0.0f ? r : zero();  // beyond the edge its nearest pixel counts
                r = r > bottom ? splat(bottom) : r;
                c = c > 0.0f ? c : zero();
                c = c > right ? splat(right) : c;
                const vi top = __builtin_convertvector(r, vi), left = __builtin_convertvector(c, vi);
                const vf low = r - __builtin_convertvector(top, vf), far = c - __builtin_convertvector(left, vf);
                for (long lane = 0; lane < count; lane++) {
                    const long down = top[lane] + 1 < H ? W * pixel : 0, next = left[lane] + 1 < W ? pixel : 0;
                    const float* corner = image + (top[lane] * W + left[lane]) * pixel;
                    const float v = low[lane], h = far[lane];
                    float* out = target + (i * W + j + lane) * pixel;
                    for (long k = 0; k < K; k++, corner += channel, out += channel) {
                        const float above = corner[0] + h * (corner[next] - corner[0]);
                        const float below = corner[down] + h * (corner[down + next] - corner[down]);
                        *out = above + v * (below - above);
                    }
                }
            }
    });
}

void add_noise(float* x, const uint64_t* keys, float deviation, long N, long size) {
    const float scale = deviation * 1.41421356f;
    parallel_for(N, [=](long n) {
        float* row = x + n * size;
        for (long i = 0; i < size; i += WIDTH) {
            const long count = min(WIDTH, size - i);
            const vf normal = inverse_erf(symmetric(random_bits(lanes_from(i), keys[n])));
            store_lanes(row + i, load_lanes(row + i, count) + scale * normal, count);
        }
    });
}

PELLUCID_CLOSE
