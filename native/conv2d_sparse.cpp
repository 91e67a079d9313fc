// conv2d backward over the winners of max-pooling: elsewhere the gradient is zero, and where it is not the index tells.
//
// For each output channel the winners of a sample are listed: where their window begins in x, and their gradient.  Each
// adds gradient * window to grad_weight and gradient * weight to grad_x.  A kernel row of KW taps x C channels lies
// together in memory, so both run along it.
#include "conv2d_gradient.hpp"
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

struct Window {
    long rows, row_length;  // kernel rows, and how far apart they lie in the image
    long length, padded;    // of one row, and as it lies in the sums
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
        const float* at = x + w.place[e];
        const T gradient = w.gradient[e] - (T){};
#pragma GCC unroll 8
        for (int r = 0; r < R; r++)
#pragma GCC unroll 12
            for (int v = 0; v < V; v++)
                acc[r][v] = madd_as<T>(gradient, load_as<T>(at + r * row_length + v * lanes), acc[r][v]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 12
        for (int v = 0; v < V; v++) store_as<T>(sums + r * padded + v * lanes, acc[r][v]);
}

// grad_x += gradient * weight, winner by winner: several of them may reach one number, so their order is fixed.
template <int R, int V, class T>
static void scatter_held(const Winners& w, const float* weight, long padded, float* grad_x, long row_length) {
    constexpr int lanes = sizeof(T) / sizeof(float);
    T held[R][V];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 12
        for (int v = 0; v < V; v++) held[r][v] = load_as<T>(weight + r * padded + v * lanes);
    for (long e = 0; e < w.count; e++) {
        float* at = grad_x + w.place[e];
        const T gradient = w.gradient[e] - (T){};
#pragma GCC unroll 8
        for (int r = 0; r < R; r++)
#pragma GCC unroll 12
            for (int v = 0; v < V; v++) {
                float* p = at + r * row_length + v * lanes;
                store_as<T>(p, madd_as<T>(gradient, held[r][v], load_as<T>(p)));
            }
    }
}

template <class T>
static void scatter(const Winners& w, const Window& k, const float* weight, float* grad_x) {
    constexpr int lanes = sizeof(T) / sizeof(float);
    for (long e = 0; e < w.count; e++) {
        float* at = grad_x + w.place[e];
        const T gradient = w.gradient[e] - (T){};
        for (long r = 0; r < k.rows; r++)
            for (long i = 0; i < k.length; i += lanes) {
                float* p = at + r * k.row_length + i;
                store_as<T>(p, madd_as<T>(gradient, load_as<T>(weight + r * k.padded + i), load_as<T>(p)));
            }
    }
}

using AddWindows = void (*)(const Winners&, const float*, long, float*, long);
using Scatter = void (*)(const Winners&, const float*, long, float*, long);

template <int R, int V, class T>
static constexpr AddWindows add_if() {
    if constexpr (R * V <= REGISTERS) return add_windows<R, V, T>;
    else return nullptr;
}
template <int R, int V, class T>
static constexpr Scatter held_if() {
    if constexpr (R * V <= REGISTERS) return scatter_held<R, V, T>;
    else return nullptr;
}

constexpr int MOST_ROWS = 5, MOST_VECTORS = 12;

#define FOR_VECTORS(f, R, T) \
    { f<R, 1, T>(), f<R, 2, T>(), f<R, 3, T>(), f<R, 4, T>(), f<R, 5, T>(), f<R, 6, T>(), f<R, 7, T>(), f<R, 8, T>(), \
      f<R, 9, T>(), f<R, 10, T>(), f<R, 11, T>(), f<R, 12, T>() }
#define FOR_ROWS(f, T) \
    { FOR_VECTORS(f, 1, T), FOR_VECTORS(f, 2, T), FOR_VECTORS(f, 3, T), FOR_VECTORS(f, 4, T), FOR_VECTORS(f, 5, T) }

static constexpr AddWindows add_table[MOST_ROWS][MOST_VECTORS] = FOR_ROWS(add_if, vf);
static constexpr Scatter held_table[MOST_ROWS][MOST_VECTORS] = FOR_ROWS(held_if, vf);
static constexpr AddWindows add_narrow[MOST_ROWS] = {
    add_windows<1, 1, v8>, add_windows<2, 1, v8>, add_windows<3, 1, v8>, add_windows<4, 1, v8>, add_windows<5, 1, v8>};

void add_all_windows(const Winners& w, const Window& k, const float* x, float* sums) {
    const bool narrow = k.length <= 8;  // as with one channel: half a vector is enough
    const long vectors = narrow ? 1 : (k.length + WIDTH - 1) / WIDTH, lanes = narrow ? 8 : WIDTH;
    const long pieces = (vectors + MOST_VECTORS - 1) / MOST_VECTORS, widest = (vectors + pieces - 1) / pieces;
    const long at_once = max(1, min(min(MOST_ROWS, k.rows), REGISTERS / widest));
    const long row_pieces = (k.rows + at_once - 1) / at_once;
    for (long i = 0; i < row_pieces; i++)
        for (long j = 0; j < pieces; j++) {
            const long r = i * k.rows / row_pieces, rows = (i + 1) * k.rows / row_pieces - r;
            const long v = j * vectors / pieces, wide = (j + 1) * vectors / pieces - v;
            AddWindows add = narrow ? add_narrow[rows - 1] : add_table[rows - 1][wide - 1];
            add(w, x + r * k.row_length + v * lanes, k.row_length, sums + r * k.padded + v * lanes, k.padded);
        }
}

void scatter_all(const Winners& w, const Window& k, const float* weight, float* grad_x) {
    if (k.length <= 8) return scatter<v8>(w, k, weight, grad_x);
    const long vectors = (k.length + WIDTH - 1) / WIDTH;
    Scatter held = k.rows <= MOST_ROWS && vectors <= MOST_VECTORS ? held_table[k.rows - 1][vectors - 1] : nullptr;
    if (held) held(w, weight, k.padded, grad_x, k.row_length);
    else scatter<vf>(w, k, weight, grad_x);
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
            const Window kernel{s.KH, s.DH * row_length, length, padded};
            // Where nothing is padded the gradient is written in its place.
            const bool in_place = !s.padded() && !slack;
            float* grad_x = in_place && g.grad_x ? g.grad_x + n * g.sample_x() : buffer + image;
            if (g.grad_x) memset(grad_x, 0, (s.padded_height() * row_length + (in_place ? 0 : WIDTH)) * sizeof(float));
            // One after the other: x and grad_x together are more than the first cache holds.
            auto for_channels = [&](auto use) {
                for (long o = 0; o < s.O; o++)
                    if (counts[o]) use(o, Winners{counts[o], places + o * apart, gradients + o * apart});
            };
            for_channels([&](long o, const Winners& w) { add_all_windows(w, kernel, x, mine + o * s.KH * padded); });
            if (g.grad_x)
                for_channels([&](long o, const Winners& w) {
                    scatter_all(w, kernel, packed + o * s.KH * padded, grad_x);
                });
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
