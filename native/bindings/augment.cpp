#include "arrays.hpp"

namespace pellucid {
namespace {

void smooth_field(FloatIn taps, const In<uint64_t>& keys, FloatOut fields) {
    expect(fields.ndim() == 4 && fields.shape(0) == keys.size() && fields.shape(1) == 2 && keys.ndim() == 1 &&
               taps.ndim() == 1 && taps.size() % 2 == 1,
           "smooth_field: fields are (N, 2, H, W), for keys (N,) and an odd number of taps");
    perform(&Kernels::smooth_field, Input(taps, ROW_MAJOR), Input(keys, ROW_MAJOR), output(fields, ROW_MAJOR),
            (long)fields.shape(0), (long)fields.shape(2), (long)fields.shape(3), (long)taps.size() / 2);
}

void resample(FloatIn x, FloatIn matrices, MaybeIn fields, FloatOut y) {
    expect(x.ndim() == 4 && sizes(x) == sizes(y), "resample: x and y are images (N, C, H, W)");
    const long N = (long)x.shape(0), C = (long)x.shape(1), H = (long)x.shape(2), W = (long)x.shape(3);
    expect(sizes(matrices) == std::vector<long>{N, 2, 3}, "resample: matrices are (N, 2, 3)");
    expect(!fields || sizes(*fields) == std::vector<long>{N, 2, H, W}, "resample: fields are (N, 2, H, W)");
    if (!count(x)) return;
    // Sequences of images come row by row, all else channels-last.
    const Order order = in_order(x, IMAGE) ? IMAGE : ROW_MAJOR;
    perform(&Kernels::resample, Input(x, order), Input(matrices, ROW_MAJOR), Input(fields, ROW_MAJOR),
            output(y, order), N, C, H, W, order == IMAGE ? 1 : H * W, order == IMAGE ? C : 1);
}

void add_noise(FloatOut x, const In<uint64_t>& keys, double deviation) {
    expect(x.ndim() == 2 && keys.ndim() == 1 && keys.size() == x.shape(0), "add_noise: x is (N, F), keys (N,)");
    perform(&Kernels::add_noise, output(x, ROW_MAJOR), Input(keys, ROW_MAJOR), (float)deviation, (long)x.shape(0),
            (long)x.shape(1));
}

}  // namespace

void bind_augment(nb::module_& m) {
    m.def("smooth_field", smooth_field, "taps"_a.noconvert(), "keys"_a.noconvert(), "fields"_a.noconvert(), Released());
    m.def("resample", resample, "x"_a.noconvert(), "matrices"_a.noconvert(), "fields"_a.noconvert().none(),
          "y"_a.noconvert(), Released());
    m.def("add_noise", add_noise, "x"_a.noconvert(), "keys"_a.noconvert(), "deviation"_a, Released());
}

}  // namespace pellucid
