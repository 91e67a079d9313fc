// What the bindings ask of arrays: float32 on the CPU, sizes that fit, memory in the order that kernels read.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "kernels.hpp"
#include "parallel.hpp"
#include "tape.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace pellucid {

template <class T>
using In = nb::ndarray<const T, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<T, nb::device::cpu>;

using FloatIn = const In<float>&;
using FloatOut = const Out<float>&;
using MaybeIn = const std::optional<In<float>>&;
using MaybeOut = const std::optional<Out<float>>&;

[[noreturn]] inline void misfit(const std::string& what) { throw nb::value_error(what.c_str()); }

template <class A>
std::vector<long> sizes(const A& array) {
    std::vector<long> result(array.ndim());
    for (size_t i = 0; i < array.ndim(); i++) result[i] = (long)array.shape(i);
    return result;
}

template <class A>
long count(const A& array) {
    return (long)array.size();
}

inline void expect(bool fits, const char* what) {
    if (!fits) misfit(what);
}

constexpr long LIMIT = 1L << 31;

// A number of channels, steps or pixels that a caller gives: what is no int is refused at once, and the product of two
// fits into a long.  As tuples: down and to the right; those of both sides of each.
using Whole = int;
using Pair = std::tuple<Whole, Whole>;
using Sides = std::tuple<Pair, Pair>;

// 64-byte aligned memory.
template <class T>
T* allocate(long count) {
    void* found = std::aligned_alloc(64, (count * sizeof(T) + 127) / 64 * 64);
    if (!found) throw std::bad_alloc();
    return static_cast<T*>(found);
}

// The order of the axes in memory, slowest first: four axes are images, channels-last; all else is row-major.
enum Order { ROW_MAJOR, IMAGE };

inline const int* axes_in_memory(Order order, size_t ndim) {
    static const int image[] = {0, 2, 3, 1}, plain[] = {0, 1, 2, 3, 4, 5, 6, 7};
    return order == IMAGE && ndim == 4 ? image : plain;
}

// Kernels multiply sizes: that must stay within a long, also where one of them is 0 and the rest of any size.
inline void expect_countable(std::initializer_list<long> sizes) {
    long total = 1;
    for (long size : sizes)
        if (__builtin_mul_overflow(total, size > 1 ? size : 1, &total)) misfit("the sizes are too large together");
}

// What kernels can walk over: few axes, and no endless ones around nothing.
template <class A>
void expect_sane(const A& array) {
    if (array.ndim() > 8) misfit("arrays of up to 8 axes are supported");
    if (count(array)) return;
    long around = 1;
    for (size_t i = 0; i < array.ndim(); i++) {
        const long size = (long)array.shape(i);
        if (size >= LIMIT || (around *= size > 1 ? size : 1) >= LIMIT) misfit("an empty array of 2^31 rows or more");
    }
}

template <class A>
bool in_order(const A& array, Order order) {
    expect_sane(array);
    const int* axes = axes_in_memory(order, array.ndim());
    long expected = 1;
    for (int i = (int)array.ndim() - 1; i >= 0; i--) {
        long size = (long)array.shape(axes[i]);
        if (size != 1 && array.stride(axes[i]) != expected) return count(array) == 0;
        expected *= size;
    }
    return true;
}

// Samples, channels, pixels of an array in the order IMAGE; what is no image is one sample of one channel.
struct Images {
    long N, C, P;
};

template <class A>
Images as_images(const A& array) {
    if (array.ndim() != 4) return {1, 1, count(array)};
    return {(long)array.shape(0), (long)array.shape(1), (long)(array.shape(2) * array.shape(3))};
}

// An input as kernels read it: the array itself, or a copy in the right order.
template <class T>
class Input {
public:
    Input(const In<T>& array, Order order) : data_(array.data()) {
        if (in_order(array, order)) return;
        if (recording) recording->whole = false;  // the copy lives as long as this call
        copy_.reset(allocate<T>(count(array)));
        const int* axes = axes_in_memory(order, array.ndim());
        T* target = copy_.get();
        walk(array, axes, 0, array.data(), target);
        data_ = copy_.get();
    }
    Input(const std::optional<In<T>>& array, Order order) : Input(array ? *array : In<T>(), order, array.has_value()) {}

    operator const T*() const { return data_; }

private:
    Input(const In<T>& array, Order order, bool there) : data_(nullptr) {
        if (there) *this = Input(array, order);
    }

    static void walk(const In<T>& array, const int* axes, size_t depth, const T* source, T*& target) {
        if (depth == array.ndim()) {
            *target++ = *source;
            return;
        }
        int axis = axes[depth % 8];
        for (size_t i = 0; i < array.shape(axis); i++)
            walk(array, axes, depth + 1, source + (long)i * array.stride(axis), target);
    }

    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    std::unique_ptr<T, Free> copy_;
    const T* data_;
};

// An output as kernels write it; arrays from ops._memory.empty() are in order.
template <class T>
T* output(const Out<T>& array, Order order) {
    if (!in_order(array, order)) misfit("an output array is not in the order that kernels write");
    return array.data();
}
template <class T>
T* output(const std::optional<Out<T>>& array, Order order) {
    return array ? output(*array, order) : nullptr;
}

// Kernels run without Python's lock.  A daemon thread that asks for it back while the interpreter shuts down is ended
// by unwinding its stack, which would abort the process; it waits for the end instead.
class Unlocked {
public:
    Unlocked() : state_(PyEval_SaveThread()) {}
    ~Unlocked() {
        try {
            PyEval_RestoreThread(state_);
        } catch (...) {
            for (;;) pause();
        }
    }
    Unlocked(const Unlocked&) = delete;

private:
    PyThreadState* state_;
};

using Released = nb::call_guard<Unlocked>;

void bind_activation(nb::module_& m);
void bind_batch_norm(nb::module_& m);
void bind_adaptive_pool2d(nb::module_& m);
void bind_combine(nb::module_& m);
void bind_augment(nb::module_& m);
void bind_conv2d(nb::module_& m);
void bind_conv2d_norm(nb::module_& m);
void bind_dropout(nb::module_& m);
void bind_flatten(nb::module_& m);
void bind_gather(nb::module_& m);
void bind_group_norm(nb::module_& m);
void bind_im2col(nb::module_& m);
void bind_layer_norm(nb::module_& m);
void bind_gru(nb::module_& m);
void bind_linear(nb::module_& m);
void bind_loss(nb::module_& m);
void bind_lstm(nb::module_& m);
void bind_optim(nb::module_& m);
void bind_peak(nb::module_& m);
void bind_pool2d(nb::module_& m);
void bind_program(nb::module_& m);
void bind_softmax(nb::module_& m);
void bind_tape(nb::module_& m);

}  // namespace pellucid
