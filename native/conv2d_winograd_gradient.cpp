// conv2d backward by Winograd's tiles, 4 x 4 outputs each, sample by sample.
//
// The gradient of a sample's outputs is expanded once, into an image with zeros around it.  grad_x is the forward
// algorithm on that image with the kernel turned round.  grad_weight is summed point by point, [point][c][o], over the
// tiles of a shard's samples, and goes back to nine taps at the shard's end.
#include "conv2d_gradient.hpp"
#include "winograd_tiles.hpp"

PELLUCID_OPEN

namespace {

constexpr int TILE = Winograd<4>::TILE, TILES_POINTS = Winograd<4>::POINTS;
constexpr long SMALLEST = 6;  // smaller images waste the tiles at their edges

// The sizes of it all.
struct Sizes {
    Tiling outputs;      // of the convolution
    Conv back;           // grad_x as a convolution of the image of the gradient
    long top, left;      // where the gradient begins in that image
    long rows, columns;  // of it

    static Sizes of(const Conv& s) {
        Turned t = turned(s);
        const Tiling outputs = Tiling::of<4>(Finish{false, NO_POOL, 1, 1, s.OH, s.OW});
        const Tiling inputs = Tiling::of<4>(Finish{false, NO_POOL, 1, 1, s.H, s.W});
        const long rows = max(inputs.rows * 4 + 2, t.top + outputs.rows * 4);
        const long columns = max(inputs.columns * 4 + 2, t.left + outputs.columns * 4);
        t.s.H = rows, t.s.W = columns;
        return {outputs, t.s, t.top, t.left, rows, columns};
    }
};

// The gradient of one sample in the image, zeros around it.
void fill_image(const Gradient& g, const Sizes& z, long sample, float* image, float* bias) {
    const long O = g.s.O, row = z.columns * O, height = g.f.OH * g.f.KH, width = g.f.OW * g.f.KW;
    memset(image, 0, z.top * row * sizeof(float));
    for (long r = z.top; r < z.top + height; r++) {
        memset(image + r * row, 0, z.left * O * sizeof(float));
        memset(image + r * row + (z.left + width) * O, 0, (z.columns - z.left - width) * O * sizeof(float));
    }
    memset(image + (z.top + height) * row, 0, (z.rows - z.top - height) * row * sizeof(float));
    expand_rows(g, sample, 0, g.f.OH, image + z.top * row + z.left * O, O, row, bias);
}

// Tiles of the gradient as [point][tile][channel], points `plane` apart.
void transform_gradients(const Sizes& z, const float* image, long O, float* points, long plane) {
    const long row = z.columns * O;
    for (long i = 0; i < z.outputs.rows; i++)
        for (long j = 0; j < z.outputs.columns; j++)
            for (long o = 0; o < O; o += WIDTH) {
                const float* from = image + (z.top + i * 4) * row + (z.left + j * 4) * O + o;
                float* to = points + (i * z.outputs.columns + j) * O + o;
                vf half[TILE * 4], column[TILE];
#pragma GCC unroll 4
                for (int v = 0; v < 4; v++) {
#pragma GCC unroll 4
                    for (int u = 0; u < 4; u++) column[u] = load(from + u * row + v * O);
                    Winograd<4>::output_gradient(column, half + v, 4);
                }
#pragma GCC unroll 6
                for (int u = 0; u < TILE; u++) {
                    Winograd<4>::output_gradient(half + u * 4, column, 1);
#pragma GCC unroll 6
                    for (int v = 0; v < TILE; v++) store(to + (u * TILE + v) * plane, column[v]);
                }
            }
}

// A shard's sums [point][c][o] as taps [tap][c][o].
void transform_sums(const Conv& s, const float* sums, float* taps) {
    const long plane = s.C * s.O;
    for (long n = 0; n < plane; n += WIDTH) {
        vf half[3 * TILE], column[TILE];
#pragma GCC unroll 6
        for (int v = 0; v < TILE; v++) {
#pragma GCC unroll 6
            for (int u = 0; u < TILE; u++) column[u] = load(sums + (u * TILE + v) * plane + n);
            Winograd<4>::kernel_gradient(column, half + v, TILE);
        }
#pragma GCC unroll 3
        for (int u = 0; u < 3; u++) {
            Winograd<4>::kernel_gradient(half + u * TILE, column, 1);
#pragma GCC unroll 3
            for (int v = 0; v < 3; v++) store(taps + (u * 3 + v) * plane + n, column[v]);
        }
    }
}

// Samples are taken together until they have so many tiles: sums are not fetched for a few products each.  More gain
// nothing, since transformed tiles and sums then leave the second cache.
constexpr long TILES_AT_ONCE = 16;
INLINE long samples_at_once(const Sizes& z) { return max(1, TILES_AT_ONCE / (z.outputs.rows * z.outputs.columns)); }

// Adds the products of `count` tiles to the sums of their shard.
void add_tiles(const Conv& s, long count, const float* of_x, long plane_x, const float* of_y, long plane_y, float* sums) {
    long* channels = (long*)scratch(LISTS, 2 * s.C);
    regular_rows(channels, s.C, 1);
    const Sum sum{1, count, 0, s.C, s.O};
    for (int p = 0; p < TILES_POINTS; p++)
        for (long o = 0; o < s.O; o += PANEL)
            tiles(s.C, s.O - o > WIDTH ? 2 : 1, sum, of_x + p * plane_x, channels, of_y + p * plane_y + o,
                  sums + p * s.C * s.O + o, s.O, true);
}

}  // namespace

