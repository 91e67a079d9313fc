// Twins of ops/linear.py.  Lanes are outputs everywhere: those of y in the forward pass, for which the weight is
// turned over into panels, and those of grad_weight and grad_x in the backward pass, where it is read as it lies.
#include "gemm.hpp"
#include "kernels.hpp"
#include "parallel.hpp"
#include "product.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

// c (M, columns) = sum over k < K of a[m*row + k*step] * b[k*PANEL + n], b packed; K in blocks.
void product(long M, long K, const float* a, long row, long step, const float* b, float* c, long c_stride,
             long columns) {
    const int vectors = columns > WIDTH ? 2 : 1;
    alignas(64) float edge[ROWS * PANEL];
    long rows[ROWS];
    regular_rows(rows, ROWS, row);
    const bool whole = columns == vectors * WIDTH;
    const long pieces = (M + ROWS - 1) / ROWS;
    for (long i = 0; i < pieces; i++) {
        const long m = i * M / pieces, count = (i + 1) * M / pieces - m;
        float* target = whole ? c + m * c_stride : edge;
        const long stride = whole ? c_stride : PANEL;
        for (long k = 0; k == 0 || k < K; k += DEPTH) {
            Sum sum{1, min(DEPTH, K - k), 0, step, PANEL};
            tiles(count, vectors, sum, a + m * row + k * step, rows, b + k * PANEL, target, stride, k > 0);
        }
        if (!whole)
            for (long j = 0; j < count; j++) memcpy(c + (m + j) * c_stride, edge + j * PANEL, columns * sizeof(float));
    }
}

}  // namespace

// weight (O, I) as panels [O / PANEL][I][PANEL], the last one filled up with zeros.
void linear_pack(const float* weight, float* packed, long I, long O) {
    constexpr long BLOCK = 128;
    long panels = panel_count(O), blocks = (I + BLOCK - 1) / BLOCK;
    parallel_for(panels * blocks, [=](long item) {
        long panel = item / blocks, from = item % blocks * BLOCK, count = min(BLOCK, I - from);
        long outputs = min(PANEL, O - panel * PANEL);
        float* target = packed + (panel * I + from) * PANEL;
        if (outputs < PANEL) memset(target, 0, count * PANEL * sizeof(float));
        transpose(weight + panel * PANEL * I + from, I, target, PANEL, outputs, count);
    });
}

void linear_run(const float* x, const float* packed, const float* bias, float* y, long N, long I, long O,
                   bool relu) {
    linear_run_without(x, packed, bias, y, N, I, O, relu, 0, 0);
}

void linear_run_without(const float* x, const float* packed, const float* bias, float* y, long N, long I, long O,
                        bool relu, long unwanted, long skipped) {
    const long panels = panel_count(O) - skipped;
    if (!panels || !N) return;
    // Enough pieces for all threads, none of fewer than four rows.
    long blocks = max(1, min((N + 3) / 4, (4 * thread_count() + panels - 1) / panels));
    parallel_for(panels * blocks, [=](long item) {
        long panel = item % panels, block = item / panels, first = block * N / blocks;
        if (panel >= unwanted) panel += skipped;
        long count = (block + 1) * N / blocks - first, columns = min(PANEL, O - panel * PANEL);
        const float* b = packed + panel * I * PANEL;
        float* sums = scratch(LOCAL, count * PANEL);
        const int vectors = panel_vectors(O, panel);
        long rows[ROWS];
        regular_rows(rows, ROWS, I);
        const long pieces = (count + ROWS - 1) / ROWS;
        for (long k = 0; k == 0 || k < I; k += DEPTH)
            for (long i = 0; i < pieces; i++) {
                const long m = i * count / pieces, here = (i + 1) * count / pieces - m;
                Sum sum{1, min(DEPTH, I - k), 0, 1, PANEL};
                tiles(here, vectors, sum, x + (first + m) * I + k, rows, b + k * PANEL, sums + m * PANEL, PANEL, k > 0);
            }
        for (long m = 0; m < count; m++)
            for (long n = 0; n < columns; n += WIDTH) {
                long lanes = min(WIDTH, columns - n);
                vf v = load(sums + m * PANEL + n);
                if (bias) v += load_part(bias + panel * PANEL + n, lanes);
                if (relu) v = v <= 0.0f ? zero() : v;
                store_part(y + (first + m) * O + panel * PANEL + n, v, lanes);
            }
    });
}

long linear_packed_size(long I, long O) { return panel_count(O) * PANEL * I; }

