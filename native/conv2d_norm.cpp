// A convolution with batch-norm and ReLU behind it, and perhaps max-pooling.
//
// Forward in two passes: the convolution, whose sums are taken of each sample while it lies in the cache; then
// everything else.  Backward in two: the sums over the batch that batch-norm's gradient needs; then, sample by sample,
// the gradient of the convolution's outputs, which the kernels of conv2d's backward take as they take any other.
#include "conv2d_gradient.hpp"

PELLUCID_OPEN

void conv2d_statistics(const Conv& s, bool exact, const float* x, const float* weight, const float* bias, float* z,
                       double* statistics) {
    const Finish none{false, NO_POOL, 1, 1, s.OH, s.OW};
    const long pixels = s.OH * s.OW, size = pixels * s.O, sums_of_one = 2 * s.O;
    float* packed = scratch(PACKED, conv2d_packed_size(s, none, exact));
    double* sums = (double*)scratch(SHARDS, 2 * s.N * sums_of_one);
    conv2d_pack(s, none, exact, weight, packed);
    const bool whole = s.N >= 2 * thread_count();  // else samples are too few to be a piece of work each
    if (!whole) conv2d_run(s, none, exact, x, packed, bias, z, nullptr);
    parallel_for(s.N, [=](long n) {
        if (whole) conv2d_sample(s, none, exact, x + n * s.H * s.W * s.C, packed, bias, z + n * size, nullptr);
        double* mine = sums + n * sums_of_one;
        memset(mine, 0, sums_of_one * sizeof(double));
        add_moments(z + n * size, pixels, s.O, s.O, mine, mine + s.O);
    });
    add_double_shards(sums, s.N, sums_of_one);
    settle_statistics(sums, sums + s.O, s.O, (double)(s.N * pixels), statistics);
}

namespace {

struct TwoByTwo {
    static constexpr long KH = 2, KW = 2;
};

// One row of windows; nan wins over everything and is kept by ReLU, so that it reaches the loss.
template <class K>
void pool_row(const K& k, const float* z, long row_step, long C, const Normal& normal, float* y, uint8_t* index,
              long OW) {
    for (long c = 0; c < C; c += WIDTH) {
        const long lanes = min(WIDTH, C - c);
        const vf centre = load_lanes(normal.centre + c, lanes), scale = load_lanes(normal.scale + c, lanes);
        const vf shift = load_lanes(normal.shift + c, lanes);
        for (long j = 0; j < OW; j++) {
            const float* at = z + j * k.KW * C + c;
            vf best = zero();
            vi winner = {};
            for (long u = 0, tap = 0; u < k.KH; u++)
                for (long v = 0; v < k.KW; v++, tap++) {
                    const vf value = madd(load_lanes(at + u * row_step + v * C, lanes) - centre, scale, shift);
                    const vi wins = tap ? (vi)((value > best) | (value != value)) : splat_int(-1);
                    best = wins ? value : best;
                    winner = wins ? splat_int((int)tap) : winner;
                }
            const vi closed = best <= 0.0f;
            store_lanes(y + j * C + c, closed ? zero() : best, lanes);
            store_byte_lanes(index + j * C + c, closed ? splat_int((int)(k.KH * k.KW)) : winner, lanes);
        }
    }
}

}  // namespace

void batch_norm_relu_max_pool2d_forward(const float* z, const float* weight, const float* bias,
                                        const double* statistics, float* y, uint8_t* index, double eps, long N, long C,
                                        long H, long W, const Pool& pool) {
    const Normal normal = Normal::in(NORMS, C);
    normal.set(C, statistics, weight, bias, eps);
    const long pieces = N * max(1, min(pool.OH, (2 * thread_count() + N - 1) / max(1, N))), rows = N * pool.OH;
    parallel_for(pieces, [=](long piece) {
        for (long row = piece * rows / pieces; row < (piece + 1) * rows / pieces; row++) {
            const long n = row / pool.OH, i = row % pool.OH, place = row * pool.OW * C;
            const float* from = z + (n * H + i * pool.KH) * W * C;
            if (pool.KH == 2 && pool.KW == 2) pool_row(TwoByTwo(), from, W * C, C, normal, y + place, index + place, pool.OW);
            else pool_row(pool, from, W * C, C, normal, y + place, index + place, pool.OW);
        }
    });
}

