// Twins of ops/im2col.py: windows of images (N, H, W, C) as columns (N, C * KH * KW, OH * OW), and back.
#include "kernels.hpp"
#include "rows.hpp"

PELLUCID_OPEN

namespace {

constexpr long AT_ONCE = 16;  // channels: a cache line of each pixel

// f(n, c, count, planes): some channels of a sample, with room for them as planes of H x W.
template <class F>
INLINE void for_planes(const Conv& s, F f) {
    const long parts = (s.C + AT_ONCE - 1) / AT_ONCE;
    parallel_for(s.N * parts, [=](long item) {
        const long c = item % parts * AT_ONCE;
        f(item / parts, c, min(AT_ONCE, s.C - c), scratch(LOCAL, AT_ONCE * s.H * s.W));
    });
}

// f(places of a line of outputs in the columns and in the plane, outputs from j to end) for all lines of tap (u, v);
// what lies in the border has no place in the plane, and j >= end.
template <class F>
INLINE void for_lines(const Conv& s, long u, long v, F f) {
    const long start = v * s.DW - s.left;  // column of output 0
    const long first = start < 0 ? (-start + s.SW - 1) / s.SW : 0;
    const long last = start < s.W ? min(s.OW, (s.W - 1 - start) / s.SW + 1) : 0;
    for (long i = 0; i < s.OH; i++) {
        const long row = i * s.SH + u * s.DH - s.top;
        const bool inside = row >= 0 && row < s.H;
        f(i * s.OW, row * s.W + start, min(first, s.OW), inside ? last : 0);
    }
}

}  // namespace

void im2col(const Conv& s, const float* image, float* columns) {
    const long plane = s.H * s.W, outputs = s.OH * s.OW, taps = s.taps();
    for_planes(s, [=](long n, long c, long count, float* planes) {
        transpose(image + n * plane * s.C + c, s.C, planes, plane, plane, count);
        for (long k = 0; k < count; k++)
            for (long tap = 0; tap < taps; tap++) {
                float* target = columns + ((n * s.C + c + k) * taps + tap) * outputs;
                const float* source = planes + k * plane;
                for_lines(s, tap / s.KW, tap % s.KW, [=](long line, long place, long j, long end) {
                    if (j >= end) {
                        memset(target + line, 0, s.OW * sizeof(float));
                        return;
                    }
                    memset(target + line, 0, j * sizeof(float));
                    memset(target + line + end, 0, (s.OW - end) * sizeof(float));
                    if (s.SW == 1) memcpy(target + line + j, source + place + j, (end - j) * sizeof(float));
                    else
                        for (long o = j; o < end; o++) target[line + o] = source[place + o * s.SW];
                });
            }
    });
}

// Taps in their order: each pixel sums what comes to it in reading order of the kernel.
void col2im(const Conv& s, const float* columns, float* image) {
    const long plane = s.H * s.W, outputs = s.OH * s.OW, taps = s.taps();
    for_planes(s, [=](long n, long c, long count, float* planes) {
        memset(planes, 0, count * plane * sizeof(float));
        for (long k = 0; k < count; k++)
            for (long tap = 0; tap < taps; tap++) {
                const float* source = columns + ((n * s.C + c + k) * taps + tap) * outputs;
                float* target = planes + k * plane;
                for_lines(s, tap / s.KW, tap % s.KW, [=](long line, long place, long j, long end) {
                    for (long o = j; o < end; o++) target[place + o * s.SW] += source[line + o];
                });
            }
        transpose(planes, plane, image + n * plane * s.C + c, s.C, count, plane);
    });
}

PELLUCID_CLOSE
