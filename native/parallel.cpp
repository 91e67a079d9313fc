#include "parallel.hpp"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#if defined(__x86_64__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() asm volatile("yield")
#endif

namespace pellucid {
namespace {

constexpr int SPINS = 4000;  // some 70 us: the ops of a step follow each other within microseconds

// Sleep until `word` is no longer `seen`; wake all who sleep.
void sleep_while(std::atomic<uint32_t>& word, uint32_t seen) {
#if defined(__linux__)
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
#else
    if (word.load() == seen) std::this_thread::yield();
#endif
}

void wake(std::atomic<uint32_t>& word, int count) {
#if defined(__linux__)
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
#else
    (void)word, (void)count;
#endif
}

class Pool {
public:
    explicit Pool(int threads) : ranges_(threads) {
#if defined(__linux__)
        sched_getaffinity(0, sizeof allowed_, &allowed_);
#endif
        for (int i = 1; i < threads; i++) workers_.emplace_back([this, i] { work(i); });
    }

    ~Pool() {
        stop_ = true;
        generation_.fetch_add(1);
        wake(generation_, INT32_MAX);
        for (auto& worker : workers_) worker.join();
    }

    int threads() const { return (int)ranges_.size(); }

    void run(long items, Task task, void* context) {
        // A range is 24 bits of generation and two of 20 bits: longer loops go in pieces.
        for (long first = 0; first < items; first += LIMIT) {
            long count = items - first < LIMIT ? items - first : LIMIT;
            fork_join(first, count, task, context);
        }
    }

private:
    static constexpr long LIMIT = 1 << 20;
    static constexpr uint64_t LOW = LIMIT * 2 - 1;  // 21 bits: the end may be LIMIT itself
    static constexpr uint32_t ROUND = (1u << 22) - 1;

    struct alignas(64) Range {
        std::atomic<uint64_t> value{0};  // generation : 22 | begin : 21 | end : 21
    };

    static uint64_t pack(uint32_t generation, uint64_t begin, uint64_t end) {
        return uint64_t(generation & ROUND) << 42 | begin << 21 | end;
    }

    void fork_join(long first, long items, Task task, void* context) {
        const uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
        const long n = threads();
        task_ = task, context_ = context, first_ = first;
        done_.store(0, std::memory_order_relaxed);
        for (long t = 0; t < n; t++)
            ranges_[t].value.store(pack(generation, t * items / n, (t + 1) * items / n), std::memory_order_release);
        leave_my_cpu();
        generation_.store(generation);
        if (sleepers_.load() > 0) wake(generation_, (int)n - 1);
        take(0, generation);
        while (done_.load(std::memory_order_acquire) != items) RELAX();
    }

    // Works off this thread's own range from its front, then the others' from their far ends.
    void take(int self, uint32_t generation) {
        const int n = threads();
        for (int k = 0; k < n; k++) {
            auto& range = ranges_[(self + k) % n].value;
            for (;;) {
                uint64_t seen = range.load(std::memory_order_acquire);
                if (seen >> 42 != (generation & ROUND)) return;  // the call is over, another has begun
                uint64_t begin = seen >> 21 & LOW, end = seen & LOW;
                if (begin >= end) break;
                uint64_t item = k == 0 ? begin : end - 1;
                uint64_t rest = k == 0 ? pack(generation, begin + 1, end) : pack(generation, begin, end - 1);
                if (range.compare_exchange_weak(seen, rest, std::memory_order_acq_rel)) {
                    task_(context_, first_ + (long)item);
                    done_.fetch_add(1, std::memory_order_release);
                }
            }
        }
    }

    void work(int self) {
        uint32_t seen = 0;
        for (;;) {
            int spins = 0;
            uint32_t now;
            while ((now = generation_.load(std::memory_order_acquire)) == seen) {
                if (++spins <= SPINS) {
                    RELAX();
                    continue;
                }
                sleepers_.fetch_add(1);
                sleep_while(generation_, seen);
                sleepers_.fetch_sub(1);
            }
            seen = now;
            if (stop_) return;
            take(self, now);
        }
    }

    // After a pause the kernel wakes a worker on the caller's own core, and both share it for milliseconds.  So when
    // the caller has moved, the workers are told to stay off its core.
    void leave_my_cpu() {
#if defined(__linux__)
        int cpu = sched_getcpu();
        if (cpu == caller_cpu_) return;
        caller_cpu_ = cpu;
        cpu_set_t others = allowed_;
        CPU_CLR(cpu, &others);
        if (CPU_COUNT(&others) < (int)workers_.size()) return;
        for (auto& worker : workers_) pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
#endif
    }

    std::vector<Range> ranges_;
    std::vector<std::thread> workers_;
    alignas(64) std::atomic<uint32_t> generation_{0};
    alignas(64) std::atomic<long> done_{0};
    alignas(64) std::atomic<int> sleepers_{0};
    std::atomic<bool> stop_{false};
    Task task_ = nullptr;
    void* context_ = nullptr;
    long first_ = 0;
#if defined(__linux__)
    cpu_set_t allowed_;
    int caller_cpu_ = -1;
#endif
};

// One call at a time has the pool; another Python thread that comes meanwhile computes by itself.
std::mutex busy;
Pool* pool = nullptr;  // never destroyed at exit: its threads may be gone by then, as in a child of fork()
std::atomic<int> wanted{1};
pid_t owner = 0;
thread_local bool inside = false;

// A child of fork() has this memory but none of its threads: it leaves the old pool alone and makes its own.
Pool& current_pool() {
    if (owner != getpid()) pool = nullptr, owner = getpid();
    if (!pool || pool->threads() != wanted.load()) {
        delete pool;
        pool = new Pool(wanted.load());
    }
    return *pool;
}

struct Memory {
    struct Block {
        float* data = nullptr;
        long size = 0;
    } blocks[SCRATCH_COUNT];

    ~Memory() {
        for (auto& block : blocks) std::free(block.data);
    }
};
thread_local Memory memory;

}  // namespace

void run_parallel(long items, Task task, void* context) {
    if (items > 1 && wanted.load(std::memory_order_relaxed) > 1 && !inside && busy.try_lock()) {
        inside = true;
        current_pool().run(items, task, context);
        inside = false;
        busy.unlock();
        return;
    }
    for (long item = 0; item < items; item++) task(context, item);
}

int thread_count() { return wanted.load(); }

void set_thread_count(int count) { wanted.store(count); }

float* scratch(Scratch which, long floats) {
    auto& block = memory.blocks[which];
    if (block.size < floats) {
        std::free(block.data);
        std::size_t bytes = (floats * sizeof(float) + 127) / 64 * 64;  // a vector more than asked for
        block.data = static_cast<float*>(std::aligned_alloc(64, bytes));
        block.size = floats;
        if (!block.data) std::abort();
    }
    return block.data;
}

}  // namespace pellucid
