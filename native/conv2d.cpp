// conv2d forward: the choice of an algorithm, and the direct one.
//
// Direct: a tile of up to 14 pixels x 2 vectors of output channels stays in registers while the taps and channels go by.
// The tiles of one row of windows make a strip that stays in the cache, where bias, ReLU and pooling follow.
#include "conv2d.hpp"

#include "transpose.hpp"

PELLUCID_OPEN

namespace {

constexpr long STRIP_PIXELS = 64;  // about; without pooling a strip takes as many whole rows

}  // namespace

// Rows of y that are made together.
long rows_at_once(const Conv& s, const Finish& f) {
    return f.pooling != NO_POOL ? f.KH : max(1, STRIP_PIXELS / max(1, s.OW));
}

void direct_pack(const Conv& s, const float* weight, float* packed) {
    const long C = s.C / s.groups, O = s.O / s.groups, T = s.taps(), panels = panel_count(O);
    parallel_for(s.groups * panels, [=](long item) {
        long group = item / panels, panel = item % panels;
        pack_outputs(weight + group * O * C * T, panel * PANEL, min(PANEL, O - panel * PANEL), C, T,
                     packed + item * C * T * PANEL);
    });
}

// Strips [begin, end) of one sample.
void direct_strips(const Conv& s, const Finish& f, const float* image, const float* packed, const float* bias, float* y,
                   uint8_t* passed, long begin, long end) {
    const long C = s.C / s.groups, O = s.O / s.groups, panels = panel_count(O);
    const long rows = rows_at_once(s, f), width = f.OW * f.KW, all = f.OH * f.KH;
    const long reach = s.DH * (s.KH - 1) + 1;
    const long first = begin * rows * s.SH, last = (min(end * rows, all) - 1) * s.SH + reach;
    float* strip = scratch(LOCAL, rows * width * PANEL + padded_floats(s, last - first));
    long row_length;
    const float* x = padded_rows(s, image, first, last, false, strip + rows * width * PANEL, &row_length);
    long* pixels = (long*)scratch(LISTS, 2 * rows * width);
    for (long r = 0, m = 0; r < rows; r++)
        for (long j = 0; j < width; j++) pixels[m++] = r * s.SH * row_length + j * s.SW * s.C;
    const TapSums taps = tap_sums(s, row_length);
    for (long group = 0; group < s.groups; group++)
        for (long panel = 0; panel < panels; panel++) {
            const float* weights = packed + (group * panels + panel) * s.taps() * C * PANEL;
            const int vectors = panel_vectors(O, panel);
            const long o = group * O + panel * PANEL, count = min(PANEL, O - panel * PANEL);
            for (long i = begin; i < end; i++) {
                const long row = i * rows, here = min(rows, all - row);
                sum_taps(taps, here * width, vectors, x + (row * s.SH - first) * row_length + group * C, pixels, weights,
                         strip, PANEL);
                for (long r = 0; r < here; r += f.KH) {
                    const long at = ((row + r) / f.KH * f.OW) * s.O + o;
                    finish_row(f, strip + r * width * PANEL, width, PANEL, bias ? bias + o : nullptr, count, y + at,
                               passed ? passed + at : nullptr, s.O);
                }
            }
        }
}

namespace {

void direct_run(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                uint8_t* passed) {
    const long rows = rows_at_once(s, f), strips = (f.OH * f.KH + rows - 1) / rows;
    // A sample is one piece of work, unless there are too few of them.
    const long bands = max(1, min(strips, (2 * thread_count() + s.N - 1) / s.N));
    parallel_for(s.N * bands, [=](long item) {
        const long n = item / bands, band = item % bands, place = n * f.OH * f.OW * s.O;
        direct_strips(s, f, x + n * s.H * s.W * s.C, packed, bias, y + place, passed ? passed + place : nullptr,
                      band * strips / bands, (band + 1) * strips / bands);
    });
}

}  // namespace

