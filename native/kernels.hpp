// The table of kernels: kernels.inc names each once, here it becomes a struct of function pointers, and in table.cpp
// one such table for each instruction set.
#pragma once
#include <cstdint>

#include "geometry.hpp"

namespace pellucid {

// Of random numbers, see src/pellucid/_core/random.py.
struct Key {
    uint64_t bits;
};

struct Kernels {
#define KERNEL(name, ...) void (*name)(__VA_ARGS__);
#define MEASURE(name, ...) long (*name)(__VA_ARGS__);
#include "kernels.inc"
#undef KERNEL
#undef MEASURE
};

}  // namespace pellucid

#ifdef PELLUCID_ISA
namespace pellucid {
namespace PELLUCID_ISA {
#define KERNEL(name, ...) void name(__VA_ARGS__);
#define MEASURE(name, ...) long name(__VA_ARGS__);
#include "kernels.inc"
#undef KERNEL
#undef MEASURE
extern const Kernels table;
}  // namespace PELLUCID_ISA
}  // namespace pellucid
#endif
