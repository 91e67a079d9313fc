// Twins of ops/pool2d.py.  Lanes are channels.  Windows of a row that lie wholly inside x are one run, those at the
// edge runs of their own; a vector of channels goes through a run at once.
#include "channels.hpp"
#include "kernels.hpp"
#include "rows.hpp"

PELLUCID_OPEN

namespace {

struct Images {
    long N, C, H, W;

    long row() const { return W * C; }
    long sample() const { return H * W * C; }
};

// Neighbouring windows of one row, in which `rows` x `columns` taps from number `first` on lie inside x.
struct Run {
    long count;            // windows
    long input, step;      // where the first one's first tap lies in its sample, and how far apart the windows are
    long output, divisor;  // where its y lies in the batch, and its count
    long rows, columns;
    long row, C, KW;  // from one tap to that below and to that beside; from a tap's number to that below
    int32_t first;

    // f(place of a tap, its number) for the taps of the window whose first tap lies at `place`.
    template <class F>
    INLINE_MEMBER void taps(long rows, long columns, long place, F f) const {
        for (long u = 0; u < rows; u++)
            for (long v = 0; v < columns; v++) f(place + u * row + v * C, first + (int32_t)(u * KW + v));
    }

    // f(rows, columns): a window of 2 x 2 by constants, so that its loops are unrolled.
    template <class F>
    INLINE_MEMBER void by_size(F f) const {
        if (rows == 2 && columns == 2) f(2L, 2L);
        else f(rows, columns);
    }
};

// f(n, Run) for rows begin to end of the outputs of all samples.
template <class F>
INLINE void for_runs(long begin, long end, const Images& x, const Pool& pool, F f) {
    for (long line = begin; line < end; line++) {
        const long n = line / pool.OH, i = line % pool.OH, top = i * pool.SH - pool.top, u = max(0, -top);
        for (long j = 0, count; j < pool.OW; j += count) {
            const long left = j * pool.SW - pool.left, v = max(0, -left), columns = min(pool.KW, x.W - left) - v;
            count = columns == pool.KW ? min(pool.OW - j, (x.W - pool.KW - left) / pool.SW + 1) : 1;
            f(n, Run{count, ((top + u) * x.W + left + v) * x.C, pool.SW * x.C, (line * pool.OW + j) * x.C,
                     i * pool.OW + j, min(pool.KH, x.H - top) - u, columns, x.row(), x.C, pool.KW,
                     (int32_t)(u * pool.KW + v)});
        }
    }
}

template <class V, class Index>
INLINE void max_run(V lanes, const Run& run, long rows, long columns, const float* x, float* y, Index* index) {
    for (long k = 0; k < run.count; k++) {
        const long first = run.input + k * run.step, output = run.output + k * run.C;
        auto best = lanes.load(x + first);
        auto winner = lanes.splat(run.first);
        run.taps(rows, columns, first, [&](long place, int32_t tap) {
            auto value = lanes.load(x + place);
            winner = value > best ? lanes.splat(tap) : winner;
            best = (value > best) | (value != value) ? value : best;  // nan passes, and stays
        });
        lanes.store(y + output, best);
        lanes.store_index(index + output, winner);
    }
}

template <class Index>
void max_forward(const float* all_x, float* y, Index* index, const Images& x, const Pool& pool) {
    for_rows(x.N * pool.OH, pool.OW * x.C * 4, [=](long begin, long end) {
        for_runs(begin, end, x, pool, [=](long n, const Run& run) {
            const float* source = all_x + n * x.sample();
            for_channels(x.C, [=](long c, auto lanes) {
                run.by_size([=](long rows, long columns) {
                    max_run(lanes, run, rows, columns, source + c, y + c, index + c);
                });
            });
        });
    });
}

// Writes, or adds to what is there.
template <bool ADD, class V, class F>
INLINE void give(V lanes, float* target, F value) {
    lanes.store(target, ADD ? lanes.load(target) + value : value);
}

template <bool ADD, class V, class Index>
INLINE void max_run_back(V lanes, const Run& run, long rows, long columns, const float* grad_y, const Index* index,
                         float* grad_x) {
    for (long k = 0; k < run.count; k++) {
        const long output = run.output + k * run.C;
        auto g = lanes.load(grad_y + output);
        auto winner = lanes.load_index(index + output);
        run.taps(rows, columns, run.input + k * run.step, [&](long place, int32_t tap) {
            give<ADD>(lanes, grad_x + place, winner == lanes.splat(tap) ? g : lanes.zero());
        });
    }
}

template <bool ADD, class V>
INLINE void avg_run_back(V lanes, const Run& run, long rows, long columns, const float* grad_y, const float* counts,
                         float* grad_x) {
    for (long k = 0; k < run.count; k++) {
        auto share = lanes.load(grad_y + run.output + k * run.C) / counts[run.divisor + k];
        run.taps(rows, columns, run.input + k * run.step,
                 [&](long place, int32_t) { give<ADD>(lanes, grad_x + place, share); });
    }
}

// grad_x, sample by sample: f(whether to add, Vector, run, rows, columns, grad_x) for each run.  Where windows do not
// overlap each place is met once at most, and it is written; the others must be 0 before.
template <class F>
INLINE void for_samples(float* grad_x, const Images& x, const Pool& pool, F f) {
    const bool apart = pool.SH >= pool.KH && pool.SW >= pool.KW;
    const bool covered = apart && pool.SH == pool.KH && pool.SW == pool.KW && !pool.top && !pool.left &&
                         pool.OH * pool.SH == x.H && pool.OW * pool.SW == x.W;
    for_rows(x.N, x.sample(), [=](long begin, long end) {
        if (!covered) memset(grad_x + begin * x.sample(), 0, (end - begin) * x.sample() * sizeof(float));
        for_runs(begin * pool.OH, end * pool.OH, x, pool, [=](long n, const Run& run) {
            float* target = grad_x + n * x.sample();
            for_channels(x.C, [=](long c, auto lanes) {
                run.by_size([=](long rows, long columns) { f(!apart, lanes, run, rows, columns, c, target + c); });
            });
        });
    });
}

template <class Index>
void max_backward(const float* grad_y, const Index* index, float* grad_x, const Images& x, const Pool& pool) {
    for_samples(grad_x, x, pool, [=](bool add, auto lanes, const Run& run, long rows, long columns, long c, float* to) {
        if (add) max_run_back<true>(lanes, run, rows, columns, grad_y + c, index + c, to);
        else max_run_back<false>(lanes, run, rows, columns, grad_y + c, index + c, to);
    });
}

}  // namespace