namespace {

// f(pixel, gradient behind batch-norm, z - centre) along row r of a sample's z, for the channels from c on.
template <class F>
INLINE void visit_row(const Conv& s, const Norm& m, long sample, long r, long c, long lanes, F f) {
    const long O = s.O;
    const float* z = m.z + ((sample * s.OH + r) * s.OW) * O + c;
    const vf centre = load_lanes(m.normal.centre + c, lanes);
    if (!m.index) {
        const vf scale = load_lanes(m.normal.scale + c, lanes), shift = load_lanes(m.normal.shift + c, lanes);
        const float* grad_y = m.grad_y + ((sample * s.OH + r) * s.OW) * O + c;
        for (long j = 0; j < s.OW; j++) {
            const vf away = load_lanes(z + j * O, lanes) - centre;
            const vi open = madd(away, scale, shift) > 0.0f;  // as forward computed it
            f(j, open ? load_lanes(grad_y + j * O, lanes) : zero(), away);
        }
        return;
    }
    const long KH = m.pool.KH, KW = m.pool.KW, i = r / KH, first_tap = r % KH * KW;
    const long windows = i < m.pool.OH ? m.pool.OW : 0, place = ((sample * m.pool.OH + i) * m.pool.OW) * O + c;
    for (long j = 0; j < windows; j++) {
        const vf g = load_lanes(m.grad_y + place + j * O, lanes);
        const vi winner = load_byte_lanes(m.index + place + j * O, lanes);
        for (long v = 0; v < KW; v++)
            f(j * KW + v, winner == splat_int((int)(first_tap + v)) ? g : zero(),
              load_lanes(z + (j * KW + v) * O, lanes) - centre);
    }
    for (long j = windows * KW; j < s.OW; j++) f(j, zero(), load_lanes(z + j * O, lanes) - centre);
}

// Adds the sums of g and of g * (z - centre) of one sample.
void add_sample(const Conv& s, const Norm& m, long sample, double* sum_g, double* sum_gx) {
    for (long r = 0; r < s.OH; r++)
        for (long c = 0; c < s.O; c += WIDTH) {
            const long lanes = min(WIDTH, s.O - c);
            vf of_g = zero(), of_gx = zero();
            visit_row(s, m, sample, r, c, lanes, [&](long, vf g, vf away) {
                of_g += g;
                of_gx = madd(g, away, of_gx);
            });
            for (long i = 0; i < lanes; i++) {
                sum_g[c + i] += (double)of_g[i];
                sum_gx[c + i] += (double)of_gx[i];
            }
        }
}

}  // namespace

void expand_norm_rows(const Gradient& g, long sample, long first, long end, float* target, long step, long row_step,
                      float* bias) {
    const Conv& s = g.s;
    const Normal& normal = g.norm->normal;
    for (long r = first; r < end; r++, target += row_step)
        for (long c = 0; c < s.O; c += WIDTH) {
            const long lanes = min(WIDTH, s.O - c);
            const vf scale = load_lanes(normal.scale + c, lanes), slope = load_lanes(normal.slope + c, lanes);
            const vf level = load_lanes(normal.level + c, lanes);
            vf sum = load(bias + c);
            visit_row(s, *g.norm, sample, r, c, lanes, [&](long j, vf g, vf away) {
                const vf value = madd(g, scale, madd(away, slope, level));
                store(target + j * step + c, value);
                sum += value;
            });
            store(bias + c, sum);
        }
}

void conv2d_batch_norm_relu_backward(const Conv& s, const Pool& pool, bool exact, const float* grad_y,
                                     const uint8_t* index, const float* z, const float* x, const float* weight,
                                     const float* norm_weight, const float* norm_bias, const double* statistics,
                                     float* grad_x, float* grad_weight, float* grad_bias, float* grad_norm_weight,
                                     float* grad_norm_bias, double eps, bool given) {
    const Norm norm{z, grad_y, index, pool, Normal::in(NORMS, s.O)};
    norm.normal.set(s.O, statistics, norm_weight, norm_bias, eps);
    const long shards = norm_shards(s.N), count = 2 * s.O;
    double* sums = (double*)scratch(SHARDS, 2 * max(1, shards) * count);
    memset(sums, 0, max(1, shards) * count * sizeof(double));
    parallel_for(shards, [=](long i) {
        for (long n = i * s.N / shards; n < (i + 1) * s.N / shards; n++)
            add_sample(s, norm, n, sums + i * count, sums + i * count + s.O);
    });
    add_double_shards(sums, shards, count);
    norm.normal.set_gradient(s.O, statistics, norm_weight, eps, (double)(s.N * s.OH * s.OW), given, sums, sums + s.O,
                             grad_norm_weight, grad_norm_bias);
    // What a bias adds, batch-norm takes away with the mean.
    if (!given && grad_bias) memset(grad_bias, 0, s.O * sizeof(float));
    const Finish none{false, NO_POOL, 1, 1, s.OH, s.OW};
    backward({s, none, nullptr, nullptr, nullptr, x, weight, grad_x, grad_weight, given ? grad_bias : nullptr, exact, &norm});
}

PELLUCID_CLOSE
