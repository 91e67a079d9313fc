// Twins of ops/silu.py.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "mathematics.hpp"

PELLUCID_OPEN

void silu_forward(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x);
        at.store(y, value * logistic(value));
    });
}

void silu_backward(const float* grad_y, const float* x, float* grad_x, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x), s = logistic(value);
        at.store(grad_x, (value * (1.0f - s) + 1.0f) * s * at.load(grad_y));
    });
}

PELLUCID_CLOSE
