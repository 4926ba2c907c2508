// The runtime of the check for races (races.h): what code compiled with -fsanitize=thread calls. Compiled without it.
#include <dlfcn.h>
#include <stdio.h>

#include "cuda.h"

namespace emulated {
namespace {

enum Kind { READ, WRITE, ATOMIC };

// An access of a thread. Its place in the order of its block: how many __syncthreads the thread had passed, and how many
// __syncwarp since the last of them.
struct Access {
  uint32_t where;  // offset of the code in this library; 0 for no access
  uint32_t block;
  uint32_t barriers;
  uint16_t warpBarriers;
  uint16_t thread;

  unsigned warp() const { return thread / WARP; }
};

// True if "a" happens before "b", which runs later.
bool ordered(const Access& a, const Access& b) {
  if (a.block != b.block) {
    return false;
  }
  return a.thread == b.thread || a.barriers != b.barriers ||
         (a.warp() == b.warp() && a.warpBarriers != b.warpBarriers);
}

enum Distance { SAME_THREAD, WITHIN_WARP, WITHIN_BLOCK, BETWEEN_BLOCKS };

Distance distance(const Access& a, const Access& b) {
  return a.block != b.block     ? BETWEEN_BLOCKS
         : a.warp() != b.warp() ? WITHIN_BLOCK
         : a.thread != b.thread ? WITHIN_WARP
                                : SAME_THREAD;
}

// Accesses that nothing orders. Two suffice, as far apart as there are any: a later access that is not ordered after
// all of them is not ordered after one of these two.
struct Unordered {
  Access kept[2];

  void enter(const Access& a) {
    if (kept[1].where != 0 && ordered(kept[1], a)) {
      kept[1].where = 0;
    }
    if (kept[0].where != 0 && ordered(kept[0], a)) {
      kept[0] = kept[1];
      kept[1].where = 0;
    }
    if (kept[0].where == 0) {
      kept[0] = a;
    } else if (kept[1].where == 0 || distance(kept[0], a) > distance(kept[0], kept[1])) {
      kept[1] = a;
    }
  }

  // One that is not ordered before "a"; null if there is none.
  const Access* against(const Access& a) const {
    for (const Access& k : kept) {
      if (k.where != 0 && !ordered(k, a)) {
        return &k;
      }
    }
    return nullptr;
  }
};

// The accesses of a word or byte in an era: a launch for device memory, a block for shared memory.
struct Cell {
  uint64_t era;
  Access write;  // the last one: what is ordered after it is ordered after all before it, or those raced
  Unordered reads;
  Unordered atomics;
};

// Offset of an address of the code in this library.
uint32_t offsetOf(void* where) {
  static const char* base = [] {
    Dl_info info;
    return dladdr((void*)&offsetOf, &info) != 0 ? (const char*)info.dli_fbase : nullptr;
  }();
  return (uint32_t)((const char*)where - base);
}

// "common.cuh:99 in forward.cu:50": the line of an address, and the lines that it was inlined into; the offset if there
// is no addr2line or no line.
std::string lineOf(uint32_t where) {
  char offset[32];
  snprintf(offset, sizeof offset, "0x%x", where - 1);  // return addresses: the call is before
  Dl_info info;
  std::string lines;
  if (dladdr((void*)&offsetOf, &info) != 0) {
    std::string command = std::string("addr2line -s -i -e '") + info.dli_fname + "' " + offset + " 2>/dev/null";
    if (FILE* said = popen(command.c_str(), "r")) {
      for (char line[256]; fgets(line, sizeof line, said) != nullptr;) {
        std::string one = line;
        one = one.substr(0, one.find_first_of(" \n"));
        if (one.find(".cu") != std::string::npos) {  // not of the emulation
          lines += (lines.empty() ? "" : " in ") + one;
        }
      }
      pclose(said);
    }
  }
  return lines.empty() ? offset : lines;
}

std::string nameOf(const Access& a) {
  return "thread " + std::to_string(a.thread) + " of block " + std::to_string(a.block) + " at " + lineOf(a.where);
}

uint32_t barriers[MAX_THREADS];
uint16_t warpBarriers[MAX_THREADS];
uint32_t blockNow;
uint64_t launches, blocksRun;

// State of every byte of a range of addresses. Words have one cell, unless a part of one was accessed: then each byte
// of its page has one.
class Shadow {
 public:
  explicit Shadow(const char* what) : what_(what) {}

