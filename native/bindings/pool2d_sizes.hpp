// From the options of a pooling layer to its windows, checked.
#pragma once
#include "arrays.hpp"

namespace pellucid {

// Every one of the OH x OW windows holds a pixel of the H x W ones.
inline Pool windows(Pair kernel, Pair stride, Pair start, long H, long W, long OH, long OW) {
    auto fits = [](long K, long S, long before, long size, long count) {
        const bool sane = K >= 1 && S >= 1 && before >= 0 && before < K && count >= 0 && count < LIMIT;
        return sane && (count == 0 || (size > 0 && (count - 1) * S - before < size));
    };
    auto [KH, KW] = kernel;
    auto [SH, SW] = stride;
    auto [top, left] = start;
    expect(fits(KH, SH, top, H, OH) && fits(KW, SW, left, W, OW), "pool: a window lies outside of x");
    return {KH, KW, SH, SW, top, left, OH, OW};
}

}  // namespace pellucid
