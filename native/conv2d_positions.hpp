// grad_x over the winners of max-pooling, one output position after the other.
//
// The channels that won there are listed; their weights, times their gradients, are summed in registers and added to
// the position's window of grad_x once.  Channels go in blocks whose weights stay in the first cache.
#pragma once
#include "conv2d_gradient.hpp"

PELLUCID_OPEN

constexpr long BLOCK_BYTES = 36 << 10;  // of weights

// The winners among the channels of one block, in one pooling window: a list for each tap, `apart` entries apart.
struct Positions {
    long apart;
    long* counts;
    int32_t* rows;  // where the weights of a channel begin
    float* gradients;
};

#if defined(__AVX512F__)
static void list_positions(const Positions& p, long taps, const uint8_t* index, const float* grad_y, long channels,
                           int32_t step) {
    memset(p.counts, 0, taps * sizeof(long));
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (long o = 0; o < channels; o += WIDTH) {
        const long lanes = min(WIDTH, channels - o);
        const vi tap = load_byte_lanes(index + o, lanes), row = (lane + (int32_t)o) * step;
        const vf value = load_lanes(grad_y + o, lanes);
        const vi there = value != zero();
        for (long t = 0; t < taps; t++) {
            const long at = t * p.apart + p.counts[t];
            const vi keep = (tap == (int32_t)t) & there;
            store_kept(p.rows + at, row, keep);
            p.counts[t] += store_kept(p.gradients + at, value, keep);
        }
    }
}
#else
static void list_positions(const Positions& p, long taps, const uint8_t* index, const float* grad_y, long channels,
                           int32_t step) {
    memset(p.counts, 0, (taps + 1) * sizeof(long));  // what ReLU closed has a list too: no branches here
    for (long o = 0; o < channels; o++) {
        const long tap = index[o], at = tap * p.apart + p.counts[tap];
        p.rows[at] = (int32_t)o * step;
        p.gradients[at] = grad_y[o];
        p.counts[tap] += (long)(grad_y[o] != 0);
    }
}
#endif

// R rows and V vectors of the sum of gradient * weight over the channels of a list, added to grad_x.
template <int R, int V, class T>
static void add_weights(long count, const int32_t* rows, const float* gradients, const float* weight, long padded,
                        float* grad_x, long row_length) {
    constexpr int lanes = sizeof(T) / sizeof(float);
    T acc[R][V] = {};
    for (long e = 0; e < count; e++) {
        const float* row = weight + rows[e];
        const T gradient = gradients[e] - (T){};
#pragma GCC unroll 8
        for (int r = 0; r < R; r++, row = row_pointer(row + padded))
#pragma GCC unroll 12
            for (int v = 0; v < V; v++) acc[r][v] = madd_as<T>(gradient, load_as<T>(row + v * lanes), acc[r][v]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++, grad_x = row_pointer(grad_x + row_length))
#pragma GCC unroll 12
        for (int v = 0; v < V; v++)
            store_as<T>(grad_x + v * lanes, load_as<T>(grad_x + v * lanes) + acc[r][v]);
}

PELLUCID_CLOSE
