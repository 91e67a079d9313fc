// Twins of ops/lstm.py.  Lanes are units of the state, or outputs of a product.
#include "recurrent.hpp"

PELLUCID_OPEN

namespace {

struct Gates {
    vf i, f, g, o;
};

INLINE Gates load_gates(const float* at, long H, long lanes) {
    return {load_lanes(at, lanes), load_lanes(at + H, lanes), load_lanes(at + 2 * H, lanes), load_lanes(at + 3 * H, lanes)};
}
INLINE void store_gates(float* at, long H, long lanes, Gates z) {
    store_lanes(at, z.i, lanes);
    store_lanes(at + H, z.f, lanes);
    store_lanes(at + 2 * H, z.g, lanes);
    store_lanes(at + 3 * H, z.o, lanes);
}
INLINE Gates operator+(Gates a, Gates b) { return {a.i + b.i, a.f + b.f, a.g + b.g, a.o + b.o}; }

INLINE Gates open_gates(Gates z) { return {logistic(z.i), logistic(z.f), tanh(z.g), logistic(z.o)}; }

INLINE vf next_cell(Gates a, vf c) { return madd(a.f, c, a.i * a.g); }

// From the inputs' products in `gates` to the states.  y, h_before and c_before may be null.
INLINE void run_steps(const Sequence& s, const float* panels, const float* bias_ih, const float* bias_hh,
                      const float* h0, const float* c0, const uint8_t* mask, float* y, float* h_n, float* c_n,
                      float* gates, float* h_before, float* c_before) {
    const long T = s.T, H = s.H, G = 4 * H;
    const bool reverse = s.reverse;
    for_blocks(s.N, [=](long first, long count) {
        const long stride = round_up(G, PANEL);
        float* sums = scratch(LOCAL, count * stride);
        float *h = h_n + first * H, *c = c_n + first * H;  // the state that is carried on
        copy_or_clear(h, h0 ? h0 + first * H : nullptr, count * H);
        copy_or_clear(c, c0 ? c0 + first * H : nullptr, count * H);
        for (long step = 0; step < T; step++) {
            const long t = reverse ? T - 1 - step : step;
            const bool moved = step || h0, kept = step || c0;  // else h is zero, and c
            if (moved) rows_by_panels(count, H, h, H, panels, G, sums, stride);
            for (long n = 0; n < count; n++) {
                const long place = (first + n) * T + t;
                if (h_before) memcpy(h_before + place * H, h + n * H, H * sizeof(float));
                if (c_before) memcpy(c_before + place * H, c + n * H, H * sizeof(float));
                const bool counts = !mask || mask[place];
                for_units(H, [=](long k, long lanes) {
                    float* at = gates + place * G + k;
                    Gates z = load_gates(at, H, lanes);
                    if (moved) z = z + load_gates(sums + n * stride + k, H, lanes);
                    if (bias_ih) z = z + (load_gates(bias_ih + k, H, lanes) + load_gates(bias_hh + k, H, lanes));
                    z = open_gates(z);
                    store_gates(at, H, lanes, z);
                    const vf cell = kept ? next_cell(z, load_lanes(c + n * H + k, lanes)) : z.i * z.g + 0.0f;
                    const vf shown = z.o * tanh(cell);
                    if (y) store_lanes(y + place * H + k, counts ? shown : zero(), lanes);
                    if (!counts) return;
                    store_lanes(c + n * H + k, cell, lanes);
                    store_lanes(h + n * H + k, shown, lanes);
                });
            }
        }
    });
}

}  // namespace

void lstm_forward(const Sequence& s, const float* x, const float* weight_ih, const float* weight_hh,
                  const float* bias_ih, const float* bias_hh, const float* h0, const float* c0, const uint8_t* mask,
                  float* y, float* h_n, float* c_n, float* gates, float* h_before, float* c_before) {
    if (!s.N || !s.H) return;
    const float* panels = multiply_inputs(s, 4, x, weight_ih, weight_hh, h0, gates);
    run_steps(s, panels, bias_ih, bias_hh, h0, c0, mask, y, h_n, c_n, gates, h_before, c_before);
}

