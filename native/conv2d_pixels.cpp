// conv2d forward for few output channels: vectors run along the pixels of a row, since channels would not fill them.
//
// The image is laid out plane by plane.  A tile of up to 7 channels x 4 vectors of pixels stays in registers; pooling
// takes the even and the odd pixels apart, and the result is turned round into channels-last memory.
#include "conv2d.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

constexpr int MOST_CHANNELS = 7;
#if PELLUCID_WIDTH == 8
constexpr int REGISTERS = 12;
#else
constexpr int REGISTERS = 24;
#endif

template <int O>
constexpr int segments_at_once() {
    return REGISTERS / O < 4 ? REGISTERS / O : 4;
}

// Where an output's products lie: taps in the order (u, v, c), as everywhere.
struct Taps {
    long count;
    const long* places;    // in the planes
    const float* weights;  // [tap][O]
};

// sums[o][segment] for S segments of pixels, which begin at `starts` in the planes.
template <int O, int S>
void sum_pixels(const Taps& t, const float* planes, const long* starts, float* sums, long sums_step) {
    vf acc[O][S];
#pragma GCC unroll 8
    for (int o = 0; o < O; o++)
#pragma GCC unroll 4
        for (int s = 0; s < S; s++) acc[o][s] = zero();
    const float* weight = t.weights;
    for (long k = 0; k < t.count; k++, weight += O) {
        const float* at = planes + t.places[k];
        vf x[S];
#pragma GCC unroll 4
        for (int s = 0; s < S; s++) x[s] = load(at + starts[s]);
#pragma GCC unroll 8
        for (int o = 0; o < O; o++) {
            const vf w = splat(weight[o]);
#pragma GCC unroll 4
            for (int s = 0; s < S; s++) acc[o][s] = madd(x[s], w, acc[o][s]);
        }
    }
#pragma GCC unroll 8
    for (int o = 0; o < O; o++)
#pragma GCC unroll 4
        for (int s = 0; s < S; s++) store(sums + o * sums_step + s * WIDTH, acc[o][s]);
}

template <int O>
void sum_all_pixels(const Taps& t, const float* planes, const long* starts, long segments, float* sums, long sums_step) {
    constexpr int S = segments_at_once<O>();
    for (long i = 0; i < segments; i += S, starts += S, sums += S * WIDTH) {
        if (segments - i >= S) sum_pixels<O, S>(t, planes, starts, sums, sums_step);
        else if (S > 3 && segments - i == 3) sum_pixels<O, (S > 3 ? 3 : 1)>(t, planes, starts, sums, sums_step);
        else if (S > 2 && segments - i == 2) sum_pixels<O, (S > 2 ? 2 : 1)>(t, planes, starts, sums, sums_step);
        else sum_pixels<O, 1>(t, planes, starts, sums, sums_step);
    }
}

using SumPixels = void (*)(const Taps&, const float*, const long*, long, float*, long);
static constexpr SumPixels sum_table[] = {nullptr,           sum_all_pixels<1>, sum_all_pixels<2>, sum_all_pixels<3>,
                                          sum_all_pixels<4>, sum_all_pixels<5>, sum_all_pixels<6>, sum_all_pixels<7>};

#if PELLUCID_WIDTH == 16
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif PELLUCID_WIDTH == 8
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#else
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#endif

INLINE void keep_larger(vf value, int tap, vf& best, vi& index) {
    const vi greater = (value > best) | (value != value);
    best = greater ? value : best;
    index = greater ? splat_int(tap) : index;
}

// Two rows of sums to one row of windows: the same steps as max_window in conv2d_finish.cpp.
void pool_rows(const float* upper, const float* lower, long windows, float bias, float* best_at, float* index_at) {
    for (long j = 0; j < windows; j += WIDTH) {
        const vf a = load(upper + 2 * j), b = load(upper + 2 * j + WIDTH);
        const vf c = load(lower + 2 * j), d = load(lower + 2 * j + WIDTH);
        vf best = __builtin_shufflevector(a, b, EVEN);
        vi index = {};
        keep_larger(__builtin_shufflevector(a, b, ODD), 1, best, index);
        keep_larger(__builtin_shufflevector(c, d, EVEN), 2, best, index);
        keep_larger(__builtin_shufflevector(c, d, ODD), 3, best, index);
        best += splat(bias);
        const vi closed = best <= 0.0f;
        store(best_at + j, closed ? zero() : best);
        const vi winner = closed ? splat_int(4) : index;
        store(index_at + j, (vf)winner);
    }
}

// values[o][pixel], `step` apart, as `count` pixels of O channels.  Eight numbers are written for each, of which the next
// pixel takes back what is too much; the last of all (`end`) keeps to its own.
template <class Write>
INLINE void turn_round(const float* values, long step, long count, long O, Write write) {
    alignas(32) float block[64];
    for (long j = 0; j < count; j += 8) {
        transpose_block(values + j, step, block, 8);
        for (long i = 0; i < min(8, count - j); i++) write(j + i, block + i * 8, O);
    }
}

INLINE void write_pixels(const float* values, long step, long count, long O, float* y, const float* end) {
    turn_round(values, step, count, O, [=](long pixel, const float* from, long channels) {
        float* to = y + pixel * channels;
        if (to + 8 <= end) store8(to, load8(from));
        else memcpy(to, from, channels * sizeof(float));
    });
}

