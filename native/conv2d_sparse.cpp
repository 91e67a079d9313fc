// conv2d backward over the winners of max-pooling: elsewhere the gradient is zero, and where it is not the index tells.
//
// For grad_weight the winners of a sample are listed by output channels: where their window begins in x, and their
// gradient; each adds gradient * window.  For grad_x they are found by output positions (conv2d_positions.hpp).  A
// kernel row of KW taps x C channels lies together in memory, so both run along it.
#include "conv2d_gradient.hpp"
#include "conv2d_positions.hpp"
#include "conv2d_winners.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

constexpr long ROW_UNIT = 16;  // rows of grad_weight are filled up to whole vectors, the same for every instruction set
#if PELLUCID_WIDTH == 8
constexpr int REGISTERS = 12;
#else
constexpr int REGISTERS = 24;
#endif

constexpr long MOST_ROWS = 5, MOST_VECTORS = 12;

// A kernel's window in the image: `rows` rows of `length` numbers, row_length apart, `padded` apart in the sums.
// Registers hold pieces of high x wide of it, vectors wide.
struct Window {
    long rows, row_length, length, padded, vectors, high, wide;
    bool narrow;  // as with one channel: half a vector is enough

    Window(const Conv& s, long row_length, long padded)
        : rows(s.KH), row_length(s.DH * row_length), length(s.KW * s.C), padded(padded), narrow(length <= 8) {
        vectors = (length + WIDTH - 1) / WIDTH;
        wide = evenly(vectors, MOST_VECTORS);
        high = evenly(rows, min(MOST_ROWS, REGISTERS / wide));
    }
    // The largest of as few parts as possible, none above `most`, that are nearly equal.
    static long evenly(long whole, long most) {
        const long parts = (whole + most - 1) / most;
        return (whole + parts - 1) / parts;
    }
    // use(first row, how many, first vector, how many) for all pieces.
    template <class Use>
    INLINE_MEMBER void for_pieces(Use use) const {
        for (long r = 0; r < rows; r += high)
            for (long v = 0; v < vectors; v += wide) use(r, min(high, rows - r), v, min(wide, vectors - v));
    }
};

