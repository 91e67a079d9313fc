// Depthwise convolution backward.
//
// grad_weight holds a tile of up to 12 taps x 1 vector of channels in registers while the pixels of a row go by.
// grad_x is the forward loop over the taps that meet a pixel; a row is made when all windows that meet it are known.
#include "conv2d_depthwise.hpp"
#include "conv2d_gradient.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

// sums[u][v] += g * x over a row of pixels, for R x V taps; kernel rows are `down` apart in the sums, taps `right`.
struct Row {
    long pixels;
    const float* g;
    long g_step;
    const float* const* x;  // of each kernel row
    long x_step, tap_step;  // between pixels, and between taps
    long down, right;
};

template <int R, int V, bool PART>
static void tap_tile(const Row& row, long u, long v, long c, long lanes, float* sums) {
    float* const to = sums + u * row.down + v * row.right + c;
    const float *at[R], *g = row.g + c;
    vf acc[R][V];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
        at[r] = row.x[u + r] + v * row.tap_step + c;
#pragma GCC unroll 8
        for (int k = 0; k < V; k++) acc[r][k] = load(to + r * row.down + k * row.right);
    }
    const long x_step = row.x_step, tap_step = row.tap_step, g_step = row.g_step;
    for (long j = 0; j < row.pixels; j++, g += g_step) {
        const vf gradient = load(g);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
            for (int k = 0; k < V; k++)
                acc[r][k] = madd(load_channels<PART>(at[r] + k * tap_step, lanes), gradient, acc[r][k]);
            at[r] += x_step;
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 8
        for (int k = 0; k < V; k++) store(to + r * row.down + k * row.right, acc[r][k]);
}

using TapTile = void (*)(const Row&, long, long, long, long, float*);
constexpr int MOST_ROWS = 4, MOST_TAPS = 8;

template <int R, int V, bool PART>
static constexpr TapTile tile_if() {
    if constexpr (R * V <= MOST) return tap_tile<R, V, PART>;
    else return nullptr;
}
#define FOR_TAPS(R, PART) \
    { tile_if<R, 1, PART>(), tile_if<R, 2, PART>(), tile_if<R, 3, PART>(), tile_if<R, 4, PART>(), \
      tile_if<R, 5, PART>(), tile_if<R, 6, PART>(), tile_if<R, 7, PART>(), tile_if<R, 8, PART>() }
#define FOR_ROWS(PART) { FOR_TAPS(1, PART), FOR_TAPS(2, PART), FOR_TAPS(3, PART), FOR_TAPS(4, PART) }
static constexpr TapTile tap_tiles[2][MOST_ROWS][MOST_TAPS] = {FOR_ROWS(false), FOR_ROWS(true)};

void add_row(const Conv& s, const Row& row, float* sums) {
    const long across = (s.KW + MOST_TAPS - 1) / MOST_TAPS, widest = (s.KW + across - 1) / across;
    const long at_once = min(MOST_ROWS, MOST / widest), along = (s.KH + at_once - 1) / at_once;
    for (long c = 0; c < s.C; c += WIDTH)
        for (long i = 0; i < along; i++)
            for (long j = 0; j < across; j++) {
                const long u = i * s.KH / along, rows = (i + 1) * s.KH / along - u, lanes = min(WIDTH, s.C - c);
                const long v = j * s.KW / across, taps = (j + 1) * s.KW / across - v;
                tap_tiles[lanes < WIDTH][rows - 1][taps - 1](row, u, v, c, lanes, sums);
            }
}

// Rows of the gradient before pooling and activation, with zeros at their sides for the windows that lie there; as many
// are held as meet the rows of grad_x that are made together.
struct Spread {
    long left, width, right;  // pixels
    long rows, held, step;

    long row_step() const { return (left + width + right) * step; }
    long place(long row) const { return row % held * row_step() + left * step; }
};

