#include "arrays.hpp"

namespace pellucid {
namespace {

void gather_normalize(FloatIn table, const In<uint8_t>& images, const In<int64_t>& indices, FloatOut out) {
    expect(images.ndim() == 4 && out.ndim() == 4 && count(table) == 256 && out.shape(0) == indices.size(),
           "gather_normalize: sizes do not fit");
    for (size_t axis = 1; axis < 4; axis++)
        expect(images.shape(axis) == out.shape(axis), "gather_normalize: images of another size");
    // A data set is never copied to make a batch of it.
    expect(in_order(images, ROW_MAJOR) && in_order(table, ROW_MAJOR) && in_order(indices, ROW_MAJOR),
           "gather_normalize: an array is not contiguous");
    for (size_t n = 0; n < indices.size(); n++)
        expect(indices.data()[n] >= 0 && indices.data()[n] < (int64_t)images.shape(0),
               "gather_normalize: an index is out of range");
    perform(&Kernels::gather_normalize, table.data(), images.data(), indices.data(), output(out, IMAGE),
            (long)out.shape(0), (long)out.shape(1), (long)(out.shape(2) * out.shape(3)));
}

}  // namespace

void bind_gather(nb::module_& m) {
    m.def("gather_normalize", gather_normalize, "table"_a.noconvert(), "images"_a.noconvert(), "indices"_a.noconvert(),
          "out"_a.noconvert(), Released());
}

}  // namespace pellucid
