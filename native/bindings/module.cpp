// The Python module: which instruction set is in use, how many threads, and the kernels.
#include <utility>

#include "arrays.hpp"

namespace pellucid {

#define ISA(name)                 \
    namespace name {              \
    extern const Kernels table;   \
    }
PELLUCID_ISAS
#undef ISA

const Kernels* kernels = nullptr;

namespace {

std::string selected;

// Slowest first.
std::vector<std::pair<std::string, const Kernels*>> supported() {
#ifdef __x86_64__
    __builtin_cpu_init();
#endif
    std::vector<std::pair<std::string, const Kernels*>> found;
#ifdef PELLUCID_HAS_x86_64_v3
    if (__builtin_cpu_supports("x86-64-v3")) found.emplace_back("x86_64_v3", &x86_64_v3::table);
#endif
#ifdef PELLUCID_HAS_x86_64_v4
    if (__builtin_cpu_supports("x86-64-v4")) found.emplace_back("x86_64_v4", &x86_64_v4::table);
#endif
#ifdef PELLUCID_HAS_neon
    found.emplace_back("neon", &neon::table);
#endif
    return found;
}

nb::tuple instruction_sets() {
    nb::list names;
    for (auto& entry : supported()) names.append(entry.first);
    return nb::tuple(names);
}

void use(const std::string& name) {
    for (auto& entry : supported())
        if (entry.first == name) {
            kernels = entry.second;
            selected = name;
            return;
        }
    misfit("no kernels for instruction set " + name + " here");
}

}  // namespace
}  // namespace pellucid

NB_MODULE(_engine, m) {
    using namespace pellucid;
#ifndef __SANITIZE_ADDRESS__
    nb::set_leak_warnings(false);  // what a program still holds at its end is no fault of it
#endif
    auto found = supported();
    if (found.empty()) throw nb::import_error("this processor has none of the instruction sets there are kernels for");
    use(found.back().first);
    m.def("instruction_sets", instruction_sets, "What this processor can run, slowest first.");
    m.def("instruction_set", [] { return selected; }, "The one in use.");
    m.def("use", use, "name"_a, "Use another one.");
    m.def("thread_count", thread_count);
    m.def("set_thread_count", [](int count) {
        expect(count >= 1 && count <= 1024, "from 1 to 1024 threads are supported");
        set_thread_count(count);
    }, "count"_a);
    bind_activation(m);
    bind_batch_norm(m);
    bind_adaptive_pool2d(m);
    bind_combine(m);
    bind_augment(m);
    bind_conv2d(m);
    bind_conv2d_norm(m);
    bind_dropout(m);
    bind_flatten(m);
    bind_gather(m);
    bind_group_norm(m);
    bind_im2col(m);
    bind_layer_norm(m);
    bind_gru(m);
    bind_linear(m);
    bind_loss(m);
    bind_lstm(m);
    bind_optim(m);
    bind_peak(m);
    bind_pool2d(m);
    bind_program(m);
    bind_softmax(m);
    bind_tape(m);
}
