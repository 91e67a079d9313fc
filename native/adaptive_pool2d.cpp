// Twins of ops/adaptive_pool2d.py.  Lanes are channels.  grad_x goes pixel by pixel: each sums what its bins hand back.
#include "channels.hpp"
#include "kernels.hpp"
#include "rows.hpp"

PELLUCID_OPEN

namespace {

// The positions of bin i, when `size` of them are cut into `count` bins; and, the other way round, the bins that hold
// position i, when there are `size` bins for `count` positions: both say that two intervals of the line meet.
struct Bin {
    long begin, end;

    INLINE_MEMBER Bin(long i, long size, long count) : begin(i * size / count), end(((i + 1) * size - 1) / count + 1) {}
    INLINE_MEMBER long length() const { return end - begin; }
};

template <class Index>
void max_forward(const float* x, float* y, Index* index, const Adaptive& s) {
    for_rows(s.N * s.OH, s.OW * s.C * 4, [=](long begin, long end) {
        for (long line = begin; line < end; line++) {
            const Bin rows(line % s.OH, s.H, s.OH);
            for (long j = 0; j < s.OW; j++) {
                const Bin columns(j, s.W, s.OW);
                for_channels(s.C, [=](long c, auto lanes) {
                    const float* image = x + line / s.OH * s.H * s.W * s.C + c;
                    const long first = rows.begin * s.W + columns.begin;
                    auto best = lanes.load(image + first * s.C);
                    auto winner = lanes.splat((int32_t)first);
                    for (long h = rows.begin; h < rows.end; h++)
                        for (long w = columns.begin; w < columns.end; w++) {
                            auto value = lanes.load(image + (h * s.W + w) * s.C);
                            auto wins = (value > best) | ((value != value) & (best == best));  // the first nan stays
                            winner = wins ? lanes.splat((int32_t)(h * s.W + w)) : winner;
                            best = wins ? value : best;
                        }
                    lanes.store(y + (line * s.OW + j) * s.C + c, best);
                    lanes.store_index(index + (line * s.OW + j) * s.C + c, winner);
                });
            }
        }
    });
}

// f(lanes, place in grad_y of a bin's channels, how many positions the bin has, number of the pixel in its image) is
// what a pixel gets from a bin.
template <class F>
INLINE void for_pixels(float* grad_x, const Adaptive& s, F f) {
    for_rows(s.N * s.H, s.W * s.C * 4, [=](long begin, long end) {
        float *heights = scratch(LOCAL, s.OH + s.OW), *widths = heights + s.OH;
        for (long i = 0; i < s.OH; i++) heights[i] = (float)Bin(i, s.H, s.OH).length();
        for (long j = 0; j < s.OW; j++) widths[j] = (float)Bin(j, s.W, s.OW).length();
        for (long line = begin; line < end; line++) {
            const long n = line / s.H, h = line % s.H;
            const Bin above(h, s.OH, s.H);
            for (long w = 0; w < s.W; w++) {
                const Bin beside(w, s.OW, s.W);
                for_channels(s.C, [=](long c, auto lanes) {
                    auto sum = lanes.zero();
                    for (long i = above.begin; i < above.end; i++)
                        for (long j = beside.begin; j < beside.end; j++)
                            sum += f(lanes, ((n * s.OH + i) * s.OW + j) * s.C + c, heights[i] * widths[j], h * s.W + w);
                    lanes.store(grad_x + (line * s.W + w) * s.C + c, sum);
                });
            }
        }
    });
}

template <class Index>
void max_backward(const float* grad_y, const Index* index, float* grad_x, const Adaptive& s) {
    for_pixels(grad_x, s, [=](auto lanes, long place, float, long pixel) {
        return lanes.load_index(index + place) == lanes.splat((int32_t)pixel) ? lanes.load(grad_y + place) : lanes.zero();
    });
}

}  // namespace

void adaptive_avg_pool2d_forward(const float* x, float* y, const Adaptive& s) {
    for_rows(s.N * s.OH, s.OW * s.C * 4, [=](long begin, long end) {
        for (long line = begin; line < end; line++) {
            const Bin rows(line % s.OH, s.H, s.OH);
            for (long j = 0; j < s.OW; j++) {
                const Bin columns(j, s.W, s.OW);
                for_channels(s.C, [=](long c, auto lanes) {
                    const float* image = x + line / s.OH * s.H * s.W * s.C + c;
                    auto sum = lanes.zero();
                    for (long h = rows.begin; h < rows.end; h++) {  // rows by themselves: less is lost by rounding
                        auto row = lanes.zero();
                        for (long w = columns.begin; w < columns.end; w++) row += lanes.load(image + (h * s.W + w) * s.C);
                        sum += row;
                    }
                    lanes.store(y + (line * s.OW + j) * s.C + c, sum / (float)(rows.length() * columns.length()));
                });
            }
        }
    });
}

void adaptive_avg_pool2d_backward(const float* grad_y, float* grad_x, const Adaptive& s) {
    for_pixels(grad_x, s, [=](auto lanes, long place, float positions, long) {
        return lanes.load(grad_y + place) / positions;
    });
}

void adaptive_max_pool2d_forward(const float* x, float* y, void* index, long index_bytes, const Adaptive& s) {
    if (index_bytes == 1) max_forward(x, y, (uint8_t*)index, s);
    else if (index_bytes == 2) max_forward(x, y, (uint16_t*)index, s);
    else max_forward(x, y, (uint32_t*)index, s);
}

void adaptive_max_pool2d_backward(const float* grad_y, const void* index, long index_bytes, float* grad_x,
                                  const Adaptive& s) {
    if (index_bytes == 1) max_backward(grad_y, (const uint8_t*)index, grad_x, s);
    else if (index_bytes == 2) max_backward(grad_y, (const uint16_t*)index, grad_x, s);
    else max_backward(grad_y, (const uint32_t*)index, grad_x, s);
}

PELLUCID_CLOSE
