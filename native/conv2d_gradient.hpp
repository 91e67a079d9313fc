// What the two ways back through a convolution share: over all outputs (dense), or over the winners of max-pooling only.
//
// The gradients of the weights are sums over the batch.  They run over min(N, 8) shards of samples, each in the order of
// its samples, and the shards are added in order: so they depend on N alone and never on threads.
#pragma once
#include "batch_norm.hpp"
#include "conv2d.hpp"

PELLUCID_OPEN

// Batch-norm with ReLU, and perhaps max-pooling, between the convolution and grad_y.
struct Norm {
    const float* z;  // what the convolution gave
    const float* grad_y;
    const uint8_t* index;  // of max-pooling, else null
    Pool pool;             // its windows; 1 x 1 without
    Normal normal;
};

struct Gradient {
    Conv s;
    Finish f;
    const float* grad_y;
    const uint8_t* passed;
    const float* y_relu;
    const float* x;
    const float* weight;
    float* grad_x;
    float* grad_weight;
    float* grad_bias;
    bool exact;
    const Norm* norm;  // null without

    long sample_x() const { return s.H * s.W * s.C; }
    long sample_y() const { return f.OH * f.OW * s.O; }
};

constexpr long SHARD_LIMIT = 8;
INLINE long shard_count(long N) { return min(N, SHARD_LIMIT); }

// work(its sums, its first sample, its end) for all shards, whose sums are `floats` apart; returns those of the first.
template <class Work>
INLINE float* for_shards(long N, long floats, Work work) {
    const long shards = shard_count(N);
    float* sums = scratch(SHARDS, max(1, shards) * floats);
    if (!shards) memset(sums, 0, floats * sizeof(float));
    parallel_for(shards, [=](long i) { work(sums + i * floats, i * N / shards, (i + 1) * N / shards); });
    return sums;
}

// Adds `count` numbers of the other shards to those of the first, in order.
INLINE void add_shards(float* sums, long N, long floats, long count) {
    for (long shard = 1; shard < shard_count(N); shard++) {
        const float* other = sums + shard * floats;
        long i = 0;
        for (; i + WIDTH <= count; i += WIDTH) store(sums + i, load(sums + i) + load(other + i));
        for (; i < count; i++) sums[i] += other[i];
    }
}

void backward(const Gradient& g);  // by the way that fits
bool is_sparse(const Conv& s, const Finish& f);
void sparse_backward(const Gradient& g);
void dense_backward(const Gradient& g);
bool winograd_gradient_fits(const Conv& s, bool exact);
void winograd_backward(const Gradient& g);
void depthwise_backward(const Gradient& g);

// Rows of windows [first, end) of a sample's grad_y as the gradient before pooling and activation: pixels `step` and rows
// `row_step` apart, whole vectors, zero past the last channel.  Its sums over the pixels are added to `bias`.
void expand_rows(const Gradient& g, long sample, long first, long end, float* target, long step, long row_step,
                 float* bias);
void expand_norm_rows(const Gradient& g, long sample, long first, long end, float* target, long step, long row_step,
                      float* bias);

// The convolution that makes grad_x: of an image that holds the gradient, SH and SW apart, from (top, left) on.
struct Turned {
    Conv s;
    long top, left;  // may be negative: then the first rows reach nothing of x
};
Turned turned(const Conv& s);

// weight (O, C/G, T) as (C, O/G, T) with the taps in reverse.
void turn_weights(const Conv& s, const float* weight, float* target);

PELLUCID_CLOSE
