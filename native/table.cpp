#include "kernels.hpp"

namespace pellucid {
namespace PELLUCID_ISA {

const Kernels table = {
#define KERNEL(name, ...) name,
#define MEASURE(name, ...) name,
#include "kernels.inc"
#undef KERNEL
#undef MEASURE
};

}  // namespace PELLUCID_ISA
}  // namespace pellucid
