// Twins of ops/batch_norm.py.  A batch is rows of C channels: its samples, or all pixels of its images.
#include "batch_norm.hpp"

#include "elementwise.hpp"

PELLUCID_OPEN

namespace {

// Sequences (N, C, L) lie channel by channel: they are turned over first, and results turned back.
class Rows {
public:
    Rows(const Channels& s, Scratch which, long arrays) : s_(s), room_(nullptr) {
        if (s.planes) room_ = scratch(which, arrays * size());
    }
    const float* read(const float* values, long place) const {
        if (!room_ || !values) return values;
        flatten_backward(values, room_ + place * size(), s_.N, s_.C, s_.P);
        return room_ + place * size();
    }
    float* target(float* values, long place) const { return room_ && values ? room_ + place * size() : values; }
    void write(float* values, const float* rows) const {
        if (room_ && values) flatten_forward(rows, values, s_.N, s_.C, s_.P);
    }

private:
    long size() const { return round_up(s_.N * s_.P * s_.C, 16); }
    Channels s_;
    float* room_;
};

// f(first row, its end) for pieces of the rows.
template <class F>
INLINE void for_row_pieces(long rows, long C, F f) {
    const long at_once = max(1, PIECE / max(1, C)), pieces = (rows + at_once - 1) / at_once;
    parallel_for(pieces, [=](long i) { f(i * rows / pieces, (i + 1) * rows / pieces); });
}

// f(place, lanes, c) for each vector of rows [begin, end): a block of rows stays in the first cache.
template <class F>
INLINE void for_vectors(long begin, long end, long C, F prepare) {
    for (long block = begin; block < end; block += NORM_BLOCK) {
        const long last = min(end, block + NORM_BLOCK);
        for (long c = 0; c < C; c += WIDTH) {
            const long lanes = min(WIDTH, C - c);
            auto f = prepare(c, lanes);
            for (long r = block; r < last; r++) f(r * C + c);
        }
    }
}

// work(sums of its own, first row, end) for shards of the samples; returns the sums of all.
template <class Work>
double* sum_shards(const Channels& s, Work work) {
    const long shards = norm_shards(s.N), count = 2 * s.C;
    double* sums = (double*)scratch(SHARDS, 2 * max(1, shards) * count);
    parallel_for(shards, [=](long i) {
        double* mine = sums + i * count;
        memset(mine, 0, count * sizeof(double));
        work(mine, i * s.N / shards * s.P, (i + 1) * s.N / shards * s.P);
    });
    add_double_shards(sums, shards, count);
    return sums;
}

// Adds the sums of g and of g * (x - centre), g where y_relu is above 0.
void add_products(const float* grad_y, const float* y_relu, const float* x, const double* mean, long rows, long C,
                  double* sum_g, double* sum_gx) {
    for (long begin = 0; begin < rows; begin += NORM_BLOCK) {
        const long count = min(NORM_BLOCK, rows - begin);
        for (long c = 0; c < C; c += WIDTH) {
            const long lanes = min(WIDTH, C - c), at = begin * C + c;
            vf centre = zero();
            for (long i = 0; i < lanes; i++) centre[i] = (float)mean[c + i];
            Pairs pairs;
            pairs.clear();
            for_chains(count, [&](long r, int chain) {
                const long place = at + r * C;
                vf g = load_lanes(grad_y + place, lanes);
                if (y_relu) g = load_lanes(y_relu + place, lanes) > 0.0f ? g : zero();
                pairs.first[chain] += g;
                pairs.second[chain] = madd(g, load_lanes(x + place, lanes) - centre, pairs.second[chain]);
            });
            const vf g = pairs.first_sum(), gx = pairs.second_sum();
            for (long i = 0; i < lanes; i++) {
                sum_g[c + i] += (double)g[i];
                sum_gx[c + i] += (double)gx[i];
            }
        }
    }
}

}  // namespace

void batch_norm_statistics(const Channels& s, const float* x, double* statistics) {
    const float* rows = Rows(s, PADDED, 1).read(x, 0);
    const double* sums = sum_shards(s, [=](double* mine, long begin, long end) {
        add_moments(rows + begin * s.C, end - begin, s.C, s.C, mine, mine + s.C);
    });
    settle_statistics(sums, sums + s.C, s.C, (double)(s.N * s.P), statistics);
}

