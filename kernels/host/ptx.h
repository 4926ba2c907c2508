// The instructions of PTX on a host, for kernels that csdp.backend.cuda.ptx.PtxTranslator turned into C++: one function
// for each kind of instruction, with the PTX types as template arguments. Semantics: NVIDIA's "PTX ISA", chapter 9.
//
// Stricter than a GPU: an access must be aligned, inside an allocation of device memory (or inside the kernel's own
// shared or local memory), and shared memory must have been written by the block before it is read.
// Not emulated: the bits of a NaN, which PTX leaves open for most instructions.
#pragma once
#include "cuda.h"

#include <array>
#include <limits>
#include <type_traits>

namespace ptx {

using pred = bool;
using b8 = uint8_t;
using b16 = uint16_t;
using b32 = uint32_t;
using b64 = uint64_t;
using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s8 = int8_t;
using s16 = int16_t;
using s32 = int32_t;
using s64 = int64_t;
using f32 = float;
using f64 = double;

// Integer arithmetic wraps around.
template <typename T>
using Unsigned = std::make_unsigned_t<T>;

// Twice the width, for mul.wide and mul.hi.
template <typename T>
struct Wide;
template <>
struct Wide<u16> {
  using type = u32;
};
template <>
struct Wide<s16> {
  using type = s32;
};
template <>
struct Wide<u32> {
  using type = u64;
};
template <>
struct Wide<s32> {
  using type = s64;
};
template <>
struct Wide<u64> {
  using type = unsigned __int128;
};
template <>
struct Wide<s64> {
  using type = __int128;
};

// The bits of a register as a value of an instruction's type: its low bits if the register is wider.
template <typename T, typename R>
T as(R bits) {
  static_assert(sizeof(T) <= sizeof(R), "an operand is at least as wide as its type");
  if constexpr (sizeof(T) == sizeof(R)) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
  } else {
    static_assert(std::is_integral<T>::value && std::is_integral<R>::value, "only integers are cut");
    return (T)bits;
  }
}

// A result as the bits of a register: extended by the sign of its type if the register is wider.
template <typename R, typename T>
R into(T value) {
  if constexpr (sizeof(T) == sizeof(R)) {
    return as<R>(value);
  } else {
    static_assert(sizeof(T) < sizeof(R) && std::is_integral<T>::value && std::is_integral<R>::value,
                  "only integers are extended");
    return (R)value;
  }
}

// Refuses a block of another size than the kernel was compiled for.
inline void requireThreads(unsigned least, unsigned most) {
  if (emulated::threads.x < least || emulated::threads.x > most) {
    emulated::scheduler.fail("a block of " + std::to_string(emulated::threads.x) + " threads, not " +
                             std::to_string(least) + ".." + std::to_string(most) + ",");
  }
}

// Arithmetic.

template <typename T>
T add(T a, T b) {
  return (T)((Unsigned<T>)a + (Unsigned<T>)b);
}
template <typename T>
T sub(T a, T b) {
  return (T)((Unsigned<T>)a - (Unsigned<T>)b);
}
template <typename T>
T mul_lo(T a, T b) {
  return (T)((u64)a * (u64)b);
}
template <typename T>
T mul_hi(T a, T b) {
  return (T)((typename Wide<T>::type)a * b >> 8 * sizeof(T));
}
template <typename T>
typename Wide<T>::type mul_wide(T a, T b) {
  return (typename Wide<T>::type)a * (typename Wide<T>::type)b;
}
template <typename T>
T mad_lo(T a, T b, T c) {
  return (T)((u64)a * (u64)b + (u64)c);
}
template <typename T>
typename Wide<T>::type mad_wide(T a, T b, typename Wide<T>::type c) {
  using W = typename Wide<T>::type;
  return (W)((Unsigned<W>)mul_wide(a, b) + (Unsigned<W>)c);
}
// Division by zero gives an unspecified value: here it ends the launch.
template <typename T>
T div(T a, T b) {
  if (b == 0) {
    emulated::scheduler.fail("an integer division by zero");
  }
  return std::is_signed<T>::value && b == (T)-1 ? (T)(0 - (Unsigned<T>)a) : (T)(a / b);
}
template <typename T>
T rem(T a, T b) {
  return (T)(a - mul_lo(div(a, b), b));
}
template <typename T>
T neg(T a) {
  if constexpr (std::is_floating_point<T>::value) {
    return -a;
  } else {
    return (T)(0 - (Unsigned<T>)a);
  }
}
template <typename T>
T abs(T a) {
  if constexpr (std::is_floating_point<T>::value) {
    return std::signbit(a) ? -a : a;
  } else {
    return a < 0 ? neg(a) : a;
  }
}

