// Lists of the winners of max-pooling, an output channel each: where in the image a gradient goes, and which.
#pragma once
#include "conv2d_gradient.hpp"

PELLUCID_OPEN

struct Winners {
    long count;
    const int32_t* place;  // of the window in the padded image
    const float* gradient;
};

// What the lists of a sample are made of and where they go, `windows` entries apart.
struct Lists {
    long O, OH, OW;
    int taps;
    int32_t down, right;        // from a window to the next in the image
    const int32_t* tap_places;  // of the taps of a window; 0 for what ReLU closed
    const uint8_t* index;
    const float* grad_y;
    int32_t* places;
    float* gradients;
    long* counts;
};

// M channels from o on.  Whether a window has a winner is as good as random: no branches here.
template <int M>
static void list_channels(const Lists& l, long o) {
    const long windows = l.OH * l.OW, O = l.O, OW = l.OW;
    const int taps = l.taps;
    const int32_t* tap_places = l.tap_places;
    int32_t* place = l.places + o * windows;
    uint32_t* gradient = (uint32_t*)(l.gradients + o * windows);
    const uint8_t* tap_at = l.index + o;
    const float* value_at = l.grad_y + o;
    long n[M] = {};
    for (long i = 0; i < l.OH; i++) {
        int32_t window = (int32_t)i * l.down;
        for (long j = 0; j < OW; j++, tap_at += O, value_at += O, window += l.right) {
#pragma GCC unroll 4
            for (int m = 0; m < M; m++) {
                const int tap = tap_at[m];
                uint32_t bits;
                memcpy(&bits, value_at + m, sizeof bits);
                place[m * windows + n[m]] = window + tap_places[tap];
                gradient[m * windows + n[m]] = bits;
                n[m] += (long)((unsigned)(tap < taps) & (unsigned)(bits << 1 != 0));
            }
        }
    }
    for (int m = 0; m < M; m++) l.counts[o + m] = n[m];
}

static inline void list_winners(const Gradient& g, long sample, long row_length, long* counts, int32_t* places, float* gradients) {
    const Conv& s = g.s;
    const Finish& f = g.f;
    const int taps = (int)f.taps();
    int32_t* tap_places = (int32_t*)(gradients + s.O * f.OH * f.OW);
    for (int tap = 0; tap < taps; tap++)
        tap_places[tap] = (int32_t)(tap / f.KW * s.SH * row_length + tap % f.KW * s.SW * s.C);
    tap_places[taps] = 0;
    const Lists lists{s.O, f.OH, f.OW, taps, (int32_t)(f.KH * s.SH * row_length), (int32_t)(f.KW * s.SW * s.C), tap_places,
                      g.passed + sample * g.sample_y(), g.grad_y + sample * g.sample_y(), places, gradients, counts};
    long o = 0;
    for (; o + 4 <= s.O; o += 4) list_channels<4>(lists, o);
    for (; o < s.O; o++) list_channels<1>(lists, o);
}

PELLUCID_CLOSE
