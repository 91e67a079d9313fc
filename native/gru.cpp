// Twins of ops/gru.py.  Lanes are units of the state, or outputs of a product.
#include "recurrent.hpp"

PELLUCID_OPEN

namespace {

struct Parts {
    vf r, z, n;
};

INLINE Parts load_parts(const float* at, long H, long lanes) {
    return {load_lanes(at, lanes), load_lanes(at + H, lanes), load_lanes(at + 2 * H, lanes)};
}
INLINE void store_parts(float* at, long H, long lanes, Parts p) {
    store_lanes(at, p.r, lanes);
    store_lanes(at + H, p.z, lanes);
    store_lanes(at + 2 * H, p.n, lanes);
}
INLINE Parts operator+(Parts a, Parts b) { return {a.r + b.r, a.z + b.z, a.n + b.n}; }

// From the inputs' products in `gates` to the states.  y, inner and h_before may be null.
INLINE void run_steps(const Sequence& s, const float* panels, const float* bias_ih, const float* bias_hh,
                      const float* h0, const uint8_t* mask, float* y, float* h_n, float* gates, float* inner,
                      float* h_before) {
    const long T = s.T, H = s.H, G = 3 * H;
    const bool reverse = s.reverse;
    for_blocks(s.N, [=](long first, long count) {
        const long stride = round_up(G, PANEL);
        float *sums = scratch(LOCAL, count * stride), *h = h_n + first * H;  // the state that is carried on
        copy_or_clear(h, h0 ? h0 + first * H : nullptr, count * H);
        for (long step = 0; step < T; step++) {
            const long t = reverse ? T - 1 - step : step;
            if (step || h0) rows_by_panels(count, H, h, H, panels, G, sums, stride);
            else memset(sums, 0, count * stride * sizeof(float));
            for (long n = 0; n < count; n++) {
                const long place = (first + n) * T + t;
                if (h_before) memcpy(h_before + place * H, h + n * H, H * sizeof(float));
                const bool counts = !mask || mask[place];
                for_units(H, [=](long k, long lanes) {
                    Parts a = load_parts(gates + place * G + k, H, lanes), b = load_parts(sums + n * stride + k, H, lanes);
                    if (bias_ih) a = a + load_parts(bias_ih + k, H, lanes);
                    if (bias_hh) b = b + load_parts(bias_hh + k, H, lanes);
                    Parts gate = {logistic(a.r + b.r), logistic(a.z + b.z), zero()};
                    gate.n = tanh(madd(gate.r, b.n, a.n));
                    store_parts(gates + place * G + k, H, lanes, gate);
                    if (inner) store_lanes(inner + place * H + k, b.n, lanes);
                    vf before = load_lanes(h + n * H + k, lanes);
                    vf now = madd(1.0f - gate.z, gate.n, gate.z * before);
                    if (y) store_lanes(y + place * H + k, counts ? now : zero(), lanes);
                    if (counts) store_lanes(h + n * H + k, now, lanes);
                });
            }
        }
    });
}

}  // namespace

void gru_forward(const Sequence& s, const float* x, const float* weight_ih, const float* weight_hh,
                 const float* bias_ih, const float* bias_hh, const float* h0, const uint8_t* mask, float* y, float* h_n,
                 float* gates, float* inner, float* h_before) {
    if (!s.N || !s.H) return;
    const float* panels = multiply_inputs(s, 3, x, weight_ih, weight_hh, h0, gates);
    run_steps(s, panels, bias_ih, bias_hh, h0, mask, y, h_n, gates, inner, h_before);
}

void gru_run(const Sequence& s, const float* x, const float* packed, const float* bias_ih, const float* bias_hh,
             float* y, float* h_n) {
    const long G = 3 * s.H;
    float *gates = scratch(SHARDS, s.N * s.T * G + s.N * s.H), *h = gates + s.N * s.T * G;
    linear_run(x, packed, nullptr, gates, s.N * s.T, s.I, G, false);
    run_steps(s, packed + linear_packed_size(s.I, G), bias_ih, bias_hh, nullptr, nullptr, y, h_n ? h_n : h, gates,
              nullptr, nullptr);
}

void gru_backward(const Sequence& s, const float* x, const float* weight_ih, const float* weight_hh,
                  const uint8_t* mask, const float* gates, const float* inner, const float* h_before,
                  const float* grad_y, const float* grad_h_n, float* grad_x, float* grad_weight_ih,
                  float* grad_weight_hh, float* grad_bias_ih, float* grad_bias_hh, float* grad_h0) {
    const long N = s.N, T = s.T, H = s.H, G = 3 * H;
    const bool reverse = s.reverse;
    float *outer = scratch(SHARDS, 2 * N * T * G), *past = outer + N * T * G;  // da and db of ops/gru.py
    float* panels = scratch(PACKED, panel_count(H) * PANEL * G);
    if (T > 1 || grad_h0) pack_panels(weight_hh, panels, G, H);
    for_blocks(N, [=](long first, long count) {
        const long stride = round_up(H, PANEL);
        float *h = scratch(LOCAL, 2 * count * stride), *sums = h + count * stride;
        for (long n = 0; n < count; n++)
            copy_or_clear(h + n * stride, grad_h_n ? grad_h_n + (first + n) * H : nullptr, H);
        for (long step = T - 1; step >= 0; step--) {
            const long t = reverse ? T - 1 - step : step;
            for (long n = 0; n < count; n++) {
                const long place = (first + n) * T + t;
                if (mask && !mask[place]) {
                    memset(outer + place * G, 0, G * sizeof(float));
                    memset(past + place * G, 0, G * sizeof(float));
                    continue;
                }
                for_units(H, [=](long k, long lanes) {
                    Parts a = load_parts(gates + place * G + k, H, lanes);
                    vf up = load_lanes(h + n * stride + k, lanes);
                    if (grad_y) up += load_lanes(grad_y + place * H + k, lanes);
                    Parts d;
                    d.n = up * (1.0f - a.z) * (1.0f - a.n * a.n);
                    d.z = up * (load_lanes(h_before + place * H + k, lanes) - a.n) * a.z * (1.0f - a.z);
                    d.r = d.n * load_lanes(inner + place * H + k, lanes) * a.r * (1.0f - a.r);
                    store_parts(outer + place * G + k, H, lanes, d);
                    store_parts(past + place * G + k, H, lanes, {d.r, d.z, d.n * a.r});
                    store_lanes(h + n * stride + k, up * a.z, lanes);  // what goes straight to the step before
                });
            }
            if (!step && !grad_h0) break;
            rows_by_panels(count, G, past + (first * T + t) * G, T * G, panels, H, sums, stride);
            for (long n = 0; n < count; n++) {
                if (mask && !mask[(first + n) * T + t]) continue;
                float *target = h + n * stride, *added = sums + n * stride;
                for_units(H, [=](long k, long lanes) {
                    store_lanes(target + k, load_lanes(target + k, lanes) + load_lanes(added + k, lanes), lanes);
                });
            }
        }
        for (long n = 0; grad_h0 && n < count; n++)
            memcpy(grad_h0 + (first + n) * H, h + n * stride, H * sizeof(float));
    });
    linear_backward(outer, nullptr, x, weight_ih, grad_x, grad_weight_ih, grad_bias_ih, N * T, s.I, G);
    linear_backward(past, nullptr, h_before, weight_hh, nullptr, grad_weight_hh, grad_bias_hh, N * T, H, G);
}

PELLUCID_CLOSE
