// Currents of one synapse.
//
// Equation   j[b,c] (+)= scale * sum over i, ascending, of s[b,i] w[i,c]
//            scale is the signed resistance: R_m, -R_i (lateral) or 1 (heads and reconstruction).
//            The first synapse of a layer sets j (add = 0), the others add to it, in table order.
// Shapes     j: N x cols; s: N x rows; list: N x rows; count: N; w: rows x cols
// Launch     currents: blocks (sample, 128 columns), 128 threads, a thread per column;
//            currents_tiled: blocks (32 columns, 128 samples), 512 threads = 16 warps of 8 samples each;
//            currents_plain: a thread per (sample, column).
// Source     step 1 of the model. Event-driven: a sample's few spikes name the rows to add, so the
//            work is (spikes x cols) instead of (rows x cols). Adding zero changes no bit of a sum,
//            so all three kernels agree exactly. Where samples have many spikes (the input: about a
//            hundred), rows are wanted by many samples; currents_tiled then keeps 32 columns of W in
//            shared memory and lets 128 samples gather there instead of from the L2 cache.
#include "common.cuh"

// The readable twin: dense.
KERNEL currents_plain(float* j, const unsigned char* s, const float* w, float scale, int add, int n,
                      int rows, int cols) {
  int k = globalIndex();
  if (k >= n * cols) {
    return;
  }
  int b = k / cols;
  int c = k % cols;
  float sum = 0;
  for (int i = 0; i < rows; i++) {
    sum += s[b * rows + i] * w[i * cols + c];
  }
  j[k] = (add ? j[k] : 0) + scale * sum;
}

KERNEL currents(float* j, const int* list, const int* count, const float* w, float scale, int add,
                int rows, int cols) {
  int b = blockIdx.x;
  int c = blockIdx.y * blockDim.x + threadIdx.x;
  int spikes = count[b];
  if (c >= cols || (add && spikes == 0)) {
    return;
  }
  const int* row = list + b * rows;
  float sum = 0;
  for (int r = 0; r < spikes; r++) {
    sum += __ldg(&w[row[r] * cols + c]);
  }
  int k = b * cols + c;
  j[k] = (add ? j[k] : 0) + scale * sum;
}

KERNEL currents_tiled(float* j, const int* list, const int* count, const float* w, float scale,
                      int add, int n, int rows, int cols) {
  __shared__ float tile[CHUNK][TILE];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int warps = blockDim.x / WARP;
  int c = blockIdx.x * TILE + lane;
  int first = (blockIdx.y * warps + warp) * PER_WARP;
  float sum[PER_WARP];
  int at[PER_WARP];
#pragma unroll
  for (int q = 0; q < PER_WARP; q++) {
    sum[q] = 0;
    at[q] = 0;
  }
  for (int begin = 0; begin < rows; begin += CHUNK) {
    int end = min(rows, begin + CHUNK);
    for (int i = begin + warp; i < end; i += warps) {
      tile[i - begin][lane] = c < cols ? w[i * cols + c] : 0;
    }
    __syncthreads();
#pragma unroll
    for (int q = 0; q < PER_WARP; q++) {
      int b = first + q;
      int taken = b < n ? WARP : 0;
      while (taken == WARP) {
        int mine;
        taken = nextListed(list + b * rows, count[b], at[q], end, &mine);
        for (int e = 0; e < taken; e++) {
          sum[q] += tile[__shfl_sync(0xFFFFFFFFu, mine, e) - begin][lane];
        }
        at[q] += taken;
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int q = 0; q < PER_WARP; q++) {
    int k = (first + q) * cols + c;
    if (first + q < n && c < cols) {
      j[k] = (add ? j[k] : 0) + scale * sum[q];
    }
  }
}
