// Twins of ops/hard_swish.py.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "mathematics.hpp"

PELLUCID_OPEN

void hard_swish_forward(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x), gate = value + 3.0f;  // nan is in none of the ranges and passes
        gate = gate < 0.0f ? zero() : gate;
        gate = gate > 6.0f ? splat(6.0f) : gate;
        at.store(y, gate / 6.0f * value);
    });
}

void hard_swish_backward(const float* grad_y, const float* x, float* grad_x, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x), slope = value / 3.0f + 0.5f;
        slope = value <= -3.0f ? zero() : slope;
        slope = value >= 3.0f ? splat(1.0f) : slope;
        at.store(grad_x, slope * at.load(grad_y));
    });
}

PELLUCID_CLOSE
