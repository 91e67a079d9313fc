// Sizes of what recurrent kernels take.
#pragma once
#include "arrays.hpp"

namespace pellucid {

using MaybeMask = const std::optional<In<bool>>&;

// x (N, T, I), weight_ih (gates * H, I), weight_hh (gates * H, H)
inline Sequence sequence_sizes(long gates, FloatIn x, FloatIn weight_ih, FloatIn weight_hh, bool reverse) {
    expect(x.ndim() == 3 && weight_ih.ndim() == 2 && weight_hh.ndim() == 2, "recurrent: x or a weight has other axes");
    Sequence s{(long)x.shape(0), (long)x.shape(1), (long)x.shape(2), (long)weight_hh.shape(1), reverse};
    expect((long)weight_ih.shape(0) == gates * s.H && (long)weight_hh.shape(0) == gates * s.H &&
               (long)weight_ih.shape(1) == s.I,
           "recurrent: sizes of x and weights do not fit");
    expect_countable({s.N, s.T, gates, s.H, s.H, s.I});
    return s;
}

template <class... A>
void expect_counts(long expected, const A&... arrays) {
    expect(((count(arrays) == expected) && ...), "recurrent: an array has another size");
}
template <class... A>
void expect_maybe(long expected, const A&... arrays) {
    expect(((!arrays || count(*arrays) == expected) && ...), "recurrent: an array has another size");
}

inline const uint8_t* bytes(const Input<bool>& mask) { return reinterpret_cast<const uint8_t*>((const bool*)mask); }

}  // namespace pellucid
