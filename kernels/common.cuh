// Shared by all kernels: Philox, words of spikes, quads of columns.
//
// Conventions of every file here
//   Matrices are row-major. N samples, T steps, "units" of one population, padded to whole words of 32:
//   "stride". A synapse has rows (pre) and stride columns (post). Padding never spikes and its weights
//   stay zero, so that no kernel has to look where a row ends.
//   Spikes of one step come in three forms:
//     spikes     N x words, a bit for each unit
//     list       list[b * stride ..]: the units that spiked in sample b, ascending; count[b] of them
//     samples    stride x N: the samples in which a unit spiked, ascending; columns[unit] of them
//   Times in ms, potentials and currents in the model's own units, all of it float32.
//
// Arithmetic
//   Compiled with -fmad=false (on the host -ffp-contract=off) and without fast math: a product and a
//   sum are rounded one after the other, as in the Java backends. A fused multiply-add would move a
//   membrane by half an ulp, which tips a spike now and then, and from there a sample goes its own
//   way. Sums run in a fixed order and no floating-point atomic is used: the same bits in every run.
//   Divisions and square roots are the correctly rounded ones (nvcc's default).
//
// The same sources compile for a GPU (nvcc, compute_75 and up) and for the host (g++, host/cuda.h).
#pragma once

#ifdef __CUDACC__
#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
#endif

#define KERNEL extern "C" __global__ void

// A kernel with a bound on its registers: so many blocks of so many threads run on a multiprocessor at once.
#define BOUNDED_KERNEL(threads, blocks) extern "C" __global__ void __launch_bounds__(threads, blocks)

#define WARP 32
#define ALL_LANES 0xFFFFFFFFu

// A pointer to device memory: loads and stores through it are accesses to global memory, which is cheaper than to an
// address of any space. Nothing checks that on a GPU, so the type does: a pointer to shared memory or to a stack does
// not convert to it. It comes out of the tables of network.cuh, or of argumentOfKernel(). On the host every access is
// checked.
template <typename T>
class Global {
 public:
  Global() = default;

  __device__ T& operator[](long long i) const { return (*this + i).template as<T>(); }
  __device__ Global operator+(long long i) const { return Global(pointer() + i); }
  __device__ Global bytesOn(long long bytes) const { return Global((T*)((char*)pointer() + bytes)); }
  __device__ bool isNull() const { return at_ == nullptr; }

  // The element at this address as a value of another type, which must be aligned for it.
  template <typename U>
  __device__ U& as() const {
#ifndef __CUDA_ARCH__
    emulated::requireGlobal(at_, sizeof(U), alignof(U));
#endif
    return *(U*)pointer();
  }

 private:
  template <typename U>
  friend __device__ Global<U> argumentOfKernel(U* pointer);

  explicit __device__ Global(T* at) : at_(at) {}

  __device__ T* pointer() const {
#ifdef __CUDA_ARCH__
    __builtin_assume(__isGlobal(at_));
#endif
    return at_;
  }

  T* at_;
};

// A pointer that the host passed to a kernel: always to device memory.
template <typename T>
__device__ inline Global<T> argumentOfKernel(T* pointer) {
  return Global<T>(pointer);
}

// Keeps the compiler from reasoning about a value: from undoing a select that spares an instruction its slow path.
__device__ inline float opaque(float x) {
#ifdef __CUDA_ARCH__
  asm("" : "+f"(x));
#endif
  return x;
}

// a * b in 64 bits, by one instruction; the compiler may widen a factor that a loop does not change, and multiply
// by four.
__device__ inline long long wideProduct(int a, int b) {
#ifdef __CUDA_ARCH__
  long long product;
  asm("mul.wide.s32 %0, %1, %2;" : "=l"(product) : "r"(a), "r"(b));
  return product;
#else
  return (long long)a * b;
#endif
}

