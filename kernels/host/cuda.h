// CUDA's execution model on a host: lets g++ compile the kernels of ../*.cu and run them as they are.
//
// A launch runs its blocks one after the other. Within a block, threads run one after the other too,
// each on a fiber (a stack of its own), and a fiber is left only at a barrier or warp collective:
// so a kernel without them is a plain loop over its threads on a single fiber. __shared__ variables
// are static, because only one block is alive at a time.
//
// Stricter than a GPU, to expose errors: every thread of a block must reach every barrier, and every lane of
// a warp every collective, with the full mask; memory is not zeroed by an allocation, and shared memory is
// filled with NaN before each block; an access through a Global pointer (common.cuh) must be aligned and inside
// an allocation. Blocks, threads and waiting threads can run in reversed or random order (setOrder).
// Blocks are of one dimension, grids of two. No floating-point atomics: the kernels must not need them.
// Compile with -ffp-contract=off, the counterpart of nvcc's -fmad=false.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "memory.h"
#ifdef CSDP_RACES
#include "races.h"
#endif

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#ifdef __ELF__
// All shared memory of the library is in one section. Only a kernel itself may declare any, not a function that
// it calls: those are inline, and g++ refuses to put their variables into the section.
#define __shared__ static __attribute__((section("csdp_shared")))
#else
#define __shared__ static
#endif
// Dynamic shared memory; under nvcc this is an extern array (common.cuh).
#define DYNAMIC_SHARED(type, name) type* name = (type*)emulated::dynamicShared.data()

struct Index {
  unsigned x, y, z;
};

#ifdef __ELF__
// Null in a library whose kernels have none.
extern "C" __attribute__((weak)) char __start_csdp_shared[], __stop_csdp_shared[];
#endif

namespace emulated {

#ifndef CSDP_RACES
// Places where the check for races looks; see races.h.
inline bool begin() { return true; }
inline void hostAllocates(const void*, size_t) {}
inline void hostWrites(const void*, size_t) {}
inline void launchBegins() {}
inline void blockBegins(unsigned) {}
inline void threadsSynchronized() {}
inline void warpSynchronized() {}
inline void atomicAccess(const void*, size_t, void*) {}
#endif

#ifdef CSDP_COUNT
// Defined in ptx.h, which counts.
void blockEnds();
void launchEnds();
#else
inline void blockEnds() {}
inline void launchEnds() {}
#endif

const unsigned WARP = 32;
const unsigned MAX_THREADS = 1024;
const size_t STACK = 64 * 1024;
const size_t MAX_SHARED = 48 * 1024;

inline Index thread, block, blocks, threads;
inline std::vector<uint64_t> dynamicShared;

#if defined(__x86_64__) && defined(__linux__)
// Saves the registers that a callee must keep, swaps stacks, restores. ucontext would also swap the
// signal mask, two system calls a switch.
extern "C" void csdp_switch(void** from, void* to);
asm(R"(
  .text
  .weak csdp_switch
  .hidden csdp_switch
  .type csdp_switch, @function
csdp_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

struct Stack {
  void* at = nullptr;

  void start(char* memory, void (*entry)()) {
    ASAN_UNPOISON_MEMORY_REGION(memory, STACK);  // frames of a thread that was abandoned
    void** top = (void**)(((uintptr_t)memory + STACK) & ~(uintptr_t)15);
    top[-1] = nullptr;  // no caller; also aligns the stack as at a call
    top[-2] = (void*)entry;
    at = top - 8;
  }

  void switchTo(Stack& to) { csdp_switch(&at, to.at); }
};
#else
}  // namespace emulated
#include <ucontext.h>
namespace emulated {
struct Stack {
  ucontext_t context;

  void start(char* memory, void (*entry)()) {
    getcontext(&context);
    context.uc_stack.ss_sp = memory;
    context.uc_stack.ss_size = STACK;
    context.uc_link = nullptr;
    makecontext(&context, entry, 0);
  }

