// Kernels that test the emulated device: each uses one part of CUDA's execution model, or makes one mistake that
// has to be reported. They are not part of a step.
#include "../common.cuh"

// out[k * blockDim.x + threadIdx.x]: what each collective gives to each thread.
KERNEL check_collectives(int* out) {
  int t = threadIdx.x;
  int n = blockDim.x;
  out[t] = __shfl_up_sync(0xFFFFFFFFu, t, 3);
  out[n + t] = __shfl_down_sync(0xFFFFFFFFu, t, 5);
  out[2 * n + t] = __shfl_xor_sync(0xFFFFFFFFu, t, 9);
  out[3 * n + t] = (int)__ballot_sync(0xFFFFFFFFu, t % 3 == 0);
  out[4 * n + t] = __any_sync(0xFFFFFFFFu, t == 40);
  out[5 * n + t] = __all_sync(0xFFFFFFFFu, t < 40);
  int total;
  out[6 * n + t] = orderedOffset(t % 4, &total);
  out[7 * n + t] = total;
  out[8 * n + t] = sumOfLanes(t);
  out[9 * n + t] = (int)wordOfQuads(t % 16);
}

// out[block] = sum of the block's part of in, by a tree in dynamic shared memory; out[gridDim.x] the
// sum of all, by atomics.
KERNEL check_sums(const int* in, int* out, int n) {
  DYNAMIC_SHARED(int, part);
  int k = globalIndex();
  part[threadIdx.x] = k < n ? in[k] : 0;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if ((int)threadIdx.x < half) {
      part[threadIdx.x] += part[threadIdx.x + half];
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    out[blockIdx.x] = part[0];
    atomicAdd(&out[gridDim.x], part[0]);
  }
}

// Mistake: thread 0 does not come to the barrier.
KERNEL check_missing_thread(int* out) {
  if (threadIdx.x > 0) {
    __syncthreads();
  }
  out[threadIdx.x] = 1;
}

// Mistake: a part of a warp.
KERNEL check_partial_mask(int* out) { out[threadIdx.x] = __shfl_sync(0xFFFFu, 1, 0); }

// Mistake: writes one element too far.
KERNEL check_overrun(int* out, int n) { out[n] = 1; }

// Mistakes that only a build with a check finds (EmulatedLibrary.Check). Blocks are of two warps.

// Mistake: lanes exchange words of shared memory, and a shuffle is no barrier.
KERNEL check_race_in_warp(int* out) {
  __shared__ int words[WARP];
  words[laneIndex()] = (int)threadIdx.x;
  int other = __shfl_sync(ALL_LANES, laneIndex() ^ 1, laneIndex());
  out[threadIdx.x] = words[other];
}

// Mistake: a barrier of a warp, where warps exchange.
KERNEL check_race_in_block(int* out) {
  __shared__ int words[2 * WARP];
  words[threadIdx.x] = 0;
  __syncthreads();
  words[threadIdx.x] = (int)threadIdx.x;
  __syncwarp();
  out[threadIdx.x] = words[(threadIdx.x + WARP) % (2 * WARP)];
}

// Mistake: a barrier of a block, where blocks exchange.
KERNEL check_race_between_blocks(int* out) {
  out[globalIndex()] = 1;
  __syncthreads();
  out[gridDim.x * blockDim.x + globalIndex()] = out[(globalIndex() + blockDim.x) % (gridDim.x * blockDim.x)];
}

// Mistake: a plain read of a word that others change by atomics.
KERNEL check_race_with_atomics(int* out) {
  atomicAdd(&out[0], 1);
  if (threadIdx.x == blockDim.x - 1) {
    out[1] = out[0];
  }
}

// Mistake: writes the neighbours' bytes as well.
KERNEL check_race_of_bytes(unsigned char* out) {
  out[2 * threadIdx.x] = 1;
  out[2 * threadIdx.x + 1] = 2;
  out[2 * threadIdx.x + (threadIdx.x == 3 ? 2 : 0)] = 3;
}

// Mistake: half of the words are not written.
KERNEL check_unwritten_shared(int* out) {
  __shared__ int words[2 * WARP];
  if (threadIdx.x % 2 == 0) {
    words[threadIdx.x] = 1;
  }
  __syncthreads();
  out[threadIdx.x] = words[threadIdx.x ^ 1];
}

// out[t] = in[t]. Mistake, if a part of "in" was not written.
KERNEL check_copy(int* out, const int* in) { out[threadIdx.x] = in[threadIdx.x]; }

// Mistake: the address is not one of an int.
KERNEL check_misaligned(int* out) { *(int*)((char*)out + 2) = 1; }

// Mistake: the address is not one of a quad.
KERNEL check_misaligned_quad(float* out) { store(argumentOfKernel(out) + 1, zeros()); }

// Mistake: writes one element too far into shared memory.
KERNEL check_overrun_shared(int* out, int n) {
  __shared__ int words[WARP];
  int* all = words;
  all[n] = (int)threadIdx.x;
  out[threadIdx.x] = all[n];
}

// Mistake, where the value is negative or the distance is as many bits as there are.
KERNEL check_shift(int* out, int value, int distance) { out[threadIdx.x] = value << distance; }

// No mistake: accesses that are ordered, in each way that there is.
KERNEL check_ordered(int* out) {
  __shared__ int words[2 * WARP];
  words[threadIdx.x] = 1;
  __syncwarp();
  int sum = words[threadIdx.x ^ 1];
  __syncthreads();
  words[(threadIdx.x + WARP) % (2 * WARP)] = sum;
  __syncthreads();
  out[globalIndex()] = words[threadIdx.x];
  atomicAdd(&out[gridDim.x * blockDim.x], 1);
}

// out[k + 1] = the thread that was k-th to count itself in out[0]; each does so before and after a barrier.
KERNEL check_order(int* out) {
  out[1 + atomicAdd(&out[0], 1)] = globalIndex();
  __syncthreads();
  out[1 + atomicAdd(&out[0], 1)] = globalIndex();
}