// The value at place + index * bytes in shared memory. One instruction computes the address, in 32 bits: higher bits of
// the product are lost.
template <typename T>
__device__ inline const T& behind(const T* place, unsigned index, unsigned bytes) {
#ifdef __CUDA_ARCH__
  unsigned at;
  asm("mad.lo.u32 %0, %1, %2, %3;" : "=r"(at) : "r"(index), "r"(bytes), "r"((unsigned)__cvta_generic_to_shared(place)));
  return *(const T*)__cvta_shared_to_generic(at);
#else
  return *(const T*)((const char*)place + index * bytes);
#endif
}

// Philox 4x32-10 (Salmon et al., SC'11): one block of four random words, as csdp.model.Philox.
__device__ inline void philox(unsigned c0, unsigned c1, unsigned c2, unsigned c3, unsigned k0,
                              unsigned k1, unsigned word[4]) {
  for (int round = 0; round < 10; round++) {
    unsigned long long p0 = 0xD2511F53ull * c0;
    unsigned long long p1 = 0xCD9E8D57ull * c2;
    c0 = (unsigned)(p1 >> 32) ^ c1 ^ k0;
    c2 = (unsigned)(p0 >> 32) ^ c3 ^ k1;
    c1 = (unsigned)p1;
    c3 = (unsigned)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  word[0] = c0;
  word[1] = c1;
  word[2] = c2;
  word[3] = c3;
}

// Uniform in [0, 1) with 24 bits, exact in float.
__device__ inline float uniform24(unsigned word) { return (float)(word >> 8) * 0x1p-24f; }

// Index of this thread in a grid of blocks along x.
__device__ inline int globalIndex() { return (int)(blockIdx.x * blockDim.x + threadIdx.x); }

// Quotients of unsigned numbers: one instruction, where a signed quotient takes four.
__device__ inline int laneIndex() { return (int)(threadIdx.x % WARP); }
__device__ inline int warpIndex() { return (int)(threadIdx.x / WARP); }
__device__ inline int warpCount() { return (int)(blockDim.x / WARP); }

// The word that has bit i; the number of words of a stride.
__device__ inline int wordOf(int i) { return (int)((unsigned)i / 32); }

// Position of the lowest bit that is set; there is one.
__device__ inline int lowest(unsigned bits) { return __clz((int)__brev(bits)); }

// Where this lane's entries go if the lanes append theirs in order: the number of entries of the lanes
// before it. "total" receives the number of entries of the warp.
__device__ inline int orderedOffset(int entries, int* total) {
  int scan = entries;
  for (int d = 1; d < WARP; d *= 2) {
    int before = __shfl_up_sync(ALL_LANES, scan, d);
    scan += laneIndex() >= d ? before : 0;
  }
  *total = __shfl_sync(ALL_LANES, scan, WARP - 1);
  return scan - entries;
}

// Sum over the lanes of a warp.
__device__ inline int sumOfLanes(int own) {
  for (int d = WARP / 2; d > 0; d /= 2) {
    own += __shfl_xor_sync(ALL_LANES, own, d);
  }
  return own;
}

// Four neighbouring columns, of one lane. Loaded and stored at once, 16 bytes.
struct alignas(16) Quad {
  float at[4];
};

__device__ inline Quad zeros() { return {{0, 0, 0, 0}}; }
template <typename F>
__device__ inline Quad load(Global<F> from) {
  return from.template as<const Quad>();
}
__device__ inline void store(Global<float> to, Quad q) { to.as<Quad>() = q; }

__device__ inline void add(Quad& sum, const Quad& q) {
  for (int i = 0; i < 4; i++) {
    sum.at[i] += q.at[i];
  }
}

// Spikes of the quad at a column, bit by bit, of the word that holds them and those of seven more.
__device__ inline unsigned spikesOfQuad(unsigned word, int column) {
  return word >> column % 32 & 15;
}

// The other way round: all lanes of the warp come together, and each gets the word of its eight.
__device__ inline unsigned wordOfQuads(unsigned spikes) {
  unsigned word = spikes << 4 * (laneIndex() % 8);
  for (int d = 1; d < 8; d *= 2) {
    word |= __shfl_xor_sync(ALL_LANES, word, d);
  }
  return word;
}

#define TILE (4 * WARP)  // columns that a warp takes at once, four a lane
