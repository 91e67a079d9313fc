#include "arrays.hpp"

namespace pellucid {
namespace {

void fma_peak(FloatOut sums, long madds) {
    expect(madds >= 0 && madds % 192 == 0, "fma_peak: a multiple of 192 multiply-adds is needed");
    perform(&Kernels::fma_peak, output(sums, ROW_MAJOR), count(sums), madds);
}

}  // namespace

void bind_peak(nb::module_& m) {
    m.def("fma_peak", fma_peak, "sums"_a.noconvert(), "madds"_a, Released(),
          "Do `madds` multiply-adds for each entry of `sums`, on all threads.");
}

}  // namespace pellucid