Spread spread(const Conv& s, const Finish& f) {
    const long width = f.OW * f.KW;
    const long left = max(0, ((s.KW - 1) * s.DW - s.left + s.SW - 1) / s.SW);
    const long right = max(0, (s.W - 1 + s.left) / s.SW - width + 1);
    const long earlier = ((s.KH - 1) * s.DH + s.SH - 1) / s.SH, held = f.KH + round_up(earlier, f.KH);
    return {left, width, right, f.OH * f.KH, held, round_up(s.C, WIDTH)};
}

// Row h of grad_x: from every window whose taps meet it.  Pixels SW apart are met by the same taps.
void input_row(const Conv& s, const Spread& g, const float* gradient, const float* packed, long h, Tap* taps,
               float* grad_x) {
    for (long w = 0; w < min(s.SW, s.W); w++) {
        long count = 0;
        for (long u = s.KH - 1; u >= 0; u--) {
            const long down = h + s.top - u * s.DH;
            if (down < 0 || down % s.SH || down / s.SH >= g.rows) continue;
            const float* row = gradient + g.place(down / s.SH);
            for (long v = s.KW - 1; v >= 0; v--) {
                const long right = w + s.left - v * s.DW;
                if (right % s.SW == 0)
                    taps[count++] = {row + right / s.SW * g.step, packed + (u * s.KW + v) * g.step};
            }
        }
        const Outputs out{grad_x + w * s.C, s.SW * s.C, nullptr, false};
        pixel_row(taps, count, (s.W - w + s.SW - 1) / s.SW, g.step, s.C, out);
    }
}

}  // namespace

void depthwise_backward(const Gradient& g) {
    const Conv& s = g.s;
    const Finish& f = g.f;
    const Spread wide = spread(s, f);
    const long step = wide.step, T = s.taps(), floats = (T + 1) * step;  // the bias comes last
    float* packed = nullptr;
    if (g.grad_x) {
        packed = scratch(PACKED, depthwise_packed_size(s));
        depthwise_pack(s, g.weight, packed);
    }
    float* sums = for_shards(s.N, floats, [=](float* mine, long begin, long end) {
        memset(mine, 0, floats * sizeof(float));
        float* gradient = scratch(PADDED, wide.held * wide.row_step());
        memset(gradient, 0, wide.held * wide.row_step() * sizeof(float));
        float* buffer = scratch(LOCAL, Rows::floats(s, s.C));
        Tap* taps = (Tap*)scratch(LISTS, 4 * T + 2 * (Rows::reach(s) + s.KH));
        const float** window = (const float**)(taps + T);
        for (long n = begin; n < end; n++) {
            Rows rows(s, g.x + n * g.sample_x(), s.C, buffer, window + s.KH);
            float* grad_x = g.grad_x ? g.grad_x + n * g.sample_x() : nullptr;
            const long pixel = rows.step();
            long h = 0;
            for (long i = 0; i <= f.OH; i++) {
                const long known = i < f.OH ? (i + 1) * f.KH * s.SH - s.top : s.H;  // rows that no later window meets
                if (i < f.OH) {
                    float* from = gradient + wide.place(i * f.KH);
                    expand_rows(g, n, i, i + 1, from, step, wide.row_step(), mine + T * step);
                    for (long r = 0; r < f.KH; r++, from += wide.row_step()) {
                        const long first = (i * f.KH + r) * s.SH;
                        rows.ask(first);
                        for (long u = 0; u < s.KH; u++) window[u] = rows.kernel_row(first, u);
                        const Row row{wide.width, from, step, window, s.SW * pixel, s.DW * pixel, s.KW * step, step};
                        add_row(s, row, mine);
                    }
                }
                for (; grad_x && h < min(known, s.H); h++)
                    input_row(s, wide, gradient, packed, h, taps, grad_x + h * s.W * s.C);
            }
        }
    });
    add_shards(sums, s.N, floats, floats);
    transpose(sums, step, g.grad_weight, T, T, s.C);
    if (g.grad_bias) memcpy(g.grad_bias, sums + T * step, s.C * sizeof(float));
}

PELLUCID_CLOSE