// sums[r][..] += gradient * x for R rows and V vectors of every winner's window.
template <int R, int V, class T>
static void add_windows(const Winners& w, const float* x, long row_length, float* sums, long padded) {
    constexpr int lanes = sizeof(T) / sizeof(float);
    T acc[R][V];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 12
        for (int v = 0; v < V; v++) acc[r][v] = load_as<T>(sums + r * padded + v * lanes);
    for (long e = 0; e < w.count; e++) {
        const float* row = x + w.place[e];
        const T gradient = w.gradient[e] - (T){};
#pragma GCC unroll 8
        for (int r = 0; r < R; r++, row = row_pointer(row + row_length))
#pragma GCC unroll 12
            for (int v = 0; v < V; v++) acc[r][v] = madd_as<T>(gradient, load_as<T>(row + v * lanes), acc[r][v]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 12
        for (int v = 0; v < V; v++) store_as<T>(sums + r * padded + v * lanes, acc[r][v]);
}

using AddWindows = void (*)(const Winners&, const float*, long, float*, long);
using AddWeights = void (*)(uint64_t, const float*, const float*, long, long, float*, long);

template <int R, int V, class T>
static constexpr AddWindows windows_if() {
    if constexpr (R * V <= REGISTERS) return add_windows<R, V, T>;
    else return nullptr;
}
template <int R, int V, class T>
static constexpr AddWeights weights_if() {
    if constexpr (R * V <= REGISTERS) return add_weights<R, V, T>;
    else return nullptr;
}

#define FOR_VECTORS(f, R, T) \
    { f<R, 1, T>(), f<R, 2, T>(), f<R, 3, T>(), f<R, 4, T>(), f<R, 5, T>(), f<R, 6, T>(), f<R, 7, T>(), f<R, 8, T>(), \
      f<R, 9, T>(), f<R, 10, T>(), f<R, 11, T>(), f<R, 12, T>() }
#define FOR_ROWS(f, T) \
    { FOR_VECTORS(f, 1, T), FOR_VECTORS(f, 2, T), FOR_VECTORS(f, 3, T), FOR_VECTORS(f, 4, T), FOR_VECTORS(f, 5, T) }

#define NARROW(f) { f<1, 1, v8>, f<2, 1, v8>, f<3, 1, v8>, f<4, 1, v8>, f<5, 1, v8> }

static constexpr AddWindows windows_table[MOST_ROWS][MOST_VECTORS] = FOR_ROWS(windows_if, vf);
static constexpr AddWeights weights_table[MOST_ROWS][MOST_VECTORS] = FOR_ROWS(weights_if, vf);
static constexpr AddWindows windows_narrow[MOST_ROWS] = NARROW(add_windows);
static constexpr AddWeights weights_narrow[MOST_ROWS] = NARROW(add_weights);

void add_all_windows(const Winners& w, const Window& k, const float* x, float* sums) {
    k.for_pieces([&](long r, long rows, long v, long vectors) {
        AddWindows add = k.narrow ? windows_narrow[rows - 1] : windows_table[rows - 1][vectors - 1];
        add(w, x + r * k.row_length + v * WIDTH, k.row_length, sums + r * k.padded + v * WIDTH, k.padded);
    });
}

// grad_x of one sample, in its padded image, which is zero at first.
void add_all_weights(const Gradient& g, long sample, const Window& k, const float* packed, float* grad_x, long right) {
    const Conv s = g.s;
    const Finish f = g.f;
    const long step = k.rows * k.padded, taps = f.taps();
    const long block = max(16, min(MOST_CHANNELS, BLOCK_BYTES / (step * (long)sizeof(float)) / 16 * 16));
    uint64_t winners[256];  // taps fit a byte
    for (long o = 0; o < s.O; o += block) {
        const float *weight = packed + o * step, *grad_y = g.grad_y + sample * g.sample_y() + o;
        const uint8_t* index = g.passed + sample * g.sample_y() + o;
        for (long i = 0; i < f.OH; i++)
            for (long j = 0; j < f.OW; j++, index += s.O, grad_y += s.O) {
                find_winners(winners, taps, index, grad_y, min(block, s.O - o));
                const uint64_t* won = winners;
                for (long u = 0; u < f.KH; u++) {
                    float* at = grad_x + (i * f.KH + u) * s.SH * right + j * f.KW * s.SW * s.C;
                    for (long v = 0; v < f.KW; v++, won++, at += s.SW * s.C)
                        if (*won)
                            k.for_pieces([&](long row, long high, long first, long wide) {
                                auto add = k.narrow ? weights_narrow[high - 1] : weights_table[high - 1][wide - 1];
                                add(*won, grad_y, weight + row * k.padded + first * WIDTH, step, k.padded,
                                    at + row * k.row_length + first * WIDTH, k.row_length);
                            });
                }
            }
    }
}

// bias[o] += the gradients that ReLU let pass, in the order of the windows.
void add_bias_gradient(const Gradient& g, long sample, float* bias) {
    const long O = g.s.O, windows = g.f.OH * g.f.OW;
    const vi taps = splat_int((int)g.f.taps());
    const uint8_t* index = g.passed + sample * g.sample_y();
    const float* grad_y = g.grad_y + sample * g.sample_y();
    for (long o = 0; o < O; o += WIDTH) {
        const long lanes = min(WIDTH, O - o);
        vf sum = load(bias + o);
        for (long i = 0; i < windows; i++) {
            const vf value = load_lanes(grad_y + i * O + o, lanes);
            sum += load_byte_lanes(index + i * O + o, lanes) < taps ? value : zero();
        }
        store(bias + o, sum);
    }
}

// weight (O, C, T) as rows [o][u][(v, c)], filled up to `padded`, and back.
void pack_rows(const Conv& s, const float* weight, float* packed, long padded) {
    parallel_for((s.O + 7) / 8, [=](long item) {
        for (long o = item * 8; o < min(s.O, item * 8 + 8); o++) {
            float* target = packed + o * s.KH * padded;
            memset(target, 0, s.KH * padded * sizeof(float));
            for (long u = 0; u < s.KH; u++)
                transpose(weight + o * s.C * s.taps() + u * s.KW, s.taps(), target + u * padded, s.C, s.C, s.KW);
        }
    });
}

}  // namespace

bool is_sparse(const Conv& s, const Finish& f) {
    const long length = s.KW * s.C;
    // Short rows with many outputs fill vectors better along the outputs.
    return f.pooling == MAX_POOL && f.relu && s.groups == 1 && s.DW == 1 && length > 0 && !(length < 8 && s.O >= 16);
}

void sparse_backward(const Gradient& g) {
    const Conv& s = g.s;
    const long length = s.KW * s.C, padded = round_up(length, ROW_UNIT), windows = g.f.OH * g.f.OW;
    const long apart = round_up(windows, 16) + 16;  // whole vectors are stored
    const bool slack = length % ROW_UNIT != 0;  // vectors reach past a row's end
    const long weights = s.O * s.KH * padded, floats = weights + round_up(s.O, ROW_UNIT);
    float* packed = nullptr;
    if (g.grad_x) {
        packed = scratch(PACKED, weights);
        pack_rows(s, g.weight, packed, padded);
    }
    float* sums = for_shards(s.N, floats, [=](float* mine, long begin, long end) {
        memset(mine, 0, floats * sizeof(float));
        const long image = round_up(padded_floats(s, s.padded_height()), 16);
        for (long n = begin; n < end; n++) {
            long row_length;
            float* buffer = scratch(PADDED, 2 * image + 3 * WIDTH);
            const float* x = padded_rows(s, g.x + n * g.sample_x(), 0, s.padded_height(), slack, buffer, &row_length);
            long* counts = (long*)scratch(LISTS, 2 * s.O + 2 * s.O * apart + windows + g.f.taps() + 1);
            int32_t* places = (int32_t*)(counts + s.O);
            const float* gradients = (float*)(places + s.O * apart);
            list_winners(g, n, row_length, apart, counts, places);
            add_bias_gradient(g, n, mine + weights);
            const Window kernel(s, row_length, padded);
            // Where nothing is padded the gradient is written in its place.
            const bool in_place = !s.padded() && !slack;
            float* grad_x = in_place && g.grad_x ? g.grad_x + n * g.sample_x() : buffer + image;
            if (g.grad_x) memset(grad_x, 0, (s.padded_height() * row_length + (in_place ? 0 : WIDTH)) * sizeof(float));
            for (long o = 0; o < s.O; o++)
                if (counts[o])
                    add_all_windows({counts[o], places + o * apart, gradients + o * apart}, kernel, x,
                                    mine + o * s.KH * padded);
            if (g.grad_x) add_all_weights(g, n, kernel, packed, grad_x, row_length);
            if (g.grad_x && !in_place)
                for (long h = 0; h < s.H; h++)
                    memcpy(g.grad_x + n * g.sample_x() + h * s.W * s.C,
                           grad_x + (h + s.top) * row_length + s.left * s.C, s.W * s.C * sizeof(float));
        }
    });
    parallel_for((s.O + 7) / 8, [=](long item) {
        const long first = item * 8, count = min(8, s.O - first);
        float* from = sums + first * s.KH * padded;
        add_shards(from, s.N, floats, count * s.KH * padded);
        for (long o = 0; o < count; o++)
            for (long u = 0; u < s.KH; u++)
                transpose(from + (o * s.KH + u) * padded, s.C, g.grad_weight + (first + o) * s.C * s.taps() + u * s.KW,
                          s.taps(), s.KW, s.C);
    });
    if (!g.grad_bias) return;
    add_shards(sums + weights, s.N, floats, s.O);
    memcpy(g.grad_bias, sums + weights, s.O * sizeof(float));
}

PELLUCID_CLOSE