  // Reserves the state of a range of so many bytes at most; false if the system refuses.
  bool reserve(size_t most) {
    most = (most + PAGE - 1) / PAGE * PAGE;
    words_ = (Cell*)Memory::reserve(most / WORD * sizeof(Cell));
    bytes_ = (Cell*)Memory::reserve(most * sizeof(Cell));
    split_ = (bool*)Memory::reserve(most / PAGE);
    written_ = (uint8_t*)Memory::reserve(most / WORD);
    return words_ != nullptr && bytes_ != nullptr && split_ != nullptr && written_ != nullptr;
  }

  void cover(const void* begin, size_t bytes) {
    begin_ = (const char*)begin;
    size_ = bytes;
  }

  bool contains(const void* at) const { return (size_t)((const char*)at - begin_) < size_; }

  // Sets whether bytes were written.
  void setWritten(const void* at, size_t bytes, bool written) {
    size_t from = (size_t)((const char*)at - begin_);
    size_t end = from + bytes;
    for (; from < end && from % WORD != 0; from++) {
      setWritten(from, 1, written);
    }
    memset(written_ + from / WORD, written ? WHOLE : 0, (end - from) / WORD);
    if (end > from && end % WORD != 0) {
      setWritten(end / WORD * WORD, end % WORD, written);
    }
  }

  // Nothing is written any more.
  void forget() { memset(written_, 0, (size_ + WORD - 1) / WORD); }

  void access(const void* at, size_t bytes, Kind kind, uint64_t era, const Access& a) {
    size_t from = (size_t)((const char*)at - begin_);
    size_t end = from + bytes;
    if (end > size_) {
      refuse("an access outside " + std::string(what_), bytes, a);
      return;
    }
    while (from < end) {
      size_t page = from / PAGE;
      bool wholeWord = from % WORD == 0 && end - from >= WORD;
      if (!wholeWord && !split_[page]) {
        split(page);
      }
      size_t step = wholeWord ? (size_t)WORD : 1;
      if (kind != WRITE && !isWritten(from, step)) {
        refuse("a read of bytes of " + std::string(what_) + " that nobody wrote", bytes, a);
      }
      if (!split_[page]) {
        enter(words_[from / WORD], kind, era, a);
      } else {
        for (size_t k = from; k < from + step; k++) {
          enter(bytes_[k], kind, era, a);
        }
      }
      if (kind == WRITE) {
        setWritten(from, step, true);
      }
      from += step;
    }
  }

  static void refuse(const std::string& what, size_t bytes, const Access& a) {
    scheduler.endLaunch(what + ", " + std::to_string(bytes) + " bytes, by " + nameOf(a));
  }

 private:
  static const size_t WORD = 4;
  static const size_t PAGE = 256;
  static const uint8_t WHOLE = (1 << WORD) - 1;

  static uint8_t bitsOf(size_t from, size_t step) { return (uint8_t)(((1u << step) - 1) << from % WORD); }

  bool isWritten(size_t from, size_t step) const {
    uint8_t bits = bitsOf(from, step);
    return (written_[from / WORD] & bits) == bits;
  }

  void setWritten(size_t from, size_t step, bool written) {
    uint8_t& of = written_[from / WORD];
    of = (uint8_t)(written ? of | bitsOf(from, step) : of & ~bitsOf(from, step));
  }

  void split(size_t page) {
    split_[page] = true;
    for (size_t k = page * PAGE; k < (page + 1) * PAGE; k++) {
      bytes_[k] = words_[k / WORD];
    }
  }

  static void enter(Cell& c, Kind kind, uint64_t era, const Access& a) {
    if (c.era != era) {
      c = Cell();
      c.era = era;
    }
    if (c.write.where != 0 && !ordered(c.write, a)) {
      race(c.write, "wrote", kind, a);
    }
    if (kind != ATOMIC && c.atomics.against(a) != nullptr) {
      race(*c.atomics.against(a), "changed", kind, a);
    }
    if (kind != READ && c.reads.against(a) != nullptr) {
      race(*c.reads.against(a), "read", kind, a);
    }
    switch (kind) {
      case READ:
        c.reads.enter(a);
        break;
      case ATOMIC:
        c.atomics.enter(a);
        break;
      case WRITE:
        c.write = a;
        c.reads = c.atomics = Unordered();  // all of them are before it
        break;
    }
  }