void batch_norm_given(const float* mean, const float* var, double* statistics, long C) {
    for (long c = 0; c < C; c++) {
        statistics[c] = mean[c];
        statistics[C + c] = var[c];
    }
}

void batch_norm_forward(const Channels& s, const float* x, const float* weight, const float* bias,
                        const double* statistics, float* y, double eps, bool relu) {
    const Rows rows(s, PADDED, 2);
    const float* from = rows.read(x, 0);
    float* to = rows.target(y, 1);
    const Normal normal = Normal::in(NORMS, s.C);
    normal.set(s.C, statistics, weight, bias, eps);
    for_row_pieces(s.N * s.P, s.C, [=](long begin, long end) {
        for_vectors(begin, end, s.C, [=](long c, long lanes) {
            const vf centre = load_lanes(normal.centre + c, lanes), scale = load_lanes(normal.scale + c, lanes);
            const vf shift = load_lanes(normal.shift + c, lanes);
            return [=](long place) {
                vf value = madd(load_lanes(from + place, lanes) - centre, scale, shift);
                if (relu) value = value <= 0.0f ? zero() : value;
                store_lanes(to + place, value, lanes);
            };
        });
    });
    rows.write(y, to);
}

void batch_norm_backward(const Channels& s, const float* grad_y, const float* y_relu, const float* x,
                         const float* weight, const double* statistics, float* grad_x, float* grad_weight,
                         float* grad_bias, double eps, bool given) {
    const Rows rows(s, PADDED, 4);
    const float *g = rows.read(grad_y, 0), *y = rows.read(y_relu, 1), *from = rows.read(x, 2);
    float* to = rows.target(grad_x, 3);
    const double* sums = sum_shards(s, [=](double* mine, long begin, long end) {
        const long at = begin * s.C;
        add_products(g + at, y ? y + at : nullptr, from + at, statistics, end - begin, s.C, mine, mine + s.C);
    });
    const Normal norm = Normal::in(NORMS, s.C);
    norm.set(s.C, statistics, weight, nullptr, eps);
    norm.set_gradient(s.C, statistics, weight, eps, (double)(s.N * s.P), given, sums, sums + s.C, grad_weight, grad_bias);
    if (!grad_x) return;
    for_row_pieces(s.N * s.P, s.C, [=](long begin, long end) {
        for_vectors(begin, end, s.C, [=](long c, long lanes) {
            const vf centre = load_lanes(norm.centre + c, lanes), scale = load_lanes(norm.scale + c, lanes);
            const vf slope = load_lanes(norm.slope + c, lanes), level = load_lanes(norm.level + c, lanes);
            return [=](long place) {
                vf value = load_lanes(g + place, lanes);
                if (y) value = load_lanes(y + place, lanes) > 0.0f ? value : zero();
                const vf shared = given ? zero() : madd(load_lanes(from + place, lanes) - centre, slope, level);
                store_lanes(to + place, madd(value, scale, shared), lanes);
            };
        });
    });
    rows.write(grad_x, to);
}

void track_batch_norm(const double* statistics, float* running_mean, float* running_var, int64_t* steps, long C,
                      double count, double momentum) {
    *steps = (int64_t)((uint64_t)*steps + 1);  // also after the largest
    const double f = momentum < 0 ? 1.0 / (double)*steps : momentum, kept = 1 - f;
    for (long c = 0; c < C; c++) {
        running_mean[c] = (float)(kept * (double)running_mean[c] + f * statistics[c]);
        running_var[c] = (float)(kept * (double)running_var[c] + f * (statistics[C + c] * (count / (count - 1))));
    }
}

void fold_batch_norm(const float* weight, const float* bias, const float* norm_weight, const float* norm_bias,
                     const float* mean, const float* var, float* folded_weight, float* folded_bias, double eps, long O,
                     long I) {
    for (long o = 0; o < O; o++) {
        const double factor = (norm_weight ? norm_weight[o] : 1.0) / __builtin_sqrt((double)var[o] + eps);
        const double moved = (bias ? bias[o] : 0.0) - (double)mean[o];
        folded_bias[o] = (float)(moved * factor + (norm_bias ? norm_bias[o] : 0.0));
        for (long i = 0; i < I; i++) folded_weight[o * I + i] = (float)((double)weight[o * I + i] * factor);
    }
}

PELLUCID_CLOSE
