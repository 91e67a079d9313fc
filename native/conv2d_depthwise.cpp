// Depthwise convolution forward.
//
// A tile of up to 12 pixels x 1 vector of channels stays in registers while the taps go by; bias and ReLU follow there,
// pooling from a strip of the rows that one row of pooling windows needs.
#include "conv2d_depthwise.hpp"
#include "transpose.hpp"

PELLUCID_OPEN

namespace {

constexpr long ROWS_FLOATS = 8192;   // of the rows that a window needs: what the first cache holds
constexpr long LEAST_CHANNELS = 32;  // fewer at once do not pay

// J pixels from `from` on, `step` apart, and `lanes` channels from c on; PART where they are no whole vector.
template <int J, bool PART>
static void pixel_tile(const Tap* taps, long count, long from, long step, long c, long lanes, const Outputs& out,
                       float* y) {
    vf acc[J];
#pragma GCC unroll 12
    for (int j = 0; j < J; j++) acc[j] = zero();
    for (long t = 0; t < count; t++) {
        const vf weight = load(taps[t].weight + c);
        const float* at = taps[t].x + from + c;
#pragma GCC unroll 12
        for (int j = 0; j < J; j++) acc[j] = madd(load_channels<PART>(at + j * step, lanes), weight, acc[j]);
    }
    const vf bias = out.bias ? load_lanes(out.bias + c, lanes) : zero();
#pragma GCC unroll 12
    for (int j = 0; j < J; j++) {
        vf value = acc[j] + bias;
        if (out.relu) value = value <= 0.0f ? zero() : value;
        if (PART) store_part(y + j * out.step + c, value, lanes);
        else store(y + j * out.step + c, value);
    }
}

using PixelTile = void (*)(const Tap*, long, long, long, long, long, const Outputs&, float*);
#define PIXEL_TILES(PART) \
    { nullptr, pixel_tile<1, PART>, pixel_tile<2, PART>, pixel_tile<3, PART>, pixel_tile<4, PART>, \
      pixel_tile<5, PART>, pixel_tile<6, PART>, pixel_tile<7, PART>, pixel_tile<8, PART>, pixel_tile<9, PART>, \
      pixel_tile<10, PART>, pixel_tile<11, PART>, pixel_tile<12, PART> }
static constexpr PixelTile pixel_tiles[2][MOST + 1] = {PIXEL_TILES(false), PIXEL_TILES(true)};

}  // namespace

void pixel_row(const Tap* taps, long count, long pixels, long step, long C, const Outputs& out) {
    const long pieces = (pixels + MOST - 1) / MOST;
    for (long i = 0; i < pieces; i++) {
        const long first = i * pixels / pieces, here = (i + 1) * pixels / pieces - first;
        for (long c = 0; c < C; c += WIDTH) {
            const long lanes = min(WIDTH, C - c);
            pixel_tiles[lanes < WIDTH][here](taps, count, first * step, step, c, lanes, out, out.y + first * out.step);
        }
    }
}

namespace {

// Channels that go together, so that their rows stay in the first cache.
long channels_at_once(const Conv& s) {
    if (!s.padded()) return s.C;  // the rows are read in their place
    const long most = max(LEAST_CHANNELS, ROWS_FLOATS / (Rows::reach(s) * s.padded_width()) / 16 * 16);
    const long blocks = (s.C + most - 1) / most;
    return min(s.C, round_up((s.C + blocks - 1) / blocks, 16));
}

// Rows of windows [begin, end) of one sample.
void run_rows(const Conv& s, const Finish& f, const float* image, const float* packed, const float* bias, float* y,
              uint8_t* passed, long begin, long end) {
    const long step = round_up(s.C, WIDTH), width = f.OW * f.KW, strip_floats = round_up(f.KH * width * step, 16);
    const long most = channels_at_once(s);
    float* strip = scratch(LOCAL, strip_floats + Rows::floats(s, most));
    Tap* taps = (Tap*)scratch(LISTS, 4 * s.taps() + 2 * Rows::reach(s));
    for (long c = 0; c < s.C; c += most) {
        const long channels = min(most, s.C - c);
        const float* added = bias ? bias + c : nullptr;
        Rows rows(s, image + c, channels, strip + strip_floats, (const float**)(taps + s.taps()));
        const long pixel = rows.step();
        for (long i = begin; i < end; i++) {
            const long at = i * f.OW * s.C + c;
            for (long r = 0; r < f.KH; r++) {
                const long first = (i * f.KH + r) * s.SH;
                rows.ask(first);
                for (long u = 0, t = 0; u < s.KH; u++) {
                    const float* x = rows.kernel_row(first, u);
                    for (long v = 0; v < s.KW; v++, t++) taps[t] = {x + v * s.DW * pixel, packed + t * step + c};
                }
                const Outputs out = f.pooling == NO_POOL ? Outputs{y + at, s.C, added, f.relu}
                                                         : Outputs{strip + r * width * step, step, nullptr, false};
                pixel_row(taps, s.taps(), width, s.SW * pixel, channels, out);
            }
            if (f.pooling != NO_POOL)
                finish_row(f, strip, width, step, added, channels, y + at, passed ? passed + at : nullptr, s.C);
        }
    }
}

}  // namespace

bool is_depthwise(const Conv& s) { return s.groups > 1 && s.groups == s.C && s.O == s.C; }

long depthwise_packed_size(const Conv& s) { return s.taps() * round_up(s.C, WIDTH); }

// weight (C, 1, T) as [tap][channel].
void depthwise_pack(const Conv& s, const float* weight, float* packed) {
    const long step = round_up(s.C, WIDTH);
    if (step > s.C) memset(packed, 0, s.taps() * step * sizeof(float));
    transpose(weight, s.taps(), packed, step, s.C, s.taps());
}

void depthwise_run(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                   uint8_t* passed) {
    const long bands = max(1, min(f.OH, (2 * thread_count() + s.N - 1) / s.N));
    parallel_for(s.N * bands, [=](long item) {
        const long n = item / bands, band = item % bands, place = n * f.OH * f.OW * s.O;
        run_rows(s, f, x + n * s.H * s.W * s.C, packed, bias, y + place, passed ? passed + place : nullptr,
                 band * f.OH / bands, (band + 1) * f.OH / bands);
    });
}

void depthwise_sample(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                      uint8_t* passed) {
    run_rows(s, f, x, packed, bias, y, passed, 0, f.OH);
}

PELLUCID_CLOSE