namespace {

// Lanes are samples: x is turned over instead of the weight, which is read once, as it lies.  Each output is the same
// chain of sums as in linear_run.
void forward_by_samples(const float* x, const float* weight, const float* bias, float* y, long N, long I, long O,
                        bool relu) {
    const long panels = panel_count(N);
    float* turned = scratch(PACKED, linear_packed_size(I, N));
    linear_pack(x, turned, I, N);
    const long blocks = (O + ROWS - 1) / ROWS;
    parallel_for(panels * blocks, [=](long item) {
        const long panel = item / blocks, block = item % blocks, samples = min(PANEL, N - panel * PANEL);
        const long first = block * O / blocks, count = (block + 1) * O / blocks - first;
        alignas(64) float sums[ROWS * PANEL];
        long rows[ROWS];
        regular_rows(rows, ROWS, I);
        for (long k = 0; k == 0 || k < I; k += DEPTH)
            tiles(count, panel_vectors(N, panel), Sum{1, min(DEPTH, I - k), 0, 1, PANEL}, weight + first * I + k, rows,
                  turned + (panel * I + k) * PANEL, sums, PANEL, k > 0);
        for (long n = 0; n < samples; n++)
            for (long o = 0; o < count; o++) {
                float value = sums[o * PANEL + n];
                if (bias) value += bias[first + o];
                if (relu) value = value <= 0.0f ? 0.0f : value;
                y[(panel * PANEL + n) * O + first + o] = value;
            }
    });
}

}  // namespace

void linear_forward(const float* x, const float* weight, const float* bias, float* y, long N, long I, long O,
                    bool relu) {
    if (N >= 16 && N <= O) return forward_by_samples(x, weight, bias, y, N, I, O, relu);
    float* packed = scratch(PACKED, linear_packed_size(I, O));
    linear_pack(weight, packed, I, O);
    linear_run(x, packed, bias, y, N, I, O, relu);
}

namespace {

constexpr long SUMS = 256;  // columns of a bias that a thread sums at a time
constexpr long FEW = 64;    // samples up to which a tile of grad_weight takes longer to be written than to be summed

// grad_weight (O, I) = sum over n, in order, of g[n].T @ x[n].  g is turned into tiles first: as it lies, the numbers of
// one tile are O apart, which meets the same few places of the cache again and again.
void weight_gradient(const float* g, const float* x, float* grad_weight, long N, long I, long O) {
    const long pieces = (O + ROWS - 1) / ROWS, panels = panel_count(I);
    float* turned = scratch(PADDED, pieces * N * ROWS);
    parallel_for(pieces, [=](long i) {
        const long first = i * O / pieces, count = (i + 1) * O / pieces - first;
        for (long n = 0; n < N; n++) memcpy(turned + (i * N + n) * ROWS, g + n * O + first, count * sizeof(float));
    });
    auto piece_by_panel = [=](long i, long panel, const float* b) {
        const long first = i * O / pieces, count = (i + 1) * O / pieces - first;
        const long from = panel * PANEL, columns = min(PANEL, I - from);
        product(count, N, turned + i * N * ROWS, 1, ROWS, b, grad_weight + first * I + from, I, columns);
    };
    if (N > FEW)
        return parallel_for(panels, [=](long panel) {
            float* b = scratch(LOCAL, N * PANEL);
            pack_columns(x + panel * PANEL, I, b, N, min(PANEL, I - panel * PANEL));
            for (long i = 0; i < pieces; i++) piece_by_panel(i, panel, b);
        });
    float* b = scratch(LISTS, panels * N * PANEL);
    parallel_for(panels, [=](long panel) {
        pack_columns(x + panel * PANEL, I, b + panel * N * PANEL, N, min(PANEL, I - panel * PANEL));
    });
    parallel_for(pieces, [=](long i) {  // whole rows, one after the other
        for (long panel = 0; panel < panels; panel++) piece_by_panel(i, panel, b + panel * N * PANEL);
    });
}

}  // namespace

void linear_backward(const float* grad_y, const float* y_relu, const float* x, const float* weight, float* grad_x,
                     float* grad_weight, float* grad_bias, long N, long I, long O) {
    const float* g = grad_y;
    if (y_relu) {
        float* masked = scratch(PACKED, N * O);
        for (long i = 0; i < N * O; i++) masked[i] = y_relu[i] > 0.0f ? grad_y[i] : 0.0f;
        g = masked;
    }
    if (grad_bias)
        parallel_for((O + SUMS - 1) / SUMS, [=](long i) {
            const long from = i * SUMS, columns = min(SUMS, O - from);
            memset(grad_bias + from, 0, columns * sizeof(float));
            for (long n = 0; n < N; n++)
                for (long o = from; o < from + columns; o++) grad_bias[o] += g[n * O + o];
        });
    weight_gradient(g, x, grad_weight, N, I, O);
    if (!grad_x) return;
    // A thread takes some columns of grad_x: each output sums in the order of o.
    parallel_for(panel_count(I), [=](long panel) {
        long from = panel * PANEL, columns = min(PANEL, I - from);
        float* b = scratch(LOCAL, O * PANEL);
        pack_columns(weight + from, I, b, O, columns);
        product(N, O, g, O, 1, b, grad_x + from, I, columns);
    });
}

PELLUCID_CLOSE