void lstm_run(const Sequence& s, const float* x, const float* packed, const float* bias_ih, const float* bias_hh,
              float* y, float* h_n) {
    const long G = 4 * s.H;
    float *gates = scratch(SHARDS, s.N * s.T * G + 2 * s.N * s.H), *c = gates + s.N * s.T * G, *h = c + s.N * s.H;
    // The forget gate of a first step has nothing to forget.
    const long unwanted = s.T == 1 && s.H % PANEL == 0 ? s.H / PANEL : 0;
    linear_run_without(x, packed, nullptr, gates, s.N * s.T, s.I, G, false, unwanted, unwanted);
    run_steps(s, packed + linear_packed_size(s.I, G), bias_ih, bias_hh, nullptr, nullptr, nullptr, y, h_n ? h_n : h, c,
              gates, nullptr, nullptr);
}

void lstm_backward(const Sequence& s, const float* x, const float* weight_ih, const float* weight_hh,
                   const uint8_t* mask, const float* gates, const float* h_before, const float* c_before,
                   const float* grad_y, const float* grad_h_n, const float* grad_c_n, float* grad_x,
                   float* grad_weight_ih, float* grad_weight_hh, float* grad_bias_ih, float* grad_bias_hh,
                   float* grad_h0, float* grad_c0) {
    const long N = s.N, T = s.T, H = s.H, G = 4 * H;
    const bool reverse = s.reverse;
    float* dz = scratch(SHARDS, N * T * G);
    float* panels = scratch(PACKED, panel_count(H) * PANEL * G);
    if (T > 1 || grad_h0) pack_panels(weight_hh, panels, G, H);
    for_blocks(N, [=](long first, long count) {
        const long stride = round_up(H, PANEL);
        float *h = scratch(LOCAL, 3 * count * stride), *ahead = h + count * stride, *c = ahead + count * stride;
        for (long n = 0; n < count; n++) {
            copy_or_clear(h + n * stride, grad_h_n ? grad_h_n + (first + n) * H : nullptr, H);
            copy_or_clear(c + n * stride, grad_c_n ? grad_c_n + (first + n) * H : nullptr, H);
        }
        for (long step = T - 1; step >= 0; step--) {
            const long t = reverse ? T - 1 - step : step;
            for (long n = 0; n < count; n++) {
                const long place = (first + n) * T + t;
                float* at = dz + place * G;
                if (mask && !mask[place]) {
                    memset(at, 0, G * sizeof(float));
                    continue;
                }
                for_units(H, [=](long k, long lanes) {
                    Gates a = load_gates(gates + place * G + k, H, lanes);
                    vf before = load_lanes(c_before + place * H + k, lanes), shown = tanh(next_cell(a, before));
                    vf up = load_lanes(h + n * stride + k, lanes);
                    if (grad_y) up += load_lanes(grad_y + place * H + k, lanes);
                    vf into = madd(up * a.o, 1.0f - shown * shown, load_lanes(c + n * stride + k, lanes));
                    store_gates(at + k, H, lanes,
                                {into * a.g * a.i * (1.0f - a.i), into * before * a.f * (1.0f - a.f),
                                 into * a.i * (1.0f - a.g * a.g), up * shown * a.o * (1.0f - a.o)});
                    store_lanes(c + n * stride + k, into * a.f, lanes);
                });
            }
            if (!step && !grad_h0) break;
            rows_by_panels(count, G, dz + (first * T + t) * G, T * G, panels, H, ahead, stride);
            for (long n = 0; mask && n < count; n++)
                if (!mask[(first + n) * T + t]) memcpy(ahead + n * stride, h + n * stride, H * sizeof(float));
            float* done = h;
            h = ahead, ahead = done;
        }
        for (long n = 0; n < count; n++) {
            if (grad_h0) memcpy(grad_h0 + (first + n) * H, h + n * stride, H * sizeof(float));
            if (grad_c0) memcpy(grad_c0 + (first + n) * H, c + n * stride, H * sizeof(float));
        }
    });
    linear_backward(dz, nullptr, x, weight_ih, grad_x, grad_weight_ih, grad_bias_ih, N * T, s.I, G);
    if (T > 1 || grad_h0) linear_backward(dz, nullptr, h_before, weight_hh, nullptr, grad_weight_hh, nullptr, N * T, H, G);
    else memset(grad_weight_hh, 0, G * H * sizeof(float));  // what was before the only step is zero
    if (grad_bias_ih) memcpy(grad_bias_hh, grad_bias_ih, G * sizeof(float));
}

PELLUCID_CLOSE
