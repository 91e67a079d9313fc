// Sizes and options that kernels take, in the letters of ARCHITECTURE.md.
#pragma once
#include <cstdint>

namespace pellucid {

struct Conv {
    long N, C, H, W, O, KH, KW, SH, SW, top, bottom, left, right, DH, DW, groups;
    long OH, OW;

    long taps() const { return KH * KW; }
    long depth() const { return KH * KW * (C / groups); }  // products in one output
    long padded_height() const { return H + top + bottom; }
    long padded_width() const { return W + left + right; }
    bool padded() const { return top || bottom || left || right; }
};

// What follows a convolution at once: an activation, and windows KH x KW that touch and do not overlap.
enum Pooling { NO_POOL, MAX_POOL, AVG_POOL };

struct Finish {
    bool relu;
    Pooling pooling;
    long KH, KW;  // 1 x 1 without pooling
    long OH, OW;  // what is left of the convolution's OH x OW

    long taps() const { return KH * KW; }
};

// N samples of P pixels of C channels; `planes` where the pixels of one channel lie together: (N, C, P) in memory.
struct Channels {
    long N, C, P;
    bool planes;
};

// Windows of a pooling layer by itself.
struct Pool {
    long KH, KW, SH, SW, top, left;
    long OH, OW;
};

// How to walk through two arrays at once, the slowest axis first: sizes, and how far apart neighbours lie in each.
struct Walk {
    static constexpr int AXES = 8;
    long n[AXES], x[AXES], y[AXES];
    long start;  // in x
};

// Images cut into OH x OW bins.
struct Adaptive {
    long N, C, H, W, OH, OW;
};

// N sequences of T steps with I features, and a state of H numbers; `reverse` goes from the last step to the first.
struct Sequence {
    long N, T, I, H;
    bool reverse;
};

}  // namespace pellucid
