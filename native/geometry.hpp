// Sizes that kernels take, in the letters of ARCHITECTURE.md.
#pragma once

namespace pellucid {

struct Conv {
    long N, C, H, W, O, KH, KW, SH, SW, top, bottom, left, right, DH, DW, groups;
    long OH, OW;

    long C_group() const { return C / groups; }
    long O_group() const { return O / groups; }
    long taps() const { return KH * KW; }
};

struct Pool {
    long KH, KW, SH, SW, top, left;
    long OH, OW;
};

}  // namespace pellucid
