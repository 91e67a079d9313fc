// What follows a convolution while its outputs are still in the cache: bias, ReLU, pooling.
#include "conv2d.hpp"

PELLUCID_OPEN

namespace {

// The sizes of a window, known to the compiler for the commonest one.
template <long KH_, long KW_>
struct Fixed {
    static constexpr long KH = KH_, KW = KW_;
};
struct Any {
    long KH, KW;
};

struct Pixel {
    vf value;
    vi passed;
};

// nan wins over everything and is kept by ReLU, so that it reaches the loss.
template <bool RELU, class K>
INLINE Pixel max_window(const K& k, const float* at, long row_step, long step, vf bias) {
    vf best = load(at);
    vi index = {};
    for (long u = 0, tap = 0; u < k.KH; u++)
        for (long v = 0; v < k.KW; v++, tap++) {
            if (!tap) continue;
            vf value = load(at + u * row_step + v * step);
            vi greater = (value > best) | (value != value);
            best = greater ? value : best;
            index = greater ? splat_int((int)tap) : index;
        }
    best += bias;
    if (RELU) {
        vi closed = best <= 0.0f;
        best = closed ? zero() : best;
        index = closed ? splat_int((int)(k.KH * k.KW)) : index;
    }
    return {best, index};
}

template <bool RELU, class K>
INLINE Pixel mean_window(const K& k, const float* at, long row_step, long step, vf bias) {
    vf sum = {};
    vi open = {};
    for (long u = 0, tap = 0; u < k.KH; u++)
        for (long v = 0; v < k.KW; v++, tap++) {
            vf value = load(at + u * row_step + v * step) + bias;
            if (RELU) {
                vi closed = value <= 0.0f;
                value = closed ? zero() : value;
                open |= closed ? (vi){} : splat_int(1 << tap);
            }
            sum += value;
        }
    return {sum / splat((float)(k.KH * k.KW)), open};
}

template <Pooling POOLING, bool RELU, class K>
INLINE Pixel finish_pixel(const K& k, const float* at, long row_step, long step, vf bias) {
    if (POOLING == MAX_POOL) return max_window<RELU>(k, at, row_step, step, bias);
    if (POOLING == AVG_POOL) return mean_window<RELU>(k, at, row_step, step, bias);
    vf value = load(at) + bias;
    return {RELU ? (value <= 0.0f ? zero() : value) : value, (vi){}};
}

INLINE void write(const Pixel& pixel, long lanes, float* y, uint8_t* passed) {
    store_lanes(y, pixel.value, lanes);
    if (passed) store_byte_lanes(passed, pixel.passed, lanes);
}

template <Pooling POOLING, bool RELU, class K>
void finish_with(const K& k, long OW, const float* strip, long row_step, long step, const float* bias, long count,
                 float* y, uint8_t* passed, long y_step) {
    for (long n = 0; n < count; n += WIDTH) {
        const long lanes = min(WIDTH, count - n);
        const vf b = bias ? load_part(bias + n, lanes) : zero();
        const float* at = strip + n;
        for (long j = 0; j < OW; j++, at += k.KW * step)
            write(finish_pixel<POOLING, RELU>(k, at, row_step, step, b), lanes, y + j * y_step + n,
                  passed ? passed + j * y_step + n : nullptr);
    }
}

}  // namespace

void finish_row(const Finish& f, const float* strip, long row_pixels, long step, const float* bias, long count,
                float* y, uint8_t* passed, long y_step) {
    const long row_step = row_pixels * step;
    auto with = [&](auto pooling, auto relu, auto k) {
        finish_with<pooling.value, relu.value>(k, f.OW, strip, row_step, step, bias, count, y, passed, y_step);
    };
    const Any any{f.KH, f.KW};
    const bool two = f.KH == 2 && f.KW == 2;
    if (f.pooling == MAX_POOL && f.relu && two) with(Constant<MAX_POOL>(), Constant<true>(), Fixed<2, 2>());
    else if (f.pooling == MAX_POOL && f.relu) with(Constant<MAX_POOL>(), Constant<true>(), any);
    else if (f.pooling == MAX_POOL) with(Constant<MAX_POOL>(), Constant<false>(), any);
    else if (f.pooling == AVG_POOL && f.relu) with(Constant<AVG_POOL>(), Constant<true>(), any);
    else if (f.pooling == AVG_POOL) with(Constant<AVG_POOL>(), Constant<false>(), any);
    else if (f.relu) with(Constant<NO_POOL>(), Constant<true>(), any);
    else with(Constant<NO_POOL>(), Constant<false>(), any);
}

PELLUCID_CLOSE
