// Twins of ops/group_norm.py.  A sample lies as P pixels of C channels and lanes are channels; planes of P numbers are
// turned over first, and back.
#include "kernels.hpp"
#include "sums.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

// One sample's sizes, and room for what each channel has; rooms are whole vectors long, their last lanes 0.
struct Sample {
    long C, P, G, room;
    double *first, *second;  // sums
    float *high, *low, *scale, *weight, *bias, *level, *pixels;

    INLINE_MEMBER Sample(long C, long P, long G, long images) : C(C), P(P), G(G), room(round_up(C, CHAINS)) {
        float* memory = scratch(LOCAL, 10 * room + images * P * C);
        first = (double*)memory, second = first + room;
        high = memory + 4 * room, low = high + room, scale = low + room, weight = scale + room, bias = weight + room;
        level = bias + room, pixels = level + room;
        memset(memory, 0, 10 * room * sizeof(float));
    }

    INLINE_MEMBER void read(const float* weights, const float* biases) const {
        for (long c = 0; c < C; c++) weight[c] = weights ? weights[c] : 1.0f, bias[c] = biases ? biases[c] : 0.0f;
    }
    INLINE_MEMBER long members() const { return C / G * P; }

    // f(place in the sample, lanes of the channels) for all pixels.
    template <class F>
    INLINE_MEMBER void each(F f) const {
        for (long p = 0; p < P; p++)
            for_each_in(0, C, [&](Lanes at) { f(Lanes{p * C + at.first, at.count}, at); });
    }

    // The sum over the channels of group k, in order.
    template <class F>
    INLINE_MEMBER double over_group(long k, F f) const {
        double sum = 0;
        for (long c = k * (C / G); c < (k + 1) * (C / G); c++) sum += f(c);
        return sum;
    }
    INLINE_MEMBER void set_mean(long k, double value) const {
        const Twofold mean(value);
        for (long c = k * (C / G); c < (k + 1) * (C / G); c++) high[c] = mean.high, low[c] = mean.low;
    }
    INLINE_MEMBER void set(float* room, long k, double value) const {
        for (long c = k * (C / G); c < (k + 1) * (C / G); c++) room[c] = (float)value;
    }
    INLINE_MEMBER vf centred(const float* x, Lanes place, Lanes at) const {
        return place.load(x) - at.load(high) - at.load(low);
    }
};

// The sample itself, or as pixels where it lies in planes.
INLINE const float* as_pixels(const float* sample, float* room, long C, long P, bool planes) {
    if (!planes) return sample;
    transpose(sample, P, room, C, C, P);
    return room;
}

// What the samples have of a channel's gradient, added in order.
void add_samples(const double* sums, float* gradient, long N, long C, long room) {
    for (long c = 0; gradient && c < C; c++) {
        double sum = 0;
        for (long n = 0; n < N; n++) sum += sums[2 * n * room + c];
        gradient[c] = (float)sum;
    }
}

}  // namespace

void group_norm_forward(const float* x, const float* weight, const float* bias, float* y, double* statistics, double eps,
                        long N, long C, long P, long G, bool planes) {
    planes = planes && C > 1 && P > 1;
    for_each_row(N, C * P, [=](long n) {
        const Sample s(C, P, G, planes ? 2 : 0);
        const float* in = as_pixels(x + n * C * P, s.pixels, C, P, planes);
        float* out = planes ? s.pixels + C * P : y + n * C * P;
        s.read(weight, bias);
        s.each([&](Lanes place, Lanes at) { add_lanes(s.first + at.first, place.load(in)); });
        for (long k = 0; k < G; k++) {
            const double mean = s.over_group(k, [&](long c) { return s.first[c]; }) / (double)s.members();
            statistics[2 * (n * G + k)] = mean;
            s.set_mean(k, mean);
        }
        s.each([&](Lanes place, Lanes at) {
            const vf d = s.centred(in, place, at);
            add_lanes(s.second + at.first, d * d);
        });
        for (long k = 0; k < G; k++) {
            const double variance = s.over_group(k, [&](long c) { return s.second[c]; }) / (double)s.members();
            statistics[2 * (n * G + k) + 1] = 1.0 / __builtin_sqrt(variance + eps);
            s.set(s.scale, k, statistics[2 * (n * G + k) + 1]);
        }
        s.each([&](Lanes place, Lanes at) {
            place.store(out, s.centred(in, place, at) * at.load(s.scale) * at.load(s.weight) + at.load(s.bias));
        });
        if (planes) transpose(out, C, y + n * C * P, P, P, C);
    });
}

void group_norm_backward(const float* grad_y, const float* x, const float* weight, const double* statistics,
                         float* grad_x, float* grad_weight, float* grad_bias, long N, long C, long P, long G,
                         bool planes) {
    planes = planes && C > 1 && P > 1;
    const long room = round_up(C, CHAINS);
    double* sums = (double*)scratch(SHARDS, 4 * N * room);  // of each sample and channel: of g * value, of g
    for_each_row(N, C * P, [=](long n) {
        const Sample s(C, P, G, planes ? 3 : 0);
        const float* in = as_pixels(x + n * C * P, s.pixels, C, P, planes);
        const float* g = as_pixels(grad_y + n * C * P, s.pixels + C * P, C, P, planes);
        s.read(weight, nullptr);
        for (long k = 0; k < G; k++) {
            s.set_mean(k, statistics[2 * (n * G + k)]);
            s.set(s.scale, k, statistics[2 * (n * G + k) + 1]);
        }
        auto value = [&](Lanes place, Lanes at) { return s.centred(in, place, at) * at.load(s.scale); };
        s.each([&](Lanes place, Lanes at) {
            add_lanes(s.first + at.first, place.load(g) * value(place, at));
            add_lanes(s.second + at.first, place.load(g));
        });
        memcpy(sums + 2 * n * room, s.first, 2 * room * sizeof(double));
        if (!grad_x) return;
        float* slope = s.bias;  // with `level` what a channel's group has in common
        for (long k = 0; k < G; k++) {
            auto mean = [&](const double* of) {
                return s.over_group(k, [&](long c) { return of[c] * (double)s.weight[c]; }) / (double)s.members();
            };
            s.set(slope, k, mean(s.first));
            s.set(s.level, k, mean(s.second));
        }
        float* out = planes ? s.pixels + 2 * C * P : grad_x + n * C * P;
        s.each([&](Lanes place, Lanes at) {
            const vf part = value(place, at) * at.load(slope);
            place.store(out, (place.load(g) * at.load(s.weight) - at.load(s.level) - part) * at.load(s.scale));
        });
        if (planes) transpose(out, C, grad_x + n * C * P, P, P, C);
    });
    add_samples(sums, grad_weight, N, C, room);
    add_samples(sums + room, grad_bias, N, C, room);
}

PELLUCID_CLOSE
