// What the two directions of a depthwise convolution share.  Each channel has a kernel of its own, so the lanes are
// channels everywhere.
#pragma once
#include "conv2d.hpp"

PELLUCID_OPEN

constexpr int MOST = 12;  // sums in registers: of 16 a few are left for what is loaded beside

template <bool PART>
INLINE vf load_channels(const float* p, long lanes) { return PART ? load_part(p, lanes) : load(p); }

// One product of a sum: where x lies for the first pixel of a row, and the weights, both for channel 0.
struct Tap {
    const float *x, *weight;
};

// Where a row of outputs goes, and what follows the sums.
struct Outputs {
    float* y;
    long step;          // between pixels
    const float* bias;  // or null
    bool relu;
};

// A row of outputs: `pixels` of them, whose inputs lie `step` apart.
void pixel_row(const Tap* taps, long count, long pixels, long step, long C, const Outputs& out);

// The padded rows that the windows now at work need, from the top down: each is copied once, when the first window that
// needs it comes, and stays in the cache for the others.  `image` begins at the first of the channels.
struct Rows {
    const Conv& s;
    const float* image;
    long channels;
    float* buffer;
    const float** places;  // of the rows
    long held, next;

    Rows(const Conv& s, const float* image, long channels, float* buffer, const float** places)
        : s(s), image(image), channels(channels), buffer(buffer), places(places), held(reach(s)), next(0) {}

    static long reach(const Conv& s) { return s.DH * (s.KH - 1) + 1; }
    static long floats(const Conv& s, long channels) { return reach(s) * s.padded_width() * channels; }
    long step() const { return s.padded() ? channels : s.C; }  // between pixels

    // From here on kernel_row(first, u) is good for the window that begins at row `first`.
    void ask(long first) {
        for (next = max(next, first); next < first + held; next++) places[next % held] = row(next);
    }
    const float* kernel_row(long first, long u) const { return places[(first + u * s.DH) % held]; }

private:
    const float* row(long r) {
        if (!s.padded()) return image + r * s.W * s.C;
        const long h = r - s.top, length = s.padded_width() * channels;
        float *to = buffer + r % held * length, *inside = to + s.left * channels;
        if (h < 0 || h >= s.H) {
            memset(to, 0, length * sizeof(float));
            return to;
        }
        const float* from = image + h * s.W * s.C;
        memset(to, 0, s.left * channels * sizeof(float));
        memset(inside + s.W * channels, 0, s.right * channels * sizeof(float));
        if (channels == s.C) memcpy(inside, from, s.W * s.C * sizeof(float));
        else copy_pixels(from, inside);
        return to;
    }

    void copy_pixels(const float* from, float* to) const {
        for (long w = 0; w < s.W; w++, from += s.C, to += channels)
            for (long c = 0; c < channels; c += WIDTH) {
                const long lanes = min(WIDTH, channels - c);
                store_lanes(to + c, load_lanes(from + c, lanes), lanes);
            }
    }
};

PELLUCID_CLOSE
