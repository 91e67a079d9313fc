// The functions of mathematics.hpp for arrays; tanh is an activation.
#include "mathematics.hpp"

#include "elementwise.hpp"
#include "kernels.hpp"

PELLUCID_OPEN

void exp(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, exp(at.load(x))); });
}

void log(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, log(at.load(x))); });
}

void log1p(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, log1p(at.load(x))); });
}

void erf(const float* x, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, erf(at.load(x))); });
}

PELLUCID_CLOSE