bool winograd_gradient_fits(const Conv& s, bool exact) {
    return !exact && winograd_fits(s) && s.O % UNIT == 0 && s.top <= 2 && s.left <= 2 &&
           min(min(s.H, s.W), min(s.OH, s.OW)) >= SMALLEST;
}

void winograd_backward(const Gradient& g) {
    const Conv& s = g.s;
    const Sizes z = Sizes::of(s);
    const long plane = s.C * s.O, floats = 9 * plane + s.O, tiles_here = z.outputs.rows * z.outputs.columns;
    float* packed = nullptr;
    if (g.grad_x) {
        const long size = winograd_packed_size(z.back, 4);
        packed = scratch(PACKED, size + 9 * plane);
        turn_weights(s, g.weight, packed + size);
        winograd_pack(z.back, 4, packed + size, packed);
    }
    const long image_floats = z.rows * z.columns * s.O + 16;
    const long x_rows = z.outputs.rows * 4 + 2, x_columns = z.outputs.columns * 4 + 2;
    const long at_once = samples_at_once(z), plane_x = at_once * tiles_here * s.C + 16, plane_y = at_once * tiles_here * s.O + 16;
    float* shards = for_shards(s.N, floats, [=](float* mine, long begin, long end) {
        float* image = scratch(PADDED, image_floats + x_rows * x_columns * s.C + 16);
        float* sums = scratch(POINTS, TILES_POINTS * (plane + plane_x + plane_y));
        float *of_x = sums + TILES_POINTS * plane, *of_y = of_x + TILES_POINTS * plane_x;
        memset(sums, 0, TILES_POINTS * plane * sizeof(float));
        memset(mine + 9 * plane, 0, s.O * sizeof(float));
        for (long n = begin, held = 0; n < end; n++) {
            fill_image(g, z, n, image, mine + 9 * plane);
            if (g.grad_x)
                winograd_sample(z.back, Finish{false, NO_POOL, 1, 1, s.H, s.W}, 4, image, packed, nullptr,
                                g.grad_x + n * g.sample_x(), nullptr);
            long row_length;
            const float* x = tile_rows(s, g.x + n * g.sample_x(), 0, x_rows, x_columns, image + image_floats, &row_length);
            transform_inputs<4>(s, z.outputs, x, row_length, z.outputs.rows, of_x + held * s.C, plane_x);
            transform_gradients(z, image, s.O, of_y + held * s.O, plane_y);
            held += tiles_here;
            if (held < at_once * tiles_here && n + 1 < end) continue;
            add_tiles(s, held, of_x, plane_x, of_y, plane_y, sums);
            held = 0;
        }
        transform_sums(s, sums, mine);
    });
    parallel_for(9, [=](long tap) { add_shards(shards + tap * plane, s.N, floats, plane); });
    parallel_for(s.O / UNIT, [=](long part) {
        for (long o = part * UNIT; o < (part + 1) * UNIT; o++)
            for (long c = 0; c < s.C; c++)
                for (long tap = 0; tap < 9; tap++)
                    g.grad_weight[(o * s.C + c) * 9 + tap] = shards[tap * plane + c * s.O + o];
    });
    if (!g.grad_bias) return;
    add_shards(shards + 9 * plane, s.N, floats, s.O);
    memcpy(g.grad_bias, shards + 9 * plane, s.O * sizeof(float));
}

PELLUCID_CLOSE
