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
// needs it comes, and stays in the cache for the others.  Pixels are filled up to whole vectors, so that none of them
// crosses a line of the cache.  `image` begins at the first of the channels.
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
    static long floats(const Conv& s, long channels) {
        return reach(s) * s.padded_width() * round_up(channels, WIDTH);
    }
    long step() const { return s.padded() ? round_up(channels, WIDTH) : s.C; }  // between pixels

    // From here on kernel_row(first, u) is good for the window that begins at row `first`.
    void ask(long first) {
        for (next = max(next, first); next < first + held; next++) places[next % held] = row(next);
    }
    const float* kernel_row(long first, long u) const { return places[(first + u * s.DH) % held]; }

private:
    const float* row(long r) {
        if (!s.padded()) return image + r * s.W * s.C;
        const long h = r - s.top, pixel = step(), length = s.padded_width() * pixel;
        float *to = buffer + r % held * length, *inside = to + s.left * pixel;
        if (h < 0 || h >= s.H) {
            memset(to, 0, length * sizeof(float));
            return to;
        }
        const float* from = image + h * s.W * s.C;
        memset(to, 0, s.left * pixel * sizeof(float));
        memset(inside + s.W * pixel, 0, s.right * pixel * sizeof(float));
        if (pixel == s.C) memcpy(inside, from, s.W * s.C * sizeof(float));
        else copy_pixels(from, inside);
        return to;
    }

    void copy_pixels(const float* from, float* to) const {
        const long pixel = step();
        for (long w = 0; w < s.W; w++, from += s.C, to += pixel)
            for (long c = 0; c < channels; c += WIDTH) store(to + c, load_lanes(from + c, min(WIDTH, channels - c)));
    }
};

PELLUCID_CLOSE
