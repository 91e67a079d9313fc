#include "arrays.hpp"

namespace pellucid {
namespace {

void dropout_forward(FloatIn x, FloatOut y, const Out<bool>& mask, uint64_t key, uint64_t threshold, double scale) {
    expect(sizes(x) == sizes(y) && sizes(x) == sizes(mask), "dropout: outputs need the shape of x");
    if (!count(x)) return;
    // Entries are counted in C order: of all that is no image, memory's own.
    auto [N, C, P] = as_images(x);
    perform(&Kernels::dropout_forward, Input(x, IMAGE), output(y, IMAGE),
            reinterpret_cast<uint8_t*>(output(mask, IMAGE)), Key{key}, threshold, (float)scale, N, C, P);
}

void dropout_backward(FloatIn grad_y, const In<bool>& mask, FloatOut grad_x, double scale) {
    expect(sizes(grad_y) == sizes(mask) && sizes(mask) == sizes(grad_x), "dropout: gradients need the shape of the mask");
    Input<bool> kept(mask, IMAGE);
    perform(&Kernels::dropout_backward, Input(grad_y, IMAGE), reinterpret_cast<const uint8_t*>((const bool*)kept),
            output(grad_x, IMAGE), (float)scale, count(mask));
}

}  // namespace

void bind_dropout(nb::module_& m) {
    m.def("dropout_forward", dropout_forward, "x"_a.noconvert(), "y"_a.noconvert(), "mask"_a.noconvert(), "key"_a,
          "threshold"_a, "scale"_a, Released());
    m.def("dropout_backward", dropout_backward, "grad_y"_a.noconvert(), "mask"_a.noconvert(), "grad_x"_a.noconvert(),
          "scale"_a, Released());
}

}  // namespace pellucid
