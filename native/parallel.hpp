// A fork/join pool of our own.  A call is over when all items are done, not when all threads have reported: whatever an
// absent worker has not taken, the caller does itself, so a call is never slower than the same loop on one thread.
#pragma once
#include <cstddef>

namespace pellucid {

using Task = void (*)(void* context, long item);

// Runs task(context, 0 .. items-1), each once, in no order that may matter.
void run_parallel(long items, Task task, void* context);

int thread_count();
void set_thread_count(int count);

// Memory of this thread that lasts until its next use with the same name; 64-byte aligned, with a vector to spare.
// std::bad_alloc if there is none.
enum Scratch { PACKED, SHARDS, LOCAL, LISTS, PADDED, ACTIVATIONS, POINTS, NORMS, SCRATCH_COUNT };
float* scratch(Scratch which, long floats);

// f(item) for all items; f must write different memory for different items.  What one of them throws goes on when no
// thread works any more; std::bad_alloc is all that kernels throw.
template <class F>
static inline void parallel_for(long items, F f) {
    if (items == 1) return f(0L);
    run_parallel(items, [](void* context, long item) { (*(F*)context)(item); }, &f);
}

}  // namespace pellucid
