// conv2d backward over all outputs.
//
// grad_x is a convolution itself: of grad_y, spread out by the stride and padded, with the kernel turned round.
// grad_weight holds a tile of taps x outputs in registers while the pixels of a strip go by.
#include "conv2d_gradient.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

constexpr long STRIP_FLOATS = 4096;  // of the gradient: half of what the first cache holds

template <Pooling POOLING, class K>
void expand_row(const Gradient& g, const K& k, long at, float* target, long step, long row_step, float* bias) {
    const long O = g.s.O, OW = g.f.OW, taps = k.KH * k.KW, KW = k.KW;
    const float *grad_y = g.grad_y + at, *y_relu = g.y_relu ? g.y_relu + at : nullptr;
    const uint8_t* passed_at = g.passed ? g.passed + at : nullptr;
    for (long o = 0; o < O; o += WIDTH) {
        const long lanes = min(WIDTH, O - o);
        vf sum = load(bias + o);
        for (long j = 0; j < OW; j++) {
            const long from = j * O + o;
            float* to = target + j * KW * step + o;
            vf value = load_lanes(grad_y + from, lanes);
            if (POOLING == NO_POOL) {
                if (y_relu) value = load_lanes(y_relu + from, lanes) > 0.0f ? value : zero();
                store(to, value);
                sum += value;
                continue;
            }
            // Averages without ReLU let everything pass.
            const vi passed = passed_at ? load_byte_lanes(passed_at + from, lanes) : splat_int(255);
            if (POOLING == AVG_POOL) value /= splat((float)taps);
            for (long u = 0, tap = 0; u < k.KH; u++)
                for (long v = 0; v < KW; v++, tap++) {
                    const vi open = POOLING == MAX_POOL ? passed == splat_int((int)tap)
                                                        : (passed & splat_int(1 << tap)) != (vi){};
                    const vf share = open ? value : zero();
                    store(to + u * row_step + v * step, share);
                    if (POOLING == AVG_POOL) sum += share;
                }
            if (POOLING == MAX_POOL) sum += passed < splat_int((int)taps) ? value : zero();
        }
        store(bias + o, sum);
    }
}

struct TwoByTwo {
    static constexpr long KH = 2, KW = 2;
};

}  // namespace

void expand_rows(const Gradient& g, long sample, long first, long end, float* target, long step, long row_step,
                 float* bias) {
    if (g.norm) return expand_norm_rows(g, sample, first, end, target, step, row_step, bias);
    const Finish& f = g.f;
    for (long i = first; i < end; i++, target += f.KH * row_step) {
        const long at = sample * g.sample_y() + i * f.OW * g.s.O;
        if (f.pooling == NO_POOL) expand_row<NO_POOL>(g, f, at, target, step, row_step, bias);
        else if (f.pooling == AVG_POOL) expand_row<AVG_POOL>(g, f, at, target, step, row_step, bias);
        else if (f.KH == 2 && f.KW == 2) expand_row<MAX_POOL>(g, TwoByTwo(), at, target, step, row_step, bias);
        else expand_row<MAX_POOL>(g, f, at, target, step, row_step, bias);
    }
}

Turned turned(const Conv& s) {
    Conv t = s;
    t.C = s.O, t.O = s.C, t.SH = t.SW = 1, t.top = t.bottom = t.left = t.right = 0;
    t.H = s.H + (s.KH - 1) * s.DH, t.W = s.W + (s.KW - 1) * s.DW;
    t.OH = s.H, t.OW = s.W;
    return {t, (s.KH - 1) * s.DH - s.top, (s.KW - 1) * s.DW - s.left};
}

void turn_weights(const Conv& s, const float* weight, float* target) {
    const long C = s.C / s.groups, O = s.O / s.groups, T = s.taps();
    parallel_for(s.C, [=](long c) {
        const long group = c / C;
        for (long o = 0; o < O; o++) {
            const float* from = weight + ((group * O + o) * C + c % C) * T;
            float* to = target + (c * O + o) * T;
            for (long tap = 0; tap < T; tap++) to[T - 1 - tap] = from[tap];
        }
    });
}