void pack_outputs(const float* weight, long first, long count, long C, long T, float* packed) {
    if (count < PANEL) memset(packed, 0, C * T * PANEL * sizeof(float));
    const float* source = weight + first * C * T;
    const long K = C * T;
    alignas(64) float block[64];
    for (long o = 0; o < count; o += 8)
        for (long k = 0; k < K; k += 8) {
            const long outputs = min(8, count - o), columns = min(8, K - k);
            transpose(source + o * K + k, K, block, 8, outputs, columns);
            for (long j = 0; j < columns; j++) {  // (c, tap) becomes (tap, c)
                const long c = (k + j) / T, tap = (k + j) % T;
                memcpy(packed + (tap * C + c) * PANEL + o, block + j * 8, outputs * sizeof(float));
            }
        }
}

Algorithm algorithm_of(const Conv& s, const Finish& f, bool exact) {
    if (few_channels_fit(s, f)) return FEW_CHANNELS;
    if (is_depthwise(s)) return DEPTHWISE;
    if (exact || !winograd_fits(s)) return DIRECT;
    if (f.pooling != NO_POOL && (f.KH != 2 || f.KW != 2)) return DIRECT;
    // Before a pool the larger tiles gain 1.5 on 28 x 28 outputs, 1.2 on 14 x 14, where the smaller rounding is kept.
    if (f.pooling != NO_POOL) return min(f.OH, f.OW) >= 10 ? WINOGRAD_4 : WINOGRAD_2;
    return s.OH >= 6 && s.OW >= 6 ? WINOGRAD_4 : DIRECT;  // smaller images waste the tiles at their edges
}

long conv2d_packed_size(const Conv& s, const Finish& f, bool exact) {
    switch (algorithm_of(s, f, exact)) {
        case FEW_CHANNELS: return few_channels_packed_size(s);
        case DEPTHWISE: return depthwise_packed_size(s);
        case WINOGRAD_2: return winograd_packed_size(s, 2);
        case WINOGRAD_4: return winograd_packed_size(s, 4);
        default: return s.groups * panel_count(s.O / s.groups) * s.depth() * PANEL;
    }
}

void conv2d_pack(const Conv& s, const Finish& f, bool exact, const float* weight, float* packed) {
    switch (algorithm_of(s, f, exact)) {
        case FEW_CHANNELS: return few_channels_pack(s, weight, packed);
        case DEPTHWISE: return depthwise_pack(s, weight, packed);
        case WINOGRAD_2: return winograd_pack(s, 2, weight, packed);
        case WINOGRAD_4: return winograd_pack(s, 4, weight, packed);
        default: return direct_pack(s, weight, packed);
    }
}

void conv2d_run(const Conv& s, const Finish& f, bool exact, const float* x, const float* packed, const float* bias,
                float* y, uint8_t* passed) {
    if (!s.N || !f.OH || !f.OW) return;
    switch (algorithm_of(s, f, exact)) {
        case FEW_CHANNELS: return few_channels_run(s, f, x, packed, bias, y, passed);
        case DEPTHWISE: return depthwise_run(s, f, x, packed, bias, y, passed);
        case WINOGRAD_2: return winograd_run(s, f, 2, x, packed, bias, y, passed);
        case WINOGRAD_4: return winograd_run(s, f, 4, x, packed, bias, y, passed);
        default: return direct_run(s, f, x, packed, bias, y, passed);
    }
}

void conv2d_sample(const Conv& s, const Finish& f, bool exact, const float* x, const float* packed, const float* bias,
                   float* y, uint8_t* passed) {
    const long rows = rows_at_once(s, f);
    switch (algorithm_of(s, f, exact)) {
        case FEW_CHANNELS: return few_channels_sample(s, f, x, packed, bias, y, passed);
        case DEPTHWISE: return depthwise_sample(s, f, x, packed, bias, y, passed);
        case WINOGRAD_2: return winograd_sample(s, f, 2, x, packed, bias, y, passed);
        case WINOGRAD_4: return winograd_sample(s, f, 4, x, packed, bias, y, passed);
        default: return direct_strips(s, f, x, packed, bias, y, passed, 0, (f.OH * f.KH + rows - 1) / rows);
    }
}

void conv2d_forward(const Conv& s, const Finish& f, bool exact, const float* x, const float* weight, const float* bias,
                    float* y, uint8_t* passed) {
    float* packed = scratch(PACKED, conv2d_packed_size(s, f, exact));
    conv2d_pack(s, f, exact, weight, packed);
    conv2d_run(s, f, exact, x, packed, bias, y, passed);
}

PELLUCID_CLOSE