  void switchTo(Stack& to) { swapcontext(&context, &to.context); }
};
#endif

// A stack that threads run on, one after the other, until one of them waits.
struct Fiber {
  Stack stack;
  std::unique_ptr<char[]> memory{new char[STACK]};
  unsigned thread = 0;
};

struct Barrier {
  unsigned arrived = 0;
  std::vector<Fiber*> waiting;
};

// Values that the lanes of a warp show each other. Two buffers, so that a lane may enter the next
// collective while others still read the last one.
struct Warp {
  Barrier barrier;
  unsigned generation = 0;
  uint64_t shown[2][WARP];
};

// The order in which blocks start, and in which threads of a block start and go on after a barrier.
enum Order { ASCENDING, REVERSED, RANDOM };

class Scheduler {
 public:
  void setOrder(Order order, uint64_t seed) {
    order_ = order;
    random_ = seed * 0x9E3779B97F4A7C15ull + 1;
  }

  // Numbers 0 .. count-1 in the order that is set.
  std::vector<unsigned> ordered(unsigned count) {
    std::vector<unsigned> all(count);
    std::iota(all.begin(), all.end(), 0);
    if (order_ == REVERSED) {
      std::reverse(all.begin(), all.end());
    }
    for (unsigned k = count; order_ == RANDOM && k > 1; k--) {
      std::swap(all[k - 1], all[random(k)]);
    }
    return all;
  }

  // Runs one block; "kernel" is called once for each of its threads.
  std::string run(void (*kernel)(void**), void** arguments) {
    kernel_ = kernel;
    arguments_ = arguments;
    next_ = finished_ = 0;
    if (order_ == RANDOM || starting_.size() != threads.x || order_ != startingOrder_) {
      starting_ = ordered(threads.x);
      startingOrder_ = order_;
    }
    clearShared();
    blockBegins(block.y * blocks.x + block.x);
    while (finished_ < threads.x && error_.empty()) {
      Fiber* f = nullptr;
      if (!ready_.empty() && !(order_ == RANDOM && next_ < threads.x && random(4) == 0)) {
        if (order_ != ASCENDING) {
          size_t other = order_ == RANDOM ? random((unsigned)ready_.size()) : 0;
          std::swap(ready_[other], ready_.back());
        }
        f = ready_.back();
        ready_.pop_back();
      } else if (next_ < threads.x) {
        f = fresh();
      } else {
        error_ = "a barrier or warp collective was not reached by all threads";
        break;
      }
      resume(f);
    }
    if (!error_.empty()) {
      abandon();
    }
    return std::exchange(error_, "");
  }

  void syncThreads() {
    threadsSynchronized();
    wait(block_, threads.x);
  }

  // Shows a value to the warp; returns what its lanes showed.
  const uint64_t* exchange(unsigned mask, uint64_t value) {
    if (mask != 0xFFFFFFFFu) {
      fail("only the full warp mask is emulated");
    }
    Warp& w = warps_[thread.x / WARP];
    uint64_t* shown = w.shown[w.generation & 1];
    shown[thread.x % WARP] = value;
    if (wait(w.barrier, std::min(WARP, threads.x - thread.x / WARP * WARP))) {
      w.generation++;
    }
    return shown;
  }

  void fail(const std::string& why) { endLaunch(why + " by thread " + std::to_string(thread.x)); }

  // Ends the launch with this error: a thread that calls it is never resumed.
  void endLaunch(const std::string& error) {
    error_ = error;
    if (isInThread()) {
      current_->stack.switchTo(main_);
    }
  }

  // True while a thread of a kernel runs, rather than the scheduler or the host.
  bool isInThread() const { return current_ != nullptr; }

 private:
  __attribute__((no_sanitize("address"))) static void clearShared() {
#ifdef __SANITIZE_ADDRESS__
    // No memset: the gaps between variables are poisoned.
    for (volatile char* at = __start_csdp_shared; at < __stop_csdp_shared; at++) {
      *at = (char)0xFF;
    }
#elif defined(__ELF__)
    memset(__start_csdp_shared, 0xFF, (size_t)(__stop_csdp_shared - __start_csdp_shared));
#endif
  }

