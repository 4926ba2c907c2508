// What the kernels share: Philox, ordered lists, indices.
//
// Conventions of every file here
//   Matrices are row-major. N samples, T steps, "units" of one population; a synapse has rows (pre)
//   and cols (post). Spikes of one step come in three forms:
//     s          N x units bytes, 0 or 1
//     by sample  list[b * units ..]: the units that spiked in sample b, ascending; count[b] of them
//     by unit    samples[i * N ..]: the samples in which unit i spiked, ascending; sampleCount[i] of
//                them, the first positiveCount[i] of which are positive samples
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

#define WARP 32
#define MAX_WARPS 32

// Sum of "own" over the warps before this one, and over all of them in "total"; every lane of a warp
// holds the same value. All threads of the block must call it.
__device__ inline int sumOfWarpsBefore(int own, int* total) {
  __shared__ int warpTotal[MAX_WARPS];
  int warp = threadIdx.x / WARP;
  if (threadIdx.x % WARP == 0) {
    warpTotal[warp] = own;
  }
  __syncthreads();
  int before = 0;
  int all = 0;
  for (int w = 0; w < (int)(blockDim.x / WARP); w++) {
    before += w < warp ? warpTotal[w] : 0;
    all += warpTotal[w];
  }
  __syncthreads();  // the next call writes warpTotal again
  *total = all;
  return before;
}

// Where this thread's entries go if the block's threads append theirs in order of their index: the
// number of entries of the threads before it. "total" receives the number of entries of the block.
// All threads of the block must call it, and blockDim.x must be a multiple of 32.
__device__ inline int orderedOffset(int entries, int* total) {
  int lane = threadIdx.x % WARP;
  int scan = entries;
  for (int d = 1; d < WARP; d *= 2) {
    int before = __shfl_up_sync(0xFFFFFFFFu, scan, d);
    scan += lane >= d ? before : 0;
  }
  int warpSum = __shfl_sync(0xFFFFFFFFu, scan, WARP - 1);
  return sumOfWarpsBefore(warpSum, total) + scan - entries;
}

// The same for threads with one entry or none: a ballot instead of the scan.
__device__ inline int orderedSlot(bool present, int* total) {
  int lane = threadIdx.x % WARP;
  unsigned ballot = __ballot_sync(0xFFFFFFFFu, present);
  return sumOfWarpsBefore(__popc(ballot), total) + __popc(ballot & ((1u << lane) - 1));
}

// The tiled kernels: 32 columns of a matrix in shared memory, some rows at a time, from which many
// lists gather.
#define TILE 32     // columns of a block, one a lane
#define CHUNK 256   // rows in shared memory: 32 KiB
#define PER_WARP 8  // lists of a warp; each keeps its sum and its place

// A warp walks an ascending list: the next entries below "end", from position "at" on, one a lane.
// Returns how many there are, at most 32; fewer than 32 mean that no more follow below "end".
__device__ inline int nextListed(const int* list, int length, int at, int end, int* mine) {
  int k = at + (int)threadIdx.x % WARP;
  *mine = k < length ? list[k] : end;
  return __popc(__ballot_sync(0xFFFFFFFFu, *mine < end));
}