// Minimum and maximum of floats: of a NaN and a number the number; -0 is less than +0.
template <typename T>
T min(T a, T b) {
  if constexpr (std::is_floating_point<T>::value) {
    if (a != a || b != b) {
      return a == a ? a : b == b ? b : std::numeric_limits<T>::quiet_NaN();
    }
    return a < b || (a == b && std::signbit(a)) ? a : b;
  } else {
    return a < b ? a : b;
  }
}
template <typename T>
T max(T a, T b) {
  if constexpr (std::is_floating_point<T>::value) {
    if (a != a || b != b) {
      return a == a ? a : b == b ? b : std::numeric_limits<T>::quiet_NaN();
    }
    return a > b || (a == b && !std::signbit(a)) ? a : b;
  } else {
    return a > b ? a : b;
  }
}

// Floating point, rounded to nearest even, with subnormals. The host does the same (no contraction).
template <typename T>
T add_rn(T a, T b) {
  return a + b;
}
template <typename T>
T sub_rn(T a, T b) {
  return a - b;
}
template <typename T>
T mul_rn(T a, T b) {
  return a * b;
}
template <typename T>
T fma_rn(T a, T b, T c) {
  return std::fma(a, b, c);
}
template <typename T>
T div_rn(T a, T b) {
  return a / b;
}
template <typename T>
T sqrt_rn(T a) {
  return std::sqrt(a);
}
template <typename T>
T rcp_rn(T a) {
  return 1 / a;
}

// Comparisons. Ordered ones are false for NaN, those that end with "u" true.

template <typename T>
pred setp_eq(T a, T b) {
  return a == b;
}
template <typename T>
pred setp_ne(T a, T b) {
  return a < b || a > b;
}
template <typename T>
pred setp_lt(T a, T b) {
  return a < b;
}
template <typename T>
pred setp_le(T a, T b) {
  return a <= b;
}
template <typename T>
pred setp_gt(T a, T b) {
  return a > b;
}
template <typename T>
pred setp_ge(T a, T b) {
  return a >= b;
}
template <typename T>
pred setp_equ(T a, T b) {
  return !(a < b || a > b);
}
template <typename T>
pred setp_neu(T a, T b) {
  return !(a == b);
}
template <typename T>
pred setp_ltu(T a, T b) {
  return !(a >= b);
}
template <typename T>
pred setp_leu(T a, T b) {
  return !(a > b);
}
template <typename T>
pred setp_gtu(T a, T b) {
  return !(a <= b);
}
template <typename T>
pred setp_geu(T a, T b) {
  return !(a < b);
}
template <typename T>
pred setp_num(T a, T b) {
  return a == a && b == b;
}
template <typename T>
pred setp_nan(T a, T b) {
  return a != a || b != b;
}
template <typename T>
T selp(T a, T b, pred p) {
  return p ? a : b;
}

// Bits. A shift by the width or more shifts everything out.

