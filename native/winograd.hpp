// Winograd's transforms for 3 x 3 kernels: a tile of M x M outputs from (M+2)^2 products instead of 9 M^2.
//
//     y = A' [ (G g G') . (B' d B) ] A       d: (M+2)^2 inputs, g: 3 x 3 weights, "." number by number
//
// A. Lavin and S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016.  F(2x2, 3x3) multiplies by 1 and
// 1/2 only and rounds like the direct sum; F(4x4, 3x3) rounds some ten times more.  The gradient of g follows by the
// chain rule, with d transformed as above:  grad_g = G' [ (B' d B) . (A grad_y A') ] G.
#pragma once
#include "simd.hpp"

PELLUCID_OPEN

template <int M>
struct Winograd;

template <>
struct Winograd<2> {
    static constexpr int TILE = 4, POINTS = 16;

    // B' d, G g and A' m of one column; `to` is `step` apart.
    static INLINE_MEMBER void input(const vf* d, vf* to, int step) {
        to[0] = d[0] - d[2];
        to[step] = d[1] + d[2];
        to[2 * step] = d[2] - d[1];
        to[3 * step] = d[1] - d[3];
    }
    static INLINE_MEMBER void kernel(const vf* g, vf* to, int step) {
        const vf even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
        to[0] = g[0];
        to[step] = even + odd;
        to[2 * step] = even - odd;
        to[3 * step] = g[2];
    }
    static INLINE_MEMBER void output(const vf* m, vf* to, int step) {
        to[0] = m[0] + m[1] + m[2];
        to[step] = m[1] - m[2] - m[3];
    }
};

template <>
struct Winograd<4> {
    static constexpr int TILE = 6, POINTS = 36;

    static INLINE_MEMBER void input(const vf* d, vf* to, int step) {
        const vf a = d[4] - d[2] * 4.0f, b = d[3] - d[1] * 4.0f, c = d[4] - d[2], e = (d[3] - d[1]) * 2.0f;
        to[0] = d[0] * 4.0f - d[2] * 5.0f + d[4];
        to[step] = a + b;
        to[2 * step] = a - b;
        to[3 * step] = c + e;
        to[4 * step] = c - e;
        to[5 * step] = d[1] * 4.0f - d[3] * 5.0f + d[5];
    }
    static INLINE_MEMBER void kernel(const vf* g, vf* to, int step) {
        const vf sixth = splat(1.0f / 6), even = (g[0] + g[2]) * sixth, odd = g[1] * sixth;
        const vf far = g[0] * splat(1.0f / 24) + g[2] * sixth, mid = g[1] * splat(1.0f / 12);
        to[0] = g[0] * 0.25f;
        to[step] = -even - odd;
        to[2 * step] = odd - even;
        to[3 * step] = far + mid;
        to[4 * step] = far - mid;
        to[5 * step] = g[2];
    }
    static INLINE_MEMBER void output(const vf* m, vf* to, int step) {
        const vf a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
        to[0] = m[0] + a + c;
        to[step] = b + d * 2.0f;
        to[2 * step] = a + c * 4.0f;
        to[3 * step] = b + d * 8.0f + m[5];
    }
    // The ways back: A g of the outputs' gradient, and G' u of the points' products.
    static INLINE_MEMBER void output_gradient(const vf* g, vf* to, int step) {
        const vf a = g[0] + g[2], b = g[1] + g[3], c = g[0] + g[2] * 4.0f, d = g[1] * 2.0f + g[3] * 8.0f;
        to[0] = g[0];
        to[step] = a + b;
        to[2 * step] = a - b;
        to[3 * step] = c + d;
        to[4 * step] = c - d;
        to[5 * step] = g[3];
    }
    static INLINE_MEMBER void kernel_gradient(const vf* u, vf* to, int step) {
        const vf sixth = splat(1.0f / 6), near = (u[1] + u[2]) * sixth, far = u[3] + u[4];
        to[0] = u[0] * 0.25f - near + far * splat(1.0f / 24);
        to[step] = (u[2] - u[1]) * sixth + (u[3] - u[4]) * splat(1.0f / 12);
        to[2 * step] = far * sixth - near + u[5];
    }
};

PELLUCID_CLOSE
