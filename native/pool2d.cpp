// Twins of ops/pool2d.py.  Lanes are channels; a window of 2 x 2 is unrolled.
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

// The taps of one window that lie inside x: `rows` x `columns` of them from number `first` on.
struct Window {
    long place, rows, columns;  // place: of the first one, in its sample
    int32_t first;

    Window(const Images& x, const Pool& pool, long i, long j) {
        const long top = i * pool.SH - pool.top, left = j * pool.SW - pool.left;
        const long u = max(0, -top), v = max(0, -left);
        rows = min(pool.KH, x.H - top) - u;
        columns = min(pool.KW, x.W - left) - v;
        place = ((top + u) * x.W + left + v) * x.C;
        first = (int32_t)(u * pool.KW + v);
    }
};

// f(place of a tap, its number) for all taps of a window.
template <class F>
INLINE void for_taps(long rows, long columns, const Window& window, const Images& x, long KW, F f) {
    for (long u = 0; u < rows; u++)
        for (long v = 0; v < columns; v++)
            f(window.place + u * x.row() + v * x.C, window.first + (int32_t)(u * KW + v));
}
template <class F>
INLINE void for_taps(const Window& window, const Images& x, const Pool& pool, F f) {
    if (window.rows == 2 && window.columns == 2) for_taps(2, 2, window, x, pool.KW, f);
    else for_taps(window.rows, window.columns, window, x, pool.KW, f);
}

// f(n, i * OW + j, place of the output, c, window, Vector) for the outputs of some rows, of whichever samples.
template <class F>
INLINE void for_outputs(long begin, long end, const Images& x, const Pool& pool, F f) {
    for (long row = begin; row < end; row++) {
        const long n = row / pool.OH, i = row % pool.OH;
        for (long j = 0; j < pool.OW; j++) {
            const Window window(x, pool, i, j);
            const long output = (row * pool.OW + j) * x.C;
            for_channels(x.C, [=](long c, auto lanes) { f(n, i * pool.OW + j, output + c, c, window, lanes); });
        }
    }
}

template <class Index>
void max_forward(const float* all_x, float* y, Index* index, const Images& x, const Pool& pool) {
    for_rows(x.N * pool.OH, pool.OW * x.C * 4, [=](long begin, long end) {
        for_outputs(begin, end, x, pool, [=](long n, long, long output, long c, const Window& window, auto lanes) {
            const float* source = all_x + n * x.sample() + c;
            auto best = lanes.load(source + window.place);
            auto winner = lanes.splat(window.first);
            for_taps(window, x, pool, [&](long place, int32_t tap) {
                auto value = lanes.load(source + place);
                winner = value > best ? lanes.splat(tap) : winner;
                best = (value > best) | (value != value) ? value : best;  // nan passes, and stays
            });
            lanes.store(y + output, best);
            lanes.store_index(index + output, winner);
        });
    });
}

// f(i * OW + j, place of the output, window, Vector, give) for all outputs, sample by sample; give(place, value) adds
// the value to grad_x.  Where windows do not overlap, each place is met once at most, and it writes.
template <class F>
INLINE void for_samples(float* grad_x, const Images& x, const Pool& pool, F f) {
    const bool apart = pool.SH >= pool.KH && pool.SW >= pool.KW;
    const bool covered = apart && pool.SH == pool.KH && pool.SW == pool.KW && !pool.top && !pool.left &&
                         pool.OH * pool.SH == x.H && pool.OW * pool.SW == x.W;
    for_rows(x.N, x.sample(), [=](long begin, long end) {
        if (!covered) memset(grad_x + begin * x.sample(), 0, (end - begin) * x.sample() * sizeof(float));
        if (apart)
            for_outputs(begin * pool.OH, end * pool.OH, x, pool, [=](long n, long ij, long output, long c,
                                                                     const Window& window, auto lanes) {
                float* target = grad_x + n * x.sample() + c;
                f(ij, output, window, lanes, [=](long place, auto value) { lanes.store(target + place, value); });
            });
        else
            for_outputs(begin * pool.OH, end * pool.OH, x, pool, [=](long n, long ij, long output, long c,
                                                                     const Window& window, auto lanes) {
                float* target = grad_x + n * x.sample() + c;
                f(ij, output, window, lanes, [=](long place, auto value) {
                    lanes.store(target + place, lanes.load(target + place) + value);
                });
            });
    });
}

template <class Index>
void max_backward(const float* grad_y, const Index* index, float* grad_x, const Images& x, const Pool& pool) {
    for_samples(grad_x, x, pool, [=](long, long output, const Window& window, auto lanes, auto give) {
        auto g = lanes.load(grad_y + output);
        auto winner = lanes.load_index(index + output);
        for_taps(window, x, pool, [=](long place, int32_t tap) {
            give(place, winner == lanes.splat(tap) ? g : lanes.zero());
        });
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
        for_outputs(begin, end, x, pool, [=](long n, long ij, long output, long c, const Window& window, auto lanes) {
            const float* source = all_x + n * x.sample() + c;
            auto sum = lanes.zero();
            for_taps(window, x, pool, [&](long place, int32_t) { sum += lanes.load(source + place); });
            lanes.store(y + output, sum / counts[ij]);
        });
    });
}

void avg_pool2d_backward(const float* grad_y, const float* counts, float* grad_x, long N, long C, long H, long W,
                         const Pool& pool) {
    const Images x{N, C, H, W};
    for_samples(grad_x, x, pool, [=](long ij, long output, const Window& window, auto lanes, auto give) {
        auto share = lanes.load(grad_y + output) / counts[ij];
        for_taps(window, x, pool, [=](long place, int32_t) { give(place, share); });
    });
}

PELLUCID_CLOSE
