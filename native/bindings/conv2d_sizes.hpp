// From shapes and options to the sizes that convolution kernels take, with everything checked.
#pragma once
#include "arrays.hpp"

namespace pellucid {

struct Sizes {
    Conv s;
    Finish f;
};

Sizes conv2d_sizes(const std::vector<long>& x, const std::vector<long>& weight, Pair stride, Sides padding,
                   Pair dilation, Whole groups, bool relu, int pooling, Pair window);

}  // namespace pellucid