  // xorshift64*
  unsigned random(unsigned bound) {
    random_ ^= random_ >> 12;
    random_ ^= random_ << 25;
    random_ ^= random_ >> 27;
    return (unsigned)((random_ * 0x2545F4914F6CDD1Dull >> 33) % bound);
  }

  // After an error: forgets the threads that still wait.
  void abandon() {
    block_ = Barrier();
    for (Warp& w : warps_) {
      w.barrier = Barrier();
    }
    ready_.clear();
    idle_ = fibers_;
  }

  // Whether this thread was the last to arrive; the others are released then.
  bool wait(Barrier& b, unsigned expected) {
    if (++b.arrived == expected) {
      b.arrived = 0;
      // Resumed from the back: in the order in which they came.
      ready_.insert(ready_.end(), b.waiting.rbegin(), b.waiting.rend());
      b.waiting.clear();
      return true;
    }
    b.waiting.push_back(current_);
    current_->stack.switchTo(main_);
    return false;
  }

  Fiber* fresh() {
    if (idle_.empty()) {
      fibers_.push_back(new Fiber());
      idle_.push_back(fibers_.back());
    }
    Fiber* f = idle_.back();
    idle_.pop_back();
    f->thread = starting_[next_];
    f->stack.start(f->memory.get(), &Scheduler::runThreads);
    return f;
  }

  void resume(Fiber* f) {
    current_ = f;
    thread = {f->thread, 0, 0};
    main_.switchTo(f->stack);
    current_ = nullptr;
  }

  // The work of a fiber: runs threads that have not started, until none is left.
  static void runThreads();

  void threadsOf(Fiber* self) {
    while (next_ < threads.x) {
      self->thread = starting_[next_++];
      thread = {self->thread, 0, 0};
      kernel_(arguments_);
      finished_++;
    }
    idle_.push_back(self);
    self->stack.switchTo(main_);
  }