template <typename T>
T and_(T a, T b) {
  return (T)(a & b);
}
template <typename T>
T or_(T a, T b) {
  return (T)(a | b);
}
template <typename T>
T xor_(T a, T b) {
  return (T)(a ^ b);
}
template <typename T>
T not_(T a) {
  if constexpr (std::is_same<T, pred>::value) {
    return !a;
  } else {
    return (T)~a;
  }
}
template <typename T>
T shl(T a, u32 by) {
  return by >= 8 * sizeof(T) ? 0 : (T)((Unsigned<T>)a << by);
}
template <typename T>
T shr(T a, u32 by) {
  const u32 width = 8 * sizeof(T);
  return by < width ? (T)(a >> by) : std::is_signed<T>::value && a < 0 ? (T)-1 : 0;
}
template <typename T>
u32 popc(T a) {
  return (u32)__builtin_popcountll(a);
}
template <typename T>
u32 clz(T a) {
  return a == 0 ? (u32)(8 * sizeof(T)) : (u32)__builtin_clzll(a) - (u32)(64 - 8 * sizeof(T));
}
template <typename T>
T brev(T a) {
  T turned = 0;
  for (u32 i = 0; i < 8 * sizeof(T); i++) {
    turned = (T)(turned << 1 | (a >> i & 1));
  }
  return turned;
}
// Inserts the low "length" bits of a into b at a position.
template <typename T>
T bfi(T a, T b, u32 position, u32 length) {
  position &= 0xFF;
  length &= 0xFF;
  T low = length >= 8 * sizeof(T) ? (T)-1 : (T)(((T)1 << length) - 1);
  T mask = shl(low, position);
  return (T)((b & ~mask) | (shl(a, position) & mask));
}
// The bits of a field, extended by zero or by its own highest bit.
template <typename T>
T bfe(T a, u32 position, u32 length) {
  position &= 0xFF;
  length &= 0xFF;
  const u32 width = 8 * sizeof(T);
  u32 top = position + length - 1 < width - 1 ? position + length - 1 : width - 1;
  bool sign = std::is_signed<T>::value && length > 0 && ((Unsigned<T>)a >> top & 1);
  T field = 0;
  for (u32 i = 0; i < width; i++) {
    bool bit = i < length && position + i < width ? (Unsigned<T>)a >> (position + i) & 1 : sign;
    field = (T)(field | (T)((Unsigned<T>)bit << i));
  }
  return field;
}
// Four bytes picked out of eight.
inline b32 prmt(b32 a, b32 b, b32 selectors) {
  u64 bytes = (u64)b << 32 | a;
  b32 picked = 0;
  for (int i = 0; i < 4; i++) {
    b32 selector = selectors >> 4 * i & 15;
    b32 byte = (b32)(bytes >> 8 * (selector & 7) & 0xFF);
    picked |= ((selector & 8) != 0 ? (byte & 0x80 ? 0xFFu : 0u) : byte) << 8 * i;
  }
  return picked;
}
// Logic of three operands by a table of eight bits.
inline b32 lop3(b32 a, b32 b, b32 c, b32 table) {
  b32 result = 0;
  for (int i = 0; i < 32; i++) {
    result |= (table >> ((a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1)) & 1) << i;
  }
  return result;
}
// Funnel shifts; "wrap" takes the amount modulo 32.
inline b32 shf_l_wrap(b32 a, b32 b, u32 by) { return (b32)(((u64)b << 32 | a) << (by & 31) >> 32); }
inline b32 shf_r_wrap(b32 a, b32 b, u32 by) { return (b32)(((u64)b << 32 | a) >> (by & 31)); }

// Conversions: D from S.

template <typename D, typename S>
D cvt(S a) {
  return (D)a;
}
// To a float or double, rounded to nearest even.
template <typename D, typename S>
D cvt_rn(S a) {
  return (D)a;
}
// To an integer, rounded towards zero; out of range the nearest integer. NaN gives 0, or the highest bit where one of
// the types is f64, s64 or u64.
template <typename D, typename S>
D cvt_rzi(S a) {
  using Limits = std::numeric_limits<D>;
  // The first value above the range is a power of two, exact in S.
  S above = std::ldexp((S)1, Limits::digits);
  S below = std::is_signed<D>::value ? -above : 0;
  const bool wide = std::is_same<S, f64>::value || sizeof(D) == 8;
  const D ofNan = wide ? (D)((Unsigned<D>)1 << (8 * sizeof(D) - 1)) : 0;
  return a != a ? ofNan : a >= above ? Limits::max() : a <= below ? Limits::min() : (D)a;
}

// Memory.

const size_t SHARED = 64 * 1024;  // bytes of addresses: PtxTranslator puts a kernel's arrays there, with gaps

alignas(16) __attribute__((used)) __shared__ char shared[SHARED];  // there also if no kernel uses any
__shared__ char unwritten[SHARED];  // all ones before each block, zero once written

#ifdef CSDP_COUNT
// Counts warp instructions and the sectors of device memory that launches touch.
//
// Instructions: how often a warp executes a basic block is the maximum over its lanes, as if lanes that take the
// same branch always run together. Each basic block has a weight, its number of machine instructions as
// csdp.backend.cuda.ptx.PtxTranslator estimates it.
// Sectors: each sector of 32 bytes counts once a launch when it is read and once when it is written, as if the L2
// cache kept all of it during the launch and nothing beyond it.
class Counting {
 public:
  struct Totals {
    uint64_t launches = 0, instructions = 0, read = 0, written = 0;  // the last two in bytes
  };

