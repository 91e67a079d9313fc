// What follows a convolution while its outputs are still in the cache: bias, ReLU, pooling.
#include "conv2d.hpp"

PELLUCID_OPEN

namespace {

struct Window {
    vf value;
    vi index;
};

// nan wins over everything and is kept by ReLU, so that it reaches the loss.
template <class Load>
INLINE Window max_window(const Finish& f, long row_step, long step, Load value_at, vf bias) {
    vf best = value_at(0);
    vi index = {};
    for (long u = 0, tap = 0; u < f.KH; u++)
        for (long v = 0; v < f.KW; v++, tap++) {
            if (!tap) continue;
            vf value = value_at(u * row_step + v * step);
            vi greater = (value > best) | (value != value);
            best = greater ? value : best;
            index = greater ? splat_int((int)tap) : index;
        }
    best += bias;
    if (f.relu) {
        vi closed = best <= 0.0f;
        best = closed ? zero() : best;
        index = closed ? splat_int((int)f.taps()) : index;
    }
    return {best, index};
}

template <class Load>
INLINE Window mean_window(const Finish& f, long row_step, long step, Load value_at, vf bias) {
    vf sum = {};
    vi open = {};
    for (long u = 0, tap = 0; u < f.KH; u++)
        for (long v = 0; v < f.KW; v++, tap++) {
            vf value = value_at(u * row_step + v * step) + bias;
            if (f.relu) {
                vi closed = value <= 0.0f;
                value = closed ? zero() : value;
                open |= closed ? (vi){} : splat_int(1 << tap);
            }
            sum += value;
        }
    return {sum / splat((float)f.taps()), open};
}

INLINE Window plain(const Finish& f, vf value, vf bias) {
    value += bias;
    if (f.relu) value = value <= 0.0f ? zero() : value;
    return {value, (vi){}};
}

template <class Load>
INLINE Window window(const Finish& f, long row_step, long step, Load value_at, vf bias) {
    if (f.pooling == MAX_POOL) return max_window(f, row_step, step, value_at, bias);
    if (f.pooling == AVG_POOL) return mean_window(f, row_step, step, value_at, bias);
    return plain(f, value_at(0), bias);
}

INLINE void write(const Window& w, long lanes, float* y, uint8_t* index) {
    if (lanes == WIDTH) {
        store(y, w.value);
        if (index) store_bytes(index, w.index);
        return;
    }
    store_part(y, w.value, lanes);
    if (!index) return;
    uint8_t all[WIDTH];
    store_bytes(all, w.index);
    memcpy(index, all, lanes);
}

template <class F>
INLINE void finish_with(const F& f, const float* strip, long row_step, long step, const float* bias, long count,
                        float* y, uint8_t* index, long y_step) {
    for (long n = 0; n < count; n += WIDTH) {
        const long lanes = min(WIDTH, count - n);
        const vf b = bias ? load_part(bias + n, lanes) : zero();
        const float* from = strip + n;
        for (long j = 0; j < f.OW; j++, from += f.KW * step) {
            auto value_at = [from](long offset) { return load(from + offset); };
            write(window(f, row_step, step, value_at, b), lanes, y + j * y_step + n,
                  index ? index + j * y_step + n : nullptr);
        }
    }
}

}  // namespace

void finish_row(const Finish& f, const float* strip, long row_pixels, long step, const float* bias, long count,
                float* y, uint8_t* index, long y_step) {
    if (f.pooling == MAX_POOL && f.relu && f.KH == 2 && f.KW == 2) {
        // The commonest one, with its sizes known to the compiler.
        finish_with(Finish{true, MAX_POOL, 2, 2, f.OH, f.OW}, strip, row_pixels * step, step, bias, count, y, index, y_step);
        return;
    }
    finish_with(f, strip, row_pixels * step, step, bias, count, y, index, y_step);
}

PELLUCID_CLOSE