namespace {

void input_gradient(const Gradient& g, const Turned& turned, const float* packed, long sample) {
    const Conv &s = g.s, &t = turned.s;
    const Finish none{false, NO_POOL, 1, 1, t.OH, t.OW};
    const long row_length = t.W * t.C, step = round_up(s.O, WIDTH), width = g.f.OW * g.f.KW;
    float* image = scratch(PADDED, t.H * row_length + WIDTH + (g.f.KH * width + 1) * step);
    float* rows_of_y = image + t.H * row_length + WIDTH;
    float* unused = rows_of_y + g.f.KH * width * step;  // sums that nobody asked for
    memset(image, 0, t.H * row_length * sizeof(float));
    for (long i = 0; i < g.f.OH; i++) {
        expand_rows(g, sample, i, i + 1, rows_of_y, step, width * step, unused);
        for (long u = 0; u < g.f.KH; u++) {
            const long h = (i * g.f.KH + u) * s.SH + turned.top;
            if (h < 0 || h >= t.H) continue;
            for (long j = 0; j < width; j++) {
                const long w = j * s.SW + turned.left;
                if (w >= 0 && w < t.W)
                    memcpy(image + h * row_length + w * s.O, rows_of_y + (u * width + j) * step, s.O * sizeof(float));
            }
        }
    }
    const long rows = rows_at_once(t, none);
    direct_strips(t, none, image, packed, nullptr, g.grad_x + sample * g.sample_x(), nullptr, 0, (t.OH + rows - 1) / rows);
}

// Adds one sample's share to the sums: weights as packed, [group][panel][tap][channel][lane], then the bias.
void add_weight_gradient(const Gradient& g, long sample, float* sums, const long* taps, const float* x,
                         long row_length) {
    const Conv& s = g.s;
    const long O = s.O / s.groups, C = s.C / s.groups, panels = panel_count(O), K = s.depth();
    const Finish& f = g.f;
    const long step = round_up(s.O, WIDTH), width = f.OW * f.KW, row_step = f.KH * width * step;
    const long at_once = max(1, STRIP_FLOATS / max(1, row_step));  // rows of windows
    float* strip = scratch(LOCAL, at_once * row_step + PANEL);
    float* bias = sums + s.groups * panels * K * PANEL;
    for (long i = 0; i < f.OH; i += at_once) {
        const long rows = min(at_once, f.OH - i);
        expand_rows(g, sample, i, i + rows, strip, step, width * step, bias);
        const float* from = x + i * f.KH * s.SH * row_length;
        const Sum sum{rows * f.KH, width, s.SH * row_length, s.SW * s.C, step};
        for (long group = 0; group < s.groups; group++)
            for (long panel = 0; panel < panels; panel++)
                tiles(K, panel_vectors(O, panel), sum, from + group * C, taps, strip + group * O + panel * PANEL,
                      sums + (group * panels + panel) * K * PANEL, PANEL, true);
    }
}

// The packed sums of one panel back into rows (C, T) of grad_weight.
void unpack_outputs(const float* sums, long count, long C, long T, float* grad_weight) {
    for (long o = 0; o < count; o++)
        for (long c = 0; c < C; c++)
            for (long tap = 0; tap < T; tap++) grad_weight[(o * C + c) * T + tap] = sums[(tap * C + c) * PANEL + o];
}

}  // namespace

void dense_backward(const Gradient& g) {
    const Conv& s = g.s;
    const long C = s.C / s.groups, O = s.O / s.groups, T = s.taps(), K = s.depth(), panels = panel_count(O);
    const Turned back = turned(s);
    float* packed = nullptr;
    if (g.grad_x) {
        const long size = s.groups * panel_count(C) * O * T * PANEL;
        packed = scratch(PACKED, size + s.O * K);
        turn_weights(s, g.weight, packed + size);
        direct_pack(back.s, packed + size, packed);
    }
    const long floats = s.groups * panels * K * PANEL + round_up(s.O, 16);
    float* sums = for_shards(s.N, floats, [=](float* mine, long begin, long end) {
        memset(mine, 0, floats * sizeof(float));
        const long padded = round_up(padded_floats(s, s.padded_height()), 16);
        for (long n = begin; n < end; n++) {
            if (g.grad_x) input_gradient(g, back, packed, n);
            long row_length;
            float* buffer = scratch(PADDED, padded + 2 * K);
            const float* x = padded_rows(s, g.x + n * g.sample_x(), 0, s.padded_height(), false, buffer, &row_length);
            long* taps = (long*)(buffer + padded);
            for (long u = 0, k = 0; u < s.KH; u++)
                for (long v = 0; v < s.KW; v++)
                    for (long c = 0; c < C; c++) taps[k++] = u * s.DH * row_length + v * s.DW * s.C + c;
            add_weight_gradient(g, n, mine, taps, x, row_length);
        }
    });
    parallel_for(s.groups * panels, [=](long item) {
        const long group = item / panels, panel = item % panels;
        add_shards(sums + item * K * PANEL, s.N, floats, K * PANEL);
        unpack_outputs(sums + item * K * PANEL, min(PANEL, O - panel * PANEL), C, T,
                       g.grad_weight + (group * O + panel * PANEL) * K);
    });
    if (!g.grad_bias) return;
    float* bias = sums + s.groups * panels * K * PANEL;
    add_shards(bias, s.N, floats, s.O);
    memcpy(g.grad_bias, bias, s.O * sizeof(float));
}

void backward(const Gradient& g) {
    if (is_depthwise(g.s)) depthwise_backward(g);
    else if (is_sparse(g.s, g.f)) sparse_backward(g);
    else if (winograd_gradient_fits(g.s, g.exact)) winograd_backward(g);
    else dense_backward(g);
}

void conv2d_backward(const Conv& s, const Finish& f, bool exact, const float* grad_y, const uint8_t* passed,
                     const float* y_relu, const float* x, const float* weight, float* grad_x, float* grad_weight,
                     float* grad_bias) {
    backward({s, f, grad_y, passed, y_relu, x, weight, grad_x, grad_weight, grad_bias, exact, nullptr});
}

PELLUCID_CLOSE
