// Twins of ops/activation.py.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "mathematics.hpp"

PELLUCID_OPEN

void relu_forward(const float* x, float* y, long n) {
    // x <= 0 is false for nan, so that nan passes and is seen in the loss.
    for_each(n, [=](Lanes at) { at.store(y, at.load(x) <= 0.0f ? zero() : at.load(x)); });
}

void relu_backward(const float* grad_y, const float* y, float* grad_x, long n) {
    for_each(n, [=](Lanes at) { at.store(grad_x, at.load(y) > 0.0f ? at.load(grad_y) : zero()); });
}

void leaky_relu_forward(const float* x, float* y, float* slope, float negative_slope, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(x), steepness = value <= 0.0f ? splat(negative_slope) : splat(1.0f);
        at.store(slope, steepness);
        at.store(y, value * steepness);
    });
}

void leaky_relu_backward(const float* grad_y, const float* slope, float* grad_x, long n) {
    for_each(n, [=](Lanes at) { at.store(grad_x, at.load(grad_y) * at.load(slope)); });
}

void sigmoid_forward(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, logistic(at.load(x))); });
}

void sigmoid_backward(const float* grad_y, const float* y, float* grad_x, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(y);
        at.store(grad_x, (1.0f - value) * value * at.load(grad_y));
    });
}

void tanh_forward(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, tanh(at.load(x))); });
}

void tanh_backward(const float* grad_y, const float* y, float* grad_x, long n) {
    for_each(n, [=](Lanes at) {
        vf value = at.load(y);
        at.store(grad_x, (1.0f - value * value) * at.load(grad_y));
    });
}

PELLUCID_CLOSE
