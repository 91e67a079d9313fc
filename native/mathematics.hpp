// exp, log, tanh and erf as polynomials, so that every machine gives the same bits.  The coefficients are minimax fits,
// rounded to float; tests/native/test_mathematics.py measures the errors.  nan passes through all of them.
#pragma once
#include "simd.hpp"

PELLUCID_OPEN

INLINE vf root(vf v) {
    vf r;
    for (int i = 0; i < WIDTH; i++) r[i] = __builtin_sqrtf(v[i]);
    return r;
}
INLINE vf magnitude(vf v) { return (vf)((vu)v & 0x7FFFFFFFu); }
INLINE vf with_sign_of(vf size, vf sign) { return (vf)((vu)size | ((vu)sign & 0x80000000u)); }

// exp(r) - 1 for |r| <= log(2) / 2.
INLINE vf exp_rest(vf r) {
    vf p = splat(1.974270417e-4f);
    p = madd(p, r, splat(1.393593266e-3f));
    p = madd(p, r, splat(8.333569393e-3f));
    p = madd(p, r, splat(4.166645557e-2f));
    p = madd(p, r, splat(1.666666567e-1f));
    p = madd(p, r, splat(0.5f));
    return madd(p, r * r, r);
}

// exp(x) = 2**n * exp(r) with n = round(x / log 2), so |r| <= log(2) / 2; exp(r) = 1 + r + r**2 * P(r).
INLINE vf exp(vf x) {
    constexpr float MAGIC = 12582912.0f;  // 1.5 * 2**23: adding it rounds to a whole number, which lies in the low bits
    x = x > 89.0f ? splat(89.0f) : x;     // exp(89) is infinite, exp(-104) is 0
    x = x < -104.0f ? splat(-104.0f) : x;
    vf shifted = madd(x, splat(1.44269504f), splat(MAGIC));
    vf n = shifted - MAGIC;
    vf r = madd(n, splat(-0.693359375f), x);  // log 2 in two parts: n times the first is exact
    r = madd(n, splat(2.12194440e-4f), r);
    vf p = exp_rest(r) + 1.0f;
    // 2**n as two factors: one alone would overflow before the product does, or vanish where it is denormal.
    vi whole = (vi)((vu)shifted - 0x4B400000u), half = whole >> 1;
    return p * (vf)((vu)(half + 127) << 23) * (vf)((vu)(whole - half + 127) << 23);
}

// exp(x) - 1, without cancellation near 0.
INLINE vf expm1(vf x) { return magnitude(x) < 0.34f ? exp_rest(x) : exp(x) - 1.0f; }

// 1 / (1 + exp(-x)); exp(-|x|) is at most 1: nothing overflows or cancels.
INLINE vf logistic(vf x) {
    vf power = exp(-magnitude(x));
    return (x < 0.0f ? power : splat(1.0f)) / (1.0f + power);
}

// log(x) = e * log 2 + log(1 + f) with x = 2**e * (1 + f), 1 + f from sqrt(1/2) to sqrt(2);
// log(1 + f) = f - f**2 / 2 + f**3 * P(f).
INLINE vf log(vf x) {
    vi tiny = x < 1.17549435e-38f;  // denormal: its exponent says nothing before it is scaled up
    vf scaled = tiny ? x * 16777216.0f : x;
    vi bits = (vi)((vu)scaled - 0x3F3504F3u);
    vi exponent = (bits >> 23) - (tiny & 24);
    vf f = (vf)((bits & 0x007FFFFF) + 0x3F3504F3) - 1.0f;
    vf p = splat(6.752706319e-2f);
    p = madd(p, f, splat(-1.167232618e-1f));
    p = madd(p, f, splat(1.188335642e-1f));
    p = madd(p, f, splat(-1.240590587e-1f));
    p = madd(p, f, splat(1.422033310e-1f));
    p = madd(p, f, splat(-1.666800082e-1f));
    p = madd(p, f, splat(2.000207305e-1f));
    p = madd(p, f, splat(-2.500000894e-1f));
    p = madd(p, f, splat(3.333331347e-1f));
    vf e = __builtin_convertvector(exponent, vf), square = f * f;
    vf y = madd(e, splat(-2.12194440e-4f), p * f * square);
    y = madd(square, splat(-0.5f), y);
    y = madd(e, splat(0.693359375f), f + y);
    const float infinity = __builtin_inff();
    y = x == infinity ? splat(infinity) : y;
    y = x == 0.0f ? splat(-infinity) : y;
    y = x < 0.0f ? splat(__builtin_nanf("")) : y;
    return x != x ? x : y;
}