  void (*kernel_)(void**) = nullptr;
  void** arguments_ = nullptr;
  unsigned next_ = 0;
  unsigned finished_ = 0;
  std::string error_;
  Stack main_;
  Fiber* current_ = nullptr;
  Barrier block_;
  Warp warps_[MAX_THREADS / WARP];
  std::vector<Fiber*> ready_, idle_, fibers_;
  Order order_ = ASCENDING;
  uint64_t random_ = 1;
  std::vector<unsigned> starting_;  // the block's threads in the order in which they start
  Order startingOrder_ = ASCENDING;
};

inline Scheduler scheduler;

inline void Scheduler::runThreads() { scheduler.threadsOf(scheduler.current_); }

// Runs a whole launch. Empty, or what went wrong.
inline std::string launch(void (*kernel)(void**), void** arguments, unsigned gridX, unsigned gridY,
                          unsigned blockX, unsigned sharedBytes) {
  if (gridX < 1 || gridY < 1 || gridX > 0x7FFFFFFF || gridY > 65535 || blockX < 1 ||
      blockX > MAX_THREADS || sharedBytes > MAX_SHARED) {
    return "invalid launch geometry";
  }
  blocks = {gridX, gridY, 1};
  threads = {blockX, 1, 1};
  dynamicShared.assign((sharedBytes + 7) / 8, ~(uint64_t)0);
  launchBegins();
  for (unsigned linear : scheduler.ordered(gridX * gridY)) {
    block = {linear % gridX, linear / gridX, 0};
    std::string error = scheduler.run(kernel, arguments);
    if (!error.empty()) {
      return error + " (block " + std::to_string(block.x) + ", " + std::to_string(block.y) + ")";
    }
    blockEnds();
  }
  launchEnds();
  return "";
}

// Refuses an access that is not aligned or not in device memory.
UNCHECKED inline void requireGlobal(const void* at, size_t bytes, size_t alignment) {
  if ((uintptr_t)at % alignment != 0) {
    scheduler.fail("a misaligned access of " + std::to_string(bytes) + " bytes");
  } else if (!memory.holds(at, bytes)) {
    scheduler.fail("an access of " + std::to_string(bytes) + " bytes outside device memory");
  }
}

template <typename T>
uint64_t bits(T value) {
  static_assert(sizeof(T) <= 8, "a lane shows at most 8 bytes");
  uint64_t raw = 0;
  memcpy(&raw, &value, sizeof(T));
  return raw;
}

template <typename T>
T fromBits(uint64_t raw) {
  T value;
  memcpy(&value, &raw, sizeof(T));
  return value;
}

}  // namespace emulated

#define threadIdx emulated::thread
#define blockIdx emulated::block
#define blockDim emulated::threads
#define gridDim emulated::blocks

using std::max;
using std::min;

inline void __syncthreads() { emulated::scheduler.syncThreads(); }
inline void __syncwarp(unsigned mask = 0xFFFFFFFFu) {
  emulated::warpSynchronized();
  emulated::scheduler.exchange(mask, 0);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  const uint64_t* shown = emulated::scheduler.exchange(mask, predicate != 0);
  unsigned first = threadIdx.x / emulated::WARP * emulated::WARP;
  unsigned lanes = min(emulated::WARP, blockDim.x - first);
  unsigned ballot = 0;
  for (unsigned l = 0; l < lanes; l++) {
    ballot |= (unsigned)shown[l] << l;
  }
  return ballot;
}

inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

// The value that another lane of the warp shows; a lane's own where there is no such lane.
template <typename T>
T __shfl_sync(unsigned mask, T value, int lane) {
  return emulated::fromBits<T>(emulated::scheduler.exchange(mask, emulated::bits(value))[lane & 31]);
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance) {
  unsigned lane = threadIdx.x % emulated::WARP;
  return __shfl_sync(mask, value, lane < distance ? lane : lane - distance);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance) {
  unsigned lane = threadIdx.x % emulated::WARP;
  return __shfl_sync(mask, value, lane + distance > 31 ? lane : lane + distance);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes) {
  return __shfl_sync(mask, value, (threadIdx.x % emulated::WARP) ^ lanes);
}

UNCHECKED inline int atomicAdd(int* at, int value) {
  emulated::atomicAccess(at, sizeof *at, __builtin_return_address(0));
  int old = *at;
  *at += value;
  return old;
}

UNCHECKED inline int atomicMax(int* at, int value) {
  emulated::atomicAccess(at, sizeof *at, __builtin_return_address(0));
  int old = *at;
  *at = max(old, value);
  return old;
}

UNCHECKED inline unsigned long long atomicMin(unsigned long long* at, unsigned long long value) {
  emulated::atomicAccess(at, sizeof *at, __builtin_return_address(0));
  unsigned long long old = *at;
  *at = min(old, value);
  return old;
}

UNCHECKED inline int atomicMin(int* at, int value) {
  emulated::atomicAccess(at, sizeof *at, __builtin_return_address(0));
  int old = *at;
  *at = min(old, value);
  return old;
}

UNCHECKED inline unsigned atomicOr(unsigned* at, unsigned value) {
  emulated::atomicAccess(at, sizeof *at, __builtin_return_address(0));
  unsigned old = *at;
  *at |= value;
  return old;
}

template <typename T>
T __ldg(const T* at) {
  return *at;
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned)x); }

inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int k = 0; k < 32; k++) {
    reversed |= (x >> k & 1) << (31 - k);
  }
  return reversed;
}
inline unsigned __float_as_uint(float x) { return emulated::fromBits<unsigned>(emulated::bits(x)); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline int __double2hiint(double x) { return (int)(emulated::bits(x) >> 32); }
inline int __double2loint(double x) { return (int)emulated::bits(x); }

inline double __hiloint2double(int high, int low) {
  return emulated::fromBits<double>((uint64_t)(uint32_t)high << 32 | (uint32_t)low);
}
