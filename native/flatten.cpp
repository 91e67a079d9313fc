// Twins of ops/flatten.py: P pixels of C channels become C planes of P pixels, sample by sample, and back.
#include "kernels.hpp"
#include "rows.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

// `rows` rows of `columns` numbers turn over.
void turn(const float* source, float* target, long N, long rows, long columns) {
    const long size = rows * columns;
    for_rows(N, size, [=](long begin, long end) {
        if (rows == 1 || columns == 1) {
            memcpy(target + begin * size, source + begin * size, (end - begin) * size * sizeof(float));
            return;
        }
        for (long n = begin; n < end; n++)
            transpose(source + n * size, columns, target + n * size, rows, rows, columns);
    });
}

}  // namespace

void flatten_forward(const float* x, float* y, long N, long C, long P) { turn(x, y, N, P, C); }

void flatten_backward(const float* grad_y, float* grad_x, long N, long C, long P) { turn(grad_y, grad_x, N, C, P); }

PELLUCID_CLOSE
