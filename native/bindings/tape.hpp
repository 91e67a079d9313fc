// A tape of kernel calls: what ran once, call by call from Python, runs again in one call.  Sizes and other numbers stay
// as they were: a call with one that changes from step to step, such as an optimiser's, is not to be recorded.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace pellucid {

extern const Kernels* kernels;  // of the instruction set in use

// What a replay puts in the place of what was recorded: arrays from outside, and the keys of random numbers.
class Changes {
public:
    void put(const void* recorded, const void* now) { arrays_.emplace_back(recorded, now); }
    void put(Key recorded, Key now) { keys_.emplace_back(recorded, now); }

    template <class T>
    T* operator()(T* recorded) const {
        for (auto& [before, now] : arrays_)
            if (before == recorded) return static_cast<T*>(const_cast<void*>(now));
        return recorded;
    }
    Key operator()(Key recorded) const {
        for (auto& [before, now] : keys_)
            if (before.bits == recorded.bits) return now;
        return recorded;
    }
    template <class T>
    const T& operator()(const T& value) const {
        return value;
    }

private:
    std::vector<std::pair<const void*, const void*>> arrays_;
    std::vector<std::pair<Key, Key>> keys_;
};

struct Tape {
    std::vector<std::function<void(const Changes&)>> calls;
    std::vector<Key> keys;  // in the order of their use
    bool whole = true;      // whether a replay does the same

    template <class... P>
    void add(void (*Kernels::*kernel)(P...), const std::tuple<std::decay_t<P>...>& arguments) {
        calls.push_back([=](const Changes& changes) {
            std::apply([&](const auto&... argument) { (kernels->*kernel)(changes(argument)...); }, arguments);
        });
        std::apply([&](const auto&... argument) { (note(argument), ...); }, arguments);
    }

private:
    void note(Key key) { keys.push_back(key); }
    template <class T>
    void note(const T&) {}
};

// Null as long as nobody records.  A recorder that another thread let go leaves its tape here, which nobody reads.
extern thread_local std::shared_ptr<Tape> recording;

// Run a kernel, and note the call where somebody records.
template <class... P, class... A>
void perform(void (*Kernels::*kernel)(P...), const A&... arguments) {
    std::tuple<std::decay_t<P>...> call(arguments...);
    std::apply(kernels->*kernel, call);
    if (recording && recording.use_count() > 1) recording->add(kernel, call);
}

}  // namespace pellucid