INLINE void write_bytes(const float* values, long step, long count, long O, uint8_t* target) {
    turn_round(values, step, count, O, [=](long pixel, const float* from, long channels) {
        for (long o = 0; o < channels; o++) {
            int32_t number;
            memcpy(&number, from + o, sizeof number);
            target[pixel * channels + o] = (uint8_t)number;
        }
    });
}

// One sample as planes [channel][row][pixel], rows `step` apart.
void lay_out_planes(const Conv& s, const float* image, float* planes, long step) {
    memset(planes, 0, s.C * s.padded_height() * step * sizeof(float));
    for (long c = 0; c < s.C; c++)
        for (long h = 0; h < s.H; h++) {
            float* row = planes + (c * s.padded_height() + h + s.top) * step + s.left;
            const float* from = image + h * s.W * s.C + c;
            if (s.C == 1) memcpy(row, from, s.W * sizeof(float));
            else
                for (long w = 0; w < s.W; w++) row[w] = from[w * s.C];
        }
}

void run_sample(const Conv& s, const Finish& f, const float* image, const float* weights, const float* bias, float* y,
                uint8_t* passed) {
    const long O = s.O, segments = f.KW * ((f.OW + WIDTH - 1) / WIDTH);  // in a row; of pairs, if it is pooled
    const long step = round_up(s.padded_width() + segments * WIDTH, 16), rows = f.KH;
    const long planes_size = s.C * s.padded_height() * step, sums_step = rows * segments * WIDTH;
    float* planes = scratch(LOCAL, planes_size + 8 * sums_step + 16 * segments * WIDTH);
    float* sums = planes + planes_size;
    float* best = sums + 8 * sums_step;  // eight channels each, the missing ones zero
    float* index = best + 8 * segments * WIDTH;
    lay_out_planes(s, image, planes, step);
    long* places = (long*)scratch(LISTS, 2 * (s.depth() + rows * segments));
    long* starts = places + s.depth();
    for (long u = 0, k = 0; u < s.KH; u++)
        for (long v = 0; v < s.KW; v++)
            for (long c = 0; c < s.C; c++) places[k++] = (c * s.padded_height() + u * s.DH) * step + v * s.DW;
    for (long r = 0, i = 0; r < rows; r++)
        for (long j = 0; j < segments; j++) starts[i++] = r * s.SH * step + j * WIDTH;
    memset(sums + O * sums_step, 0, (8 - O) * sums_step * sizeof(float));
    memset(best + O * segments * WIDTH, 0, (8 - O) * segments * WIDTH * sizeof(float));
    memset(index + O * segments * WIDTH, 0, (8 - O) * segments * WIDTH * sizeof(float));
    const Taps taps{s.depth(), places, weights};
    const float* end = y + f.OH * f.OW * O;
    for (long i = 0; i < f.OH; i++) {
        sum_table[O](taps, planes + i * rows * s.SH * step, starts, rows * segments, sums, sums_step);
        const long at = i * f.OW * O;
        if (f.pooling == NO_POOL) {
            for (long o = 0; o < O; o++)
                for (long j = 0; j < f.OW; j += WIDTH) {
                    vf v = load(sums + o * sums_step + j) + splat(bias ? bias[o] : 0.0f);
                    if (f.relu) v = v <= 0.0f ? zero() : v;
                    store(best + o * segments * WIDTH + j, v);
                }
        } else {
            for (long o = 0; o < O; o++)
                pool_rows(sums + o * sums_step, sums + o * sums_step + segments * WIDTH, f.OW, bias ? bias[o] : 0.0f,
                          best + o * segments * WIDTH, index + o * segments * WIDTH);
            if (passed) write_bytes(index, segments * WIDTH, f.OW, O, passed + at);
        }
        write_pixels(best, segments * WIDTH, f.OW, O, y + at, end);
    }
}

}  // namespace

bool few_channels_fit(const Conv& s, const Finish& f) {
    const bool finish = f.pooling == NO_POOL || (f.pooling == MAX_POOL && f.relu && f.KH == 2 && f.KW == 2);
    return s.O >= 1 && s.O <= MOST_CHANNELS && s.groups == 1 && s.SW == 1 && s.OW >= 8 && finish;
}

long few_channels_packed_size(const Conv& s) { return s.O * s.depth(); }

// weight (O, C, T) as [tap][channel][O].
void few_channels_pack(const Conv& s, const float* weight, float* packed) {
    for (long o = 0; o < s.O; o++)
        for (long c = 0; c < s.C; c++)
            for (long tap = 0; tap < s.taps(); tap++)
                packed[(tap * s.C + c) * s.O + o] = weight[(o * s.C + c) * s.taps() + tap];
}

void few_channels_run(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                      uint8_t* passed) {
    parallel_for(s.N, [=](long n) {
        const long place = n * f.OH * f.OW * s.O;
        run_sample(s, f, x + n * s.H * s.W * s.C, packed, bias, y + place, passed ? passed + place : nullptr);
    });
}

void few_channels_sample(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias,
                         float* y, uint8_t* passed) {
    run_sample(s, f, x, packed, bias, y, passed);
}

PELLUCID_CLOSE