// log(1 + x) for finite x >= 0: what 1 + x loses by rounding, the quotient gives back (W. Kahan).
INLINE vf log1p(vf x) {
    vf sum = 1.0f + x;
    return sum == 1.0f ? x : log(sum) * (x / (sum - 1.0f));
}

// Near 0 a polynomial in x**2, elsewhere 1 - 2 / (exp(2 |x|) + 1) with the sign of x.
INLINE vf tanh(vf x) {
    vf size = magnitude(x), square = x * x;
    vf p = splat(-5.665042903e-3f);
    p = madd(p, square, splat(2.060427517e-2f));
    p = madd(p, square, splat(-5.372936279e-2f));
    p = madd(p, square, splat(1.333132237e-1f));
    p = madd(p, square, splat(-3.333327770e-1f));
    vf near = madd(p * square, size, size), far = 1.0f - 2.0f / (exp(size + size) + 1.0f);
    return with_sign_of(size < 0.625f ? near : far, x);
}

// erf(x) for 0 <= x < ERF_NEAR: x + x * P(x**2).
constexpr float ERF_NEAR = 0.84f;
INLINE vf erf_near(vf x) {
    vf square = x * x;
    vf p = splat(7.558221114e-5f);
    p = madd(p, square, splat(-7.973551983e-4f));
    p = madd(p, square, splat(5.187793635e-3f));
    p = madd(p, square, splat(-2.685460821e-2f));
    p = madd(p, square, splat(1.128361672e-1f));
    p = madd(p, square, splat(-3.761262894e-1f));
    p = madd(p, square, splat(1.283791661e-1f));
    return madd(p, x, x);
}

// erfc(x) * exp(x**2) for x >= ERF_NEAR - 0.04: t * P(t) with t = 1 / (1 + 0.4 x).
INLINE vf erfc_scaled(vf x) {
    vf t = 1.0f / madd(x, splat(0.4f), splat(1.0f));
    vf p = splat(6.416352093e-2f);
    p = madd(p, t, splat(-2.358657420e-1f));
    p = madd(p, t, splat(2.535093725e-1f));
    p = madd(p, t, splat(-7.872062922e-2f));
    p = madd(p, t, splat(1.788401306e-1f));
    p = madd(p, t, splat(1.570199877e-1f));
    p = madd(p, t, splat(2.099236250e-1f));
    p = madd(p, t, splat(2.254675925e-1f));
    p = madd(p, t, splat(2.256840169e-1f));
    return p * t;
}

// exp(-share * x**2), share 1 or 1/2: what the square loses by rounding would be made large, so it is put in again.
INLINE vf bell(vf x, float share) {
    vf size = magnitude(x);
    size = size > 16.0f ? splat(16.0f) : size;  // there it is 0
    vf square = size * size, lost = madd(size, size, -square);
    return exp(-share * square) * (1.0f - share * lost);
}

INLINE vf erf(vf x) {
    vf size = magnitude(x), far = 1.0f - bell(x, 1.0f) * erfc_scaled(size);
    return with_sign_of(size < ERF_NEAR ? erf_near(size) : far, x);
}

// How much of the standard normal distribution lies below x: erfc(-x / sqrt(2)) / 2; power is bell(x, 1/2).
INLINE vf normal_below(vf x, vf power) {
    vf size = magnitude(x) * 0.707106781f, far = power * erfc_scaled(size);
    vf less = 0.5f * (size < ERF_NEAR ? 1.0f - erf_near(size) : far);
    return x < 0.0f ? less : 1.0f - less;
}

PELLUCID_CLOSE
