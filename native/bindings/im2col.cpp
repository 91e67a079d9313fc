#include "conv2d_sizes.hpp"

namespace pellucid {
namespace {

// The windows as those of a convolution with one output.
template <class I, class C>
Conv windows_of(const I& image, const C& columns, Pair kernel, Pair stride, Sides padding, Pair dilation) {
    expect(image.ndim() == 4 && columns.ndim() == 3, "im2col: an image has four axes, columns have three");
    const long channels = (long)image.shape(1);
    const std::vector<long> weight = {1, channels, std::get<0>(kernel), std::get<1>(kernel)};
    Conv s = conv2d_sizes(sizes(image), weight, stride, padding, dilation, 1, false, NO_POOL, {1, 1}).s;
    expect(sizes(columns) == std::vector<long>{s.N, s.C * s.taps(), s.OH * s.OW}, "im2col: the columns do not fit");
    return s;
}

void im2col(FloatIn image, FloatOut columns, Pair kernel, Pair stride, Sides padding, Pair dilation) {
    Conv s = windows_of(image, columns, kernel, stride, padding, dilation);
    perform(&Kernels::im2col, s, Input(image, IMAGE), output(columns, ROW_MAJOR));
}

void col2im(FloatIn columns, FloatOut image, Pair kernel, Pair stride, Sides padding, Pair dilation) {
    Conv s = windows_of(image, columns, kernel, stride, padding, dilation);
    perform(&Kernels::col2im, s, Input(columns, ROW_MAJOR), output(image, IMAGE));
}

}  // namespace

void bind_im2col(nb::module_& m) {
    m.def("im2col", im2col, "image"_a.noconvert(), "columns"_a.noconvert(), "kernel"_a, "stride"_a, "padding"_a,
          "dilation"_a, Released());
    m.def("col2im", col2im, "columns"_a.noconvert(), "image"_a.noconvert(), "kernel"_a, "stride"_a, "padding"_a,
          "dilation"_a, Released());
}

}  // namespace pellucid