void max_pool2d_forward(const float* x, float* y, void* index, long index_bytes, long N, long C, long H, long W,
                        const Pool& pool) {
    const Images images{N, C, H, W};
    if (index_bytes == 1) max_forward(x, y, (uint8_t*)index, images, pool);
    else if (index_bytes == 2) max_forward(x, y, (uint16_t*)index, images, pool);
    else max_forward(x, y, (uint32_t*)index, images, pool);
}

void max_pool2d_backward(const float* grad_y, const void* index, long index_bytes, float* grad_x, long N, long C,
                         long H, long W, const Pool& pool) {
    const Images images{N, C, H, W};
    if (index_bytes == 1) max_backward(grad_y, (const uint8_t*)index, grad_x, images, pool);
    else if (index_bytes == 2) max_backward(grad_y, (const uint16_t*)index, grad_x, images, pool);
    else max_backward(grad_y, (const uint32_t*)index, grad_x, images, pool);
}

void avg_pool2d_forward(const float* all_x, const float* counts, float* y, long N, long C, long H, long W,
                        const Pool& pool) {
    const Images x{N, C, H, W};
    for_rows(N * pool.OH, pool.OW * C * 4, [=](long begin, long end) {
        for_runs(begin, end, x, pool, [=](long n, const Run& run) {
            const float* source = all_x + n * x.sample();
            for_channels(C, [=](long c, auto lanes) {
                for (long k = 0; k < run.count; k++) {
                    auto sum = lanes.zero();
                    run.taps(run.rows, run.columns, run.input + k * run.step + c,
                             [&](long place, int32_t) { sum += lanes.load(source + place); });
                    lanes.store(y + run.output + k * C + c, sum / counts[run.divisor + k]);
                }
            });
        });
    });
}

void avg_pool2d_backward(const float* grad_y, const float* counts, float* grad_x, long N, long C, long H, long W,
                         const Pool& pool) {
    const Images x{N, C, H, W};
    for_samples(grad_x, x, pool, [=](bool add, auto lanes, const Run& run, long rows, long columns, long c, float* to) {
        if (add) avg_run_back<true>(lanes, run, rows, columns, grad_y + c, counts, to);
        else avg_run_back<false>(lanes, run, rows, columns, grad_y + c, counts, to);
    });
}

PELLUCID_CLOSE
