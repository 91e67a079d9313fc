#include "parallel.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <condition_variable>
#include <mutex>
#endif

#if defined(__x86_64__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() asm volatile("yield")
#endif

namespace pellucid {
namespace {

constexpr int SPINS = 4000;  // some 70 us: the ops of a step follow each other within microseconds

// Counts the calls; workers that have waited long for the next one sleep on it.
class Bell {
public:
    uint32_t count() const { return count_.load(std::memory_order_acquire); }

#if defined(__linux__)
    void ring() {
        count_.fetch_add(1);  // before sleepers_ is read, as sleep() counts itself before the kernel reads count_
        if (sleepers_.load() > 0) syscall(SYS_futex, &count_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    }

    // Until count() is no longer `seen`, or for no reason.
    void sleep(uint32_t seen) {
        sleepers_.fetch_add(1);
        syscall(SYS_futex, &count_, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
        sleepers_.fetch_sub(1);
    }

private:
    std::atomic<int> sleepers_{0};
#else
    void ring() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            count_.fetch_add(1);
        }
        rung_.notify_all();
    }

    void sleep(uint32_t seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        rung_.wait(lock, [&] { return count_.load() != seen; });
    }

private:
    std::mutex mutex_;
    std::condition_variable rung_;
#endif
    std::atomic<uint32_t> count_{0};
};

class Pool {
public:
    // A system that grants fewer threads than asked for is no error: a share without a worker is taken by the others.
    explicit Pool(int threads) : shares_(threads) {
#if defined(__linux__)
        if (sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) CPU_ZERO(&allowed_);
#endif
        workers_.reserve(threads);
        try {
            for (int i = 1; i < threads; i++) workers_.emplace_back([this, i] { work(i); });
        } catch (const std::exception&) {  // system_error, or bad_alloc
        }
    }

    ~Pool() {
        stop_ = true;
        bell_.ring();
        for (auto& worker : workers_) worker.join();
    }

    int threads() const { return (int)shares_.size(); }

    void run(long items, Task task, void* context) {
        const long n = threads();
        task_ = task, context_ = context;
        failed_.store(false, std::memory_order_relaxed);
        done_.store(0, std::memory_order_relaxed);
        for (long t = 0; t < n; t++)  // whoever sees a share sees the task too
            shares_[t].value.store(pack(t * items / n, (t + 1) * items / n), std::memory_order_release);
        leave_my_cpu();
        bell_.ring();
        take(0);
        for (int spins = 0; done_.load(std::memory_order_acquire) != items; spins++) {
            if (spins < SPINS) RELAX();
            else sched_yield();  // a worker with an item may be waiting for this very core
        }
        if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

private:
    struct alignas(64) Share {
        std::atomic<uint64_t> value{0};  // the items begin:32 .. end:32 that nobody has taken
    };

    static uint64_t pack(uint64_t begin, uint64_t end) { return begin << 32 | end; }

    // Works off this thread's own share from its front, then the others' from their far ends.  A worker may still be
    // in here when the next call begins, and then helps with that one: it touches the task only while it has an item,
    // and a call is not over before that is done.
    void take(int self) {
        const int n = threads();
        for (int k = 0; k < n; k++) {
            auto& share = shares_[(self + k) % n].value;
            uint64_t seen = share.load(std::memory_order_acquire);
            for (;;) {
                const uint64_t begin = seen >> 32, end = seen & UINT32_MAX;
                if (begin >= end) break;
                const uint64_t rest = k == 0 ? pack(begin + 1, end) : pack(begin, end - 1);
                if (!share.compare_exchange_weak(seen, rest, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
                try {
                    task_(context_, (long)(k == 0 ? begin : end - 1));
                } catch (...) {
                    if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
                }
                done_.fetch_add(1, std::memory_order_release);
                seen = share.load(std::memory_order_acquire);
            }
        }
    }

    void work(int self) {
        for (uint32_t seen = 0;;) {
            for (int spins = 0; bell_.count() == seen; spins++) {
                if (spins < SPINS) RELAX();
                else bell_.sleep(seen);
            }
            seen = bell_.count();
            if (stop_) return;
            take(self);
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
        if (cpu >= 0) CPU_CLR(cpu, &others);
        if (CPU_COUNT(&others) < (int)workers_.size()) return;
        for (auto& worker : workers_) pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
#endif
    }

    std::vector<Share> shares_;
    alignas(64) Bell bell_;
    alignas(64) std::atomic<long> done_{0};
    alignas(64) Task task_ = nullptr;
    void* context_ = nullptr;
    std::atomic<bool> stop_{false}, failed_{false};
    std::exception_ptr failure_;  // of the first item that failed; known to the caller when all items are done
    std::vector<std::thread> workers_;
#if defined(__linux__)
    cpu_set_t allowed_;
    int caller_cpu_ = -1;
#endif
};

std::atomic<int> wanted{1};
Pool* pool = nullptr;  // never destroyed at exit: its threads are gone by then

// One call at a time has the pool; a call that comes meanwhile, from another Python thread or from within, computes
// by itself.
std::atomic_flag busy = ATOMIC_FLAG_INIT;

// A child of fork() has this memory but none of the threads, and perhaps a call that never ends: it begins anew.
void forget() {
    pool = nullptr;
    busy.clear();
}
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, forget);

Pool& pool_of(int threads) {
    if (!pool || pool->threads() != threads) {
        delete pool;
        pool = nullptr;
        pool = new Pool(threads);
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
    const int threads = wanted.load(std::memory_order_relaxed);
    if (items < 2 || items > (long)UINT32_MAX || threads < 2 || busy.test_and_set(std::memory_order_acquire)) {
        for (long item = 0; item < items; item++) task(context, item);
        return;
    }
    struct Release {
        ~Release() { busy.clear(std::memory_order_release); }
    } release;  // also if there is no memory for a pool
    pool_of(threads).run(items, task, context);
}

int thread_count() { return wanted.load(); }
void set_thread_count(int count) { wanted.store(count); }

float* scratch(Scratch which, long floats) {
    auto& block = memory.blocks[which];
    if (!block.data || block.size < floats) {
        std::free(std::exchange(block.data, nullptr));
        std::size_t bytes = (floats * sizeof(float) + 127) / 64 * 64;  // a vector more than asked for
        block.data = static_cast<float*>(std::aligned_alloc(64, bytes));
        if (!block.data) throw std::bad_alloc();
        block.size = floats;
    }
    return block.data;
}

}  // namespace pellucid
