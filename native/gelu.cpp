// Twins of ops/gelu.py.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "mathematics.hpp"

PELLUCID_OPEN

namespace {

constexpr float CUBIC = 0.044715f, TWICE_ROOT = 1.59576912f;  // 2 * sqrt(2 / pi)

// The sigmoid in the place of the normal distribution.
INLINE vf by_sigmoid(vf x) { return logistic(TWICE_ROOT * (x + CUBIC * x * x * x)); }

}  // namespace

void gelu_forward(const float* x, float* y, bool by_tanh, long n) {
    if (by_tanh)
        return for_each(n, [=](Lanes at) {
            vf value = at.load(x);
            at.store(y, value * by_sigmoid(value));
        });
    for_each(n, [=](Lanes at) {
        vf value = at.load(x);
        at.store(y, value * normal_below(value, bell(value, 0.5f)));
    });
}

void gelu_backward(const float* grad_y, const float* x, float* grad_x, bool by_tanh, long n) {
    if (by_tanh)
        return for_each(n, [=](Lanes at) {
            vf value = at.load(x), s = by_sigmoid(value), inner = TWICE_ROOT * (3.0f * CUBIC * value * value + 1.0f);
            at.store(grad_x, (value * (s * (1.0f - s) * inner) + s) * at.load(grad_y));
        });
    for_each(n, [=](Lanes at) {
        vf value = at.load(x), power = bell(value, 0.5f);
        at.store(grad_x, (normal_below(value, power) + value * (0.398942280f * power)) * at.load(grad_y));
    });
}

PELLUCID_CLOSE