  // The kernel of the launch, when one of its threads starts.
  void kernel(const char* name, const unsigned* weights, size_t blocks) {
    if (totals_ == nullptr) {
      totals_ = &all_[name];
      weights_ = weights;
      blocks_ = blocks;
      executions_.assign(emulated::threads.x * blocks, 0);
    }
  }

  void at(size_t block) { executions_[emulated::thread.x * blocks_ + block]++; }

  void sectors(const void* at, size_t bytes, bool write) {
    if (touched_ == nullptr) {
      touched_ = (unsigned char*)emulated::Memory::reserve(emulated::Memory::RANGE / SECTOR);
    }
    size_t first = emulated::memory.offsetOf(at) / SECTOR;
    size_t last = (emulated::memory.offsetOf(at) + bytes - 1) / SECTOR;
    for (size_t k = first; k <= last; k++) {
      if (touched_[k] == 0) {
        list_.push_back(k);
      }
      touched_[k] |= write ? 2 : 1;
    }
  }

  void blockEnds() {
    for (unsigned warp = 0; totals_ != nullptr && warp < emulated::threads.x; warp += emulated::WARP) {
      unsigned end = std::min(warp + emulated::WARP, emulated::threads.x);
      for (size_t k = 0; k < blocks_; k++) {
        unsigned most = 0;
        for (unsigned t = warp; t < end; t++) {
          most = std::max(most, executions_[t * blocks_ + k]);
          executions_[t * blocks_ + k] = 0;
        }
        totals_->instructions += (uint64_t)most * weights_[k];
      }
    }
  }

  void launchEnds() {
    for (size_t k : list_) {
      totals_->read += touched_[k] & 1 ? SECTOR : 0;
      totals_->written += touched_[k] & 2 ? SECTOR : 0;
      touched_[k] = 0;
    }
    list_.clear();
    totals_->launches++;
    totals_ = nullptr;
  }

  // A line for each kernel: name, launches, instructions, bytes read, bytes written; starts again from zero.
  std::string take() {
    std::string lines;
    for (const auto& [name, t] : all_) {
      lines += name;
      for (uint64_t number : {t.launches, t.instructions, t.read, t.written}) {
        lines += " " + std::to_string(number);
      }
      lines += "\n";
    }
    all_.clear();
    return lines;
  }

 private:
  static constexpr size_t SECTOR = 32;

  std::map<std::string, Totals> all_;
  Totals* totals_ = nullptr;  // of the kernel that runs
  const unsigned* weights_ = nullptr;
  size_t blocks_ = 0;                  // basic blocks of the kernel
  std::vector<unsigned> executions_;   // threads x basic blocks
  unsigned char* touched_ = nullptr;   // of each sector: 1 read, 2 written
  std::vector<size_t> list_;           // sectors that were touched
};

inline Counting counting;
#endif

template <typename T, int N>
struct Vector {
  T at[N];
};

// Shared memory of a kernel: the ranges of its arrays, which do not touch each other.
struct Array {
  size_t offset;
  size_t bytes;
};
template <size_t ARRAYS>
using SharedMemory = std::array<Array, ARRAYS>;

template <size_t ARRAYS>
void requireShared(u64 at, size_t bytes, const SharedMemory<ARRAYS>& arrays) {
  if (at % bytes != 0) {
    emulated::scheduler.fail("a misaligned access of " + std::to_string(bytes) + " bytes to shared memory");
  }
  for (const Array& a : arrays) {
    if (bytes <= a.bytes && at - a.offset <= a.bytes - bytes) {
      return;
    }
  }
  emulated::scheduler.fail("an access of " + std::to_string(bytes) + " bytes outside shared memory");
}

template <typename T, int N, size_t ARRAYS>
Vector<T, N> ld_shared(u64 at, const SharedMemory<ARRAYS>& arrays) {
  Vector<T, N> value;
  requireShared(at, sizeof value, arrays);
  for (size_t i = 0; i < sizeof value; i++) {
    if (unwritten[at + i]) {
      emulated::scheduler.fail("a read of shared memory that the block did not write");
    }
  }
  memcpy(&value, shared + at, sizeof value);
  return value;
}
template <typename T, int N, size_t ARRAYS>
void st_shared(u64 at, const SharedMemory<ARRAYS>& arrays, Vector<T, N> value) {
  requireShared(at, sizeof value, arrays);
  memset(unwritten + at, 0, sizeof value);
  memcpy(shared + at, &value, sizeof value);
}

