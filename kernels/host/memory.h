// Memory of the emulated device. All of it is in one range of addresses, so an access can be checked: is this device
// memory, is it inside an allocation, is it aligned.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes)
#endif

#include <map>
#include <vector>

#ifdef CSDP_RACES
// A function whose accesses the check for races does not see.
#define UNCHECKED __attribute__((noinline, no_sanitize("thread")))
#else
#define UNCHECKED
#endif

namespace emulated {

class Memory {
 public:
  static constexpr size_t GRANULE = 256;  // bytes: alignment of allocations, and of the table of valid bytes
#ifdef CSDP_RACES
  static constexpr size_t RANGE = (size_t)4 << 30;  // the check for races reserves a hundred times as much
#else
  static constexpr size_t RANGE = (size_t)64 << 30;  // bytes of addresses; pages exist once they are written
#endif

  // Memory filled with 0xFF (NaN as a float), so that reading what was never written shows. Null if there is none.
  char* allocate(size_t bytes) {
    size_t granules = (bytes + GRANULE - 1) / GRANULE + 1;  // the last one is a fence
    std::vector<size_t>& reusable = free_[granules];
    size_t first = next_;
    if (!reusable.empty()) {
      first = reusable.back();
      reusable.pop_back();
    } else if (begin() == nullptr || (next_ + granules) * GRANULE > RANGE) {
      return nullptr;
    } else {
      next_ += granules;
    }
    char* at = begin_ + first * GRANULE;
    ASAN_UNPOISON_MEMORY_REGION(at, granules * GRANULE);
    memset(at, 0xFF, bytes);
    memset(at + bytes, UNTOUCHED, granules * GRANULE - bytes);
    ASAN_POISON_MEMORY_REGION(at + bytes, granules * GRANULE - bytes);
    for (size_t g = 0; g * GRANULE < bytes; g++) {
      valid_[first + g] = (uint16_t)(bytes - g * GRANULE < GRANULE ? bytes - g * GRANULE : GRANULE);
    }
    return at;
  }

  // Returns whether nobody wrote behind the allocation.
  bool release(char* at, size_t bytes) {
    size_t first = (size_t)(at - begin_) / GRANULE;
    size_t granules = (bytes + GRANULE - 1) / GRANULE + 1;
    bool intact = true;
    ASAN_UNPOISON_MEMORY_REGION(at, granules * GRANULE);
    for (size_t i = bytes; i < granules * GRANULE; i++) {
      intact = intact && at[i] == UNTOUCHED;
    }
    ASAN_POISON_MEMORY_REGION(at, granules * GRANULE);
    memset(valid_ + first, 0, granules * sizeof *valid_);
    free_[granules].push_back(first);
    return intact;
  }

  // Offset in the range of addresses; at least RANGE for other addresses.
  UNCHECKED size_t offsetOf(const void* at) const { return (size_t)((const char*)at - begin_); }

  // True if all bytes are in one allocation.
  UNCHECKED bool holds(const void* at, size_t bytes) const {
    size_t first = offsetOf(at);
    size_t last = first + bytes - 1;
    return first < RANGE && last < RANGE && first % GRANULE < valid_[first / GRANULE] &&
           last % GRANULE < valid_[last / GRANULE];
  }

  // Addresses of the range, reserved at the first call; null if the system refuses.
  char* begin() {
    if (begin_ == nullptr) {
      begin_ = (char*)reserve(RANGE);
      valid_ = (uint16_t*)reserve(RANGE / GRANULE * sizeof *valid_);
      if (valid_ == nullptr) {
        begin_ = nullptr;
      }
    }
    return begin_;
  }

  // Address space whose pages are zero, and exist once they are written; null if the system refuses.
  static void* reserve(size_t bytes) {
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
  }

 private:
  static constexpr char UNTOUCHED = (char)0xA5;

  char* begin_ = nullptr;
  uint16_t* valid_ = nullptr;  // of each granule: leading bytes that belong to an allocation
  size_t next_ = 1;            // granules used so far; the first one is a fence
  std::map<size_t, std::vector<size_t>> free_;  // granules that were released, by their number
};

inline Memory memory;

}  // namespace emulated
