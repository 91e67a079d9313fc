// What the convolution kernels share.
//
// An image is padded once, into memory of the thread that works on it.  The weights are packed anew in each call, in the
// order in which the inner loop meets them: [group][panel of outputs][tap (u, v)][channel][lane].
#pragma once
#include "gemm.hpp"
#include "kernels.hpp"
#include "parallel.hpp"

PELLUCID_OPEN

// How outputs are computed; a function of shapes and options alone.
enum Algorithm { DIRECT, FEW_CHANNELS, DEPTHWISE, WINOGRAD_2, WINOGRAD_4 };
Algorithm algorithm_of(const Conv& s, const Finish& f, bool exact);

// Rows [first, end) of the padded image, as they lie in memory if there is no padding and nobody reads past a row's
// end (`slack` false), else copied into `buffer`, which has room for a vector more.  *step is the length of a row.
INLINE const float* padded_rows(const Conv& s, const float* image, long first, long end, bool slack, float* buffer,
                                long* step) {
    *step = s.padded_width() * s.C;
    if (!s.padded() && !slack) return image + first * *step;
    const long left = s.left * s.C, inside = s.W * s.C, right = s.right * s.C;
    float* row = buffer;
    for (long r = first; r < end; r++, row += *step) {
        long h = r - s.top;
        if (h < 0 || h >= s.H) {
            memset(row, 0, *step * sizeof(float));
            continue;
        }
        memset(row, 0, left * sizeof(float));
        memcpy(row + left, image + h * inside, inside * sizeof(float));
        memset(row + left + inside, 0, right * sizeof(float));
    }
    store(row, zero());
    return buffer;
}

INLINE long padded_floats(const Conv& s, long rows) { return rows * s.padded_width() * s.C + WIDTH; }

// The running sum of one output: over taps and channels in the order (u, v, c).  With dilation or groups the channels
// of neighbouring taps do not touch, and each kernel row is a sum of its own that goes on from the last.
struct TapSums {
    Sum sum;
    long rows;      // how many such sums, one after the other
    long row_step;  // between them in the image
    long b_step;    // and in the packed weights
};

INLINE TapSums tap_sums(const Conv& s, long row_length) {
    const long C = s.C / s.groups;
    if (s.DW == 1 && s.groups == 1)
        return {{s.KH, s.KW * C, s.DH * row_length, 1, PANEL}, 1, 0, 0};
    return {{s.KW, C, s.DW * s.C, 1, PANEL}, s.KH, s.DH * row_length, s.KW * C * PANEL};
}

INLINE void sum_taps(const TapSums& t, long count, int vectors, const float* a, const long* rows, const float* b,
                     float* c, long c_stride) {
    for (long u = 0; u < t.rows; u++)
        tiles(count, vectors, t.sum, a + u * t.row_step, rows, b + u * t.b_step, c, c_stride, u > 0);
}

// Packed weights of one panel: outputs [first, first + count) of `weight` (O, C, T), lanes past them 0.
void pack_outputs(const float* weight, long first, long count, long C, long T, float* packed);

// Bias, activation and pooling of `count` channels: `strip` holds KH rows of f.OW*KW pixels, `step` floats apart, whose
// KH x KW windows become f.OW pixels of y, `y_step` apart.  passed gets each window's winner, KH*KW where ReLU closed it;
// for averages one bit for each tap that ReLU let pass.
void finish_row(const Finish& f, const float* strip, long row_pixels, long step, const float* bias, long count,
                float* y, uint8_t* passed, long y_step);

// Winograd's algorithms, M x M outputs at a time; M is 2 or 4.
bool winograd_fits(const Conv& s);
long winograd_packed_size(const Conv& s, int M);
void winograd_pack(const Conv& s, int M, const float* weight, float* packed);
void winograd_run(const Conv& s, const Finish& f, int M, const float* x, const float* packed, const float* bias,
                  float* y, uint8_t* passed);

// One sample, by the thread that asks.
void conv2d_sample(const Conv& s, const Finish& f, bool exact, const float* x, const float* packed, const float* bias,
                   float* y, uint8_t* passed);
void winograd_sample(const Conv& s, const Finish& f, int M, const float* x, const float* packed, const float* bias,
                     float* y, uint8_t* passed);
void few_channels_sample(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias,
                         float* y, uint8_t* passed);
void depthwise_sample(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                      uint8_t* passed);

// For few output channels, with vectors along the pixels.
bool few_channels_fit(const Conv& s, const Finish& f);
long few_channels_packed_size(const Conv& s);
void few_channels_pack(const Conv& s, const float* weight, float* packed);
void few_channels_run(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                      uint8_t* passed);

// For groups of one channel in and one out, with vectors along the channels.
bool is_depthwise(const Conv& s);
long depthwise_packed_size(const Conv& s);
void depthwise_pack(const Conv& s, const float* weight, float* packed);
void depthwise_run(const Conv& s, const Finish& f, const float* x, const float* packed, const float* bias, float* y,
                   uint8_t* passed);

// The direct algorithm, from packed weights, for strips [begin, end) of one image; a strip is rows_at_once() rows.
long rows_at_once(const Conv& s, const Finish& f);
void direct_pack(const Conv& s, const float* weight, float* packed);
void direct_strips(const Conv& s, const Finish& f, const float* image, const float* packed, const float* bias, float* y,
                   uint8_t* passed, long begin, long end);

PELLUCID_CLOSE