template <typename T, int N>
Vector<T, N> ld_global(u64 at, size_t) {
  Vector<T, N> value;
  emulated::requireGlobal((const void*)at, sizeof value, sizeof value);
#ifdef CSDP_COUNT
  counting.sectors((const void*)at, sizeof value, false);
#endif
  memcpy(&value, (const void*)at, sizeof value);
  return value;
}
template <typename T, int N>
void st_global(u64 at, size_t, Vector<T, N> value) {
  emulated::requireGlobal((const void*)at, sizeof value, sizeof value);
#ifdef CSDP_COUNT
  counting.sectors((const void*)at, sizeof value, true);
#endif
  memcpy((void*)at, &value, sizeof value);
}

// "local" is the thread's local memory, of "size" bytes.
inline void requireLocal(u64 at, size_t bytes, const char* local, size_t size) {
  if (at % bytes != 0) {
    emulated::scheduler.fail("a misaligned access of " + std::to_string(bytes) + " bytes to local memory");
  } else if (bytes > size || at - (u64)local > size - bytes) {
    emulated::scheduler.fail("an access of " + std::to_string(bytes) + " bytes outside local memory");
  }
}
template <typename T, int N>
Vector<T, N> ld_local(u64 at, const char* local, size_t size) {
  Vector<T, N> value;
  requireLocal(at, sizeof value, local, size);
  memcpy(&value, (const void*)at, sizeof value);
  return value;
}
template <typename T, int N>
void st_local(u64 at, const char* local, size_t size, Vector<T, N> value) {
  requireLocal(at, sizeof value, local, size);
  memcpy((void*)at, &value, sizeof value);
}

// Atomics on device memory. Threads run one after the other, so reading and writing is enough.
template <typename T>
T atom_add(u64 at, T value) {
  T old = ld_global<T, 1>(at, 0).at[0];
  st_global<T, 1>(at, 0, {add(old, value)});
  return old;
}
template <typename T>
T atom_min(u64 at, T value) {
  T old = ld_global<T, 1>(at, 0).at[0];
  st_global<T, 1>(at, 0, {old < value ? old : value});
  return old;
}
template <typename T>
T atom_max(u64 at, T value) {
  T old = ld_global<T, 1>(at, 0).at[0];
  st_global<T, 1>(at, 0, {old > value ? old : value});
  return old;
}

// Warps. Only the full mask is emulated, and every lane must come.

enum Shuffle { UP, DOWN, BFLY, IDX };

struct Shuffled {
  b32 value;
  pred there;  // whether there is such a lane
};

template <Shuffle mode>
Shuffled shfl_sync(b32 a, b32 b, b32 c, b32 mask) {
  int lane = (int)(emulated::thread.x % emulated::WARP);
  int segments = (int)(c >> 8 & 31);
  int distance = (int)(b & 31);
  int last = (lane & segments) | ((int)(c & 31) & ~segments);
  int from = mode == UP     ? lane - distance
             : mode == DOWN ? lane + distance
             : mode == BFLY ? lane ^ distance
                            : (lane & segments) | (distance & ~segments);
  bool there = mode == UP ? from >= last : from <= last;
  return {(b32)emulated::scheduler.exchange(mask, a)[there ? from : lane], there};
}
inline b32 vote_sync_ballot(pred a, b32 mask) { return __ballot_sync(mask, a); }
inline pred vote_sync_any(pred a, b32 mask) { return __any_sync(mask, a) != 0; }
inline pred vote_sync_all(pred a, b32 mask) { return __all_sync(mask, a) != 0; }

#ifdef CSDP_COUNT
#define COUNT(block) ptx::counting.at(block)
#else
#define COUNT(block)
#endif

}  // namespace ptx

#ifdef CSDP_COUNT
inline void emulated::blockEnds() { ptx::counting.blockEnds(); }
inline void emulated::launchEnds() { ptx::counting.launchEnds(); }
#endif