  static void race(const Access& before, const char* did, Kind kind, const Access& a) {
    static const char* const DISTANCES[] = {"", "within a warp", "within a block", "between blocks"};
    static const char* const DOES[] = {"reads", "writes", "changes"};
    scheduler.endLaunch(std::string("a race ") + DISTANCES[distance(before, a)] + ": " + nameOf(a) + " " + DOES[kind] +
                        " what " + nameOf(before) + " " + did);
  }

  const char* what_;
  const char* begin_ = nullptr;
  size_t size_ = 0;
  Cell* words_ = nullptr;
  Cell* bytes_ = nullptr;
  bool* split_ = nullptr;       // of each page: whether its bytes have cells of their own
  uint8_t* written_ = nullptr;  // of each word: a bit for each byte
};

Shadow device("device memory"), shared("shared memory"), dynamic("dynamic shared memory");

void check(const void* at, size_t bytes, size_t alignment, Kind kind, void* where) {
  if (!scheduler.isInThread()) {
    return;
  }
  bool ofDevice = device.contains(at);
  if (!ofDevice && !shared.contains(at) && !dynamic.contains(at)) {
    return;  // the thread's own memory
  }
  uint16_t t = (uint16_t)thread.x;
  Access a = {offsetOf(where), blockNow, barriers[t], warpBarriers[t], t};
  if ((uintptr_t)at % alignment != 0) {
    Shadow::refuse("a misaligned access", bytes, a);
  } else if (ofDevice && !memory.holds(at, bytes)) {
    Shadow::refuse("an access outside device memory", bytes, a);
  } else {
    Shadow& of = ofDevice ? device : shared.contains(at) ? shared : dynamic;
    of.access(at, bytes, kind, ofDevice ? launches : blocksRun, a);
  }
}

}  // namespace

bool begin() {
  static bool begun = [] {
    size_t bytes = (size_t)(__stop_csdp_shared - __start_csdp_shared);
    if (!device.reserve(Memory::RANGE) || !shared.reserve(bytes) || !dynamic.reserve(MAX_SHARED)) {
      return false;
    }
    device.cover(memory.begin(), Memory::RANGE);
    shared.cover(__start_csdp_shared, bytes);
    return true;
  }();
  return begun;
}

void launchBegins() {
  launches++;
  dynamic.cover(dynamicShared.data(), dynamicShared.size() * sizeof(uint64_t));
}

void blockBegins(unsigned linear) {
  blocksRun++;
  blockNow = linear;
  memset(barriers, 0, sizeof barriers);
  memset(warpBarriers, 0, sizeof warpBarriers);
  shared.forget();
  dynamic.forget();
}

void threadsSynchronized() {
  barriers[thread.x]++;
  warpBarriers[thread.x] = 0;
}

void warpSynchronized() {
  if (++warpBarriers[thread.x] == 0) {
    scheduler.fail("the check for races cannot count so many __syncwarp without a __syncthreads");
  }
}

void atomicAccess(const void* at, size_t bytes, void* where) { check(at, bytes, bytes, ATOMIC, where); }

void hostAllocates(const void* at, size_t bytes) { device.setWritten(at, bytes, false); }

void hostWrites(const void* at, size_t bytes) { device.setWritten(at, bytes, true); }

}  // namespace emulated

#define WHERE __builtin_return_address(0)
#define ACCESSES(bytes)                                                                                       \
  void __tsan_read##bytes(void* at) { emulated::check(at, bytes, bytes, emulated::READ, WHERE); }             \
  void __tsan_write##bytes(void* at) { emulated::check(at, bytes, bytes, emulated::WRITE, WHERE); }           \
  void __tsan_unaligned_read##bytes(void* at) { emulated::check(at, bytes, bytes, emulated::READ, WHERE); }   \
  void __tsan_unaligned_write##bytes(void* at) { emulated::check(at, bytes, bytes, emulated::WRITE, WHERE); }

extern "C" {
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

// Structs; their compiler knows no better alignment than that of a byte.
void __tsan_read_range(void* at, size_t bytes) { emulated::check(at, bytes, 1, emulated::READ, WHERE); }
void __tsan_write_range(void* at, size_t bytes) { emulated::check(at, bytes, 1, emulated::WRITE, WHERE); }

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

// Guards of static variables.
char __tsan_atomic8_load(const volatile char* at, int) { return *at; }
}
