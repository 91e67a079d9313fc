#include "kernels.hpp"

namespace pellucid {
namespace PELLUCID_ISA {

const Kernels table = {
#define KERNEL(name, ...) name,
#include "kernels.inc"
#undef KERNEL
};

}  // namespace PELLUCID_ISA
}  // namespace pellucid
