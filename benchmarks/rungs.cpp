// The loops of conv2d as C++ says them, for the ladder in docs/conv2d.md: rungs.py compiles and calls them.
//
// No padding, stride 1.  x (N, H, W, C), weight (KH, KW, C, O), y (N, H-KH+1, W-KW+1, O).  The innermost loop runs along
// the output channels, which lie together in y and in weight: the compiler makes vectors of it.
extern "C" void conv2d_loops(const float* x, const float* weight, const float* bias, float* y, long N, long C, long H,
                             long W, long O, long KH, long KW) {
    const long OH = H - KH + 1, OW = W - KW + 1;
    for (long n = 0; n < N; n++)
        for (long i = 0; i < OH; i++)
            for (long j = 0; j < OW; j++) {
                float* __restrict sums = y + ((n * OH + i) * OW + j) * O;
                for (long o = 0; o < O; o++) sums[o] = bias[o];
                for (long u = 0; u < KH; u++)
                    for (long v = 0; v < KW; v++)
                        for (long c = 0; c < C; c++) {
                            const float value = x[((n * H + i + u) * W + j + v) * C + c];
                            const float* row = weight + ((u * KW + v) * C + c) * O;
                            for (long o = 0; o < O; o++) sums[o] += value * row[o];
                        }
            }
}
