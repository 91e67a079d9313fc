// grad_x over the winners of max-pooling, one output position after the other.
//
// The weights of the channels that won there, times their gradients, are summed in registers and added to the
// position's window of grad_x once.  Channels go in blocks whose weights stay in the first cache.
#pragma once
#include "conv2d_gradient.hpp"

PELLUCID_OPEN

constexpr long BLOCK_BYTES = 36 << 10, MOST_CHANNELS = 64;  // of a block

// winners[tap] has a bit for each of `channels` channels: whether that tap won the window and has a gradient.
INLINE void find_winners(uint64_t* winners, long taps, const uint8_t* index, const float* grad_y, long channels) {
    memset(winners, 0, taps * sizeof(uint64_t));
    for (long o = 0; o < channels; o += WIDTH) {
        const long lanes = min(WIDTH, channels - o);
        const vi tap = load_byte_lanes(index + o, lanes), there = load_lanes(grad_y + o, lanes) != zero();
        for (long t = 0; t < taps; t++) winners[t] |= (uint64_t)mask_bits((tap == (int32_t)t) & there) << o;
    }
}

// R rows and V vectors of the sum of gradient * weight over some channels, `step` apart, added to grad_x.
template <int R, int V, class T>
static void add_weights(uint64_t channels, const float* gradients, const float* weight, long step, long padded,
                        float* grad_x, long row_length) {
    constexpr int lanes = sizeof(T) / sizeof(float);
    T acc[R][V] = {};
    for (; channels; channels &= channels - 1) {
        const long o = __builtin_ctzll(channels);
        const float* row = weight + o * step;
        const T gradient = gradients[o] - (T){};
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
