// Lists of the winners of max-pooling, an output channel each: where in the image a gradient goes, and which.
#pragma once
#include "conv2d_gradient.hpp"

PELLUCID_OPEN

struct Winners {
    long count;
    const int32_t* place;  // of the window in the padded image
    const float* gradient;
};

// What the lists of a sample are made of and where they go.
struct Lists {
    long O, windows, apart;  // the list of a channel begins `apart` entries behind that of the one before
    int taps;
    const int32_t* window_places;  // of the windows in the image
    const int32_t* tap_places;     // of the taps of a window; 0 for what ReLU closed
    const uint8_t* index;
    const float* grad_y;
    int32_t* places;
    float* gradients;
    long* counts;
};

// M channels from o on, the windows from `first` on.  Whether one has a winner is as good as random: no branches here.
template <int M>
static void list_channels(const Lists& l, long o, long first) {
    const long O = l.O, apart = l.apart;
    const int taps = l.taps;
    int32_t* place = l.places + o * apart;
    uint32_t* gradient = (uint32_t*)(l.gradients + o * apart);
    const uint8_t* tap_at = l.index + first * O + o;
    const float* value_at = l.grad_y + first * O + o;
    long n[M];
    for (int m = 0; m < M; m++) n[m] = first ? l.counts[o + m] : 0;
    for (long i = first; i < l.windows; i++, tap_at += O, value_at += O) {
#pragma GCC unroll 4
        for (int m = 0; m < M; m++) {
            const int tap = min((int)tap_at[m], taps);  // whatever stands there, no more is read
            uint32_t bits;
            memcpy(&bits, value_at + m, sizeof bits);
            place[m * apart + n[m]] = l.window_places[i] + l.tap_places[tap];
            gradient[m * apart + n[m]] = bits;
            n[m] += (long)((unsigned)(tap < taps) & (unsigned)(bits << 1 != 0));
        }
    }
    for (int m = 0; m < M; m++) l.counts[o + m] = n[m];
}

#if defined(__AVX512F__)
// Channel o, all windows but the last, since a gather of bytes reads three more; returns how many.
static long list_vectors(const Lists& l, long o) {
    const long most = l.O < 3 ? 0 : l.windows - 1;
    const vi taps = splat_int(l.taps), lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const vi at = lane * (int32_t)l.O, few = *(const vi_any*)l.tap_places;
    int32_t* place = l.places + o * l.apart;
    float* gradient = l.gradients + o * l.apart;
    long n = 0;
    for (long i = 0; i < most; i += WIDTH) {
        const long lanes = min(WIDTH, most - i);
        const vi found = gather_bytes(l.index + i * l.O + o, at, lanes), tap = found < taps ? found : taps;
        const vf value = gather(l.grad_y + i * l.O + o, at, lanes);
        const vi keep = (tap < taps) & (value != zero());
        const vi tap_place = l.taps < WIDTH ? permute(few, tap) : gather(l.tap_places, tap, lanes);
        store_kept(place + n, *(const vi_any*)(l.window_places + i) + tap_place, keep);
        n += store_kept(gradient + n, value, keep);
    }
    l.counts[o] = n;
    return most;
}
#endif

// `room` holds 2 * O * apart + windows + taps + 1 numbers and a vector.
static inline void list_winners(const Gradient& g, long sample, long row_length, long apart, long* counts, int32_t* room) {
    const Conv& s = g.s;
    const Finish& f = g.f;
    const long windows = f.OH * f.OW;
    int32_t *window_places = room + 2 * s.O * apart, *tap_places = window_places + windows;
    for (long i = 0; i < f.OH; i++)
        for (long j = 0; j < f.OW; j++)
            window_places[i * f.OW + j] = (int32_t)(i * f.KH * s.SH * row_length + j * f.KW * s.SW * s.C);
    for (long tap = 0; tap < f.taps(); tap++)
        tap_places[tap] = (int32_t)(tap / f.KW * s.SH * row_length + tap % f.KW * s.SW * s.C);
    tap_places[f.taps()] = 0;
    const Lists lists{s.O, windows, apart, (int)f.taps(), window_places, tap_places, g.passed + sample * g.sample_y(),
                      g.grad_y + sample * g.sample_y(), room, (float*)(room + s.O * apart), counts};
#if defined(__AVX512F__)
    long done = 0;
    for (long o = 0; o < s.O; o++) done = list_vectors(lists, o);
#else
    const long done = 0;
#endif
    long o = 0;
    for (; o + 4 <= s.O; o += 4) list_channels<4>(lists, o, done);
    for (; o < s.O; o++) list_channels<1>(lists, o, done);
}

PELLUCID_CLOSE
