// Twins of ops/activation.py.
#include "elementwise.hpp"
#include "kernels.hpp"

PELLUCID_OPEN

void relu_forward(const float* x, float* y, long n) {
    // x <= 0 is false for nan, so that nan passes and is seen in the loss.
    for_each(n, [=](Lanes at) { at.store(y, at.load(x) <= 0.0f ? zero() : at.load(x)); });
}

void relu_backward(const float* grad_y, const float* y, float* grad_x, long n) {
    for_each(n, [=](Lanes at) { at.store(grad_x, at.load(y) > 0.0f ? at.load(grad_y) : zero()); });
}

PELLUCID_CLOSE
