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

// Numbers in each channel; and whether the channels lie next to each other.
struct Planes {
    long N, C, P;
    bool last;
};

template <class A, class B, class M>
Planes planes_of(const A& x, const B& y, const M& mask) {
    expect(sizes(x) == sizes(y) && (x.ndim() == 3 || x.ndim() == 4), "dropout2d: x and y need one shape of 3 or 4 axes");
    expect(mask.ndim() == 2 && mask.shape(0) == x.shape(0) && mask.shape(1) == x.shape(1),
           "dropout2d: the mask needs samples and channels of x");
    const long N = (long)x.shape(0), C = (long)x.shape(1);
    return {N, C, count(mask) ? count(x) / count(mask) : 0, x.ndim() == 4 && C > 1};
}

void dropout2d_forward(FloatIn x, FloatOut y, const Out<bool>& mask, uint64_t key, uint64_t threshold, double scale) {
    auto [N, C, P, last] = planes_of(x, y, mask);
    perform(&Kernels::dropout2d_forward, Input(x, IMAGE), output(y, IMAGE),
            reinterpret_cast<uint8_t*>(output(mask, ROW_MAJOR)), Key{key}, threshold, (float)scale, N, C, P, last);
}

void dropout2d_backward(FloatIn grad_y, const In<bool>& mask, FloatOut grad_x, double scale) {
    auto [N, C, P, last] = planes_of(grad_y, grad_x, mask);
    Input<bool> kept(mask, ROW_MAJOR);
    perform(&Kernels::dropout2d_backward, Input(grad_y, IMAGE), reinterpret_cast<const uint8_t*>((const bool*)kept),
            output(grad_x, IMAGE), (float)scale, N, C, P, last);
}

}  // namespace

void bind_dropout(nb::module_& m) {
    m.def("dropout_forward", dropout_forward, "x"_a.noconvert(), "y"_a.noconvert(), "mask"_a.noconvert(), "key"_a,
          "threshold"_a, "scale"_a, Released());
    m.def("dropout_backward", dropout_backward, "grad_y"_a.noconvert(), "mask"_a.noconvert(), "grad_x"_a.noconvert(),
          "scale"_a, Released());
    m.def("dropout2d_forward", dropout2d_forward, "x"_a.noconvert(), "y"_a.noconvert(), "mask"_a.noconvert(), "key"_a,
          "threshold"_a, "scale"_a, Released());
    m.def("dropout2d_backward", dropout2d_backward, "grad_y"_a.noconvert(), "mask"_a.noconvert(),
          "grad_x"_a.noconvert(), "scale"_a, Released());
}

}  // namespace pellucid
