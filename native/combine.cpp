// Twins of ops/combine.py and ops/permute.py: sums and products number by number; numbers that go to another place.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

PELLUCID_OPEN

void add(const float* a, const float* b, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, at.load(a) + at.load(b)); });
}

void multiply(const float* a, const float* b, float* y, long n) {
    for_each(n, [=](Lanes at) { at.store(y, at.load(a) * at.load(b)); });
}

// The last axis goes number by number, the others by counting through them.
void copy(const float* x, float* y, const Walk& walk) {
    constexpr int last = Walk::AXES - 1;
    const long n = walk.n[last], from = walk.x[last], to = walk.y[last];
    long rows = 1;
    for (int axis = 0; axis < last; axis++) rows *= walk.n[axis];
    for_rows(rows, n, [=](long begin, long end) {
        long at[last], rest = begin;
        const float* source = x + walk.start;
        float* target = y;
        for (long axis = last - 1; axis >= 0; rest /= walk.n[axis], axis--) {
            at[axis] = rest % walk.n[axis];
            source += at[axis] * walk.x[axis];
            target += at[axis] * walk.y[axis];
        }
        for (long row = begin; row < end; row++) {
            if (from == 1 && to == 1) memcpy(target, source, n * sizeof(float));
            else
                for (long i = 0; i < n; i++) target[i * to] = source[i * from];
            for (long axis = last - 1; axis >= 0; axis--) {
                source += walk.x[axis], target += walk.y[axis];
                if (++at[axis] < walk.n[axis]) break;
                source -= walk.n[axis] * walk.x[axis], target -= walk.n[axis] * walk.y[axis];
                at[axis] = 0;
            }
        }
    });
}

PELLUCID_CLOSE
