// Twins of ops/elu.py.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "mathematics.hpp"

PELLUCID_OPEN

void elu_forward(const float* x, float* y, float alpha, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x);
        at.store(y, value > 0.0f ? value : alpha * expm1(value));
    });
}

void elu_backward(const float* grad_y, const float* x, float* grad_x, float alpha, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x);
        at.store(grad_x, (value > 0.0f ? splat(1.0f) : alpha * exp(value)) * at.load(grad_y));
    });
}

PELLUCID_CLOSE
