// Plasticity of one synapse: gradient, Adam, decay, clip and hollow in one pass over the weights. No
// gradient is ever stored.
//
// Equation   contrastive  U[i,c] = sum over b of a[b,i] (scale (factor[b] z[b,c]))
//            error        U[i,c] = -(sum over positive b of a[b,i] (scale e[b,c])) (1 - |w|)
//            m = b1 m + (1-b1) U;  v = b2 v + (1-b2) U^2;  w -= rate m / (sqrt(v second) + eps)
//            contrastive  w -= decay * (number of b with s[b,c] = 1 and a[b,i] = 0)
//            w = clip(w, lower, upper), and 0 on the diagonal of a hollow synapse
//            a: spikes of t-1 (of t for the reconstruction); s, z, factor, e: of t.
// Shapes     w, m, v: rows x cols; a: N x rows; samples: rows x N; sampleCount, positiveCount: rows;
//            z, s, e: N x cols; factor: N; columnSpikes: cols, the spikes of t summed over samples;
//            adam: T x 2, {rate, second} of each step of the window, computed on the host (the betas
//            are rounded to float before they are raised to the k-th power, as in the released code)
// Launch     learn_contrastive, learn_error: blocks (row, 256 columns), 256 threads, a thread per
//            weight; learn_contrastive_tiled: blocks (32 columns, 128 rows), 512 threads = 16 warps of
//            8 rows each; the plain twins: a thread per weight.
// Source     step 7 of the model; optimiser of the released code. Event-driven: the few samples in
//            which the row's unit spiked name the terms of U; the decay's count is the column's
//            spikes less those in the same samples. Where units spike in many samples (the input),
//            learn_contrastive_tiled keeps 32 columns of the scaled modulator in shared memory and lets
//            128 rows gather there instead of from the L2 cache.
#include "common.cuh"

#define BETA1 0.9f
#define GAIN1 0.1f
#define BETA2 0.999f
#define GAIN2 0.001f
#define EPSILON 1e-8f

// Moments at k with gradient u, and what the weight becomes before decay and clip.
__device__ inline float adamStep(float w, float* m, float* v, int k, float u, const float* adam,
                                 int step) {
  float rate = adam[2 * (step - 1)];
  float second = adam[2 * (step - 1) + 1];
  float first = BETA1 * m[k] + GAIN1 * u;
  float square = BETA2 * v[k] + GAIN2 * (u * u);
  m[k] = first;
  v[k] = square;
  return w - rate * first / (sqrtf(square * second) + EPSILON);
}

// Written so that a value that is not a number stays one.
__device__ inline float clip(float w, float lower, float upper) {
  return w < lower ? lower : w > upper ? upper : w;
}

// The readable twin of learn_contrastive: sums over all samples.
KERNEL learn_contrastive_plain(float* w, float* m, float* v, const unsigned char* a,
                               const float* factor, const float* z, const unsigned char* s,
                               const float* adam, int step, float scale, float decay, float lower,
                               float upper, int hollow, int n, int rows, int cols) {
  int k = globalIndex();
  if (k >= rows * cols) {
    return;
  }
  int i = k / cols;
  int c = k % cols;
  float u = 0;
  int alone = 0;
  for (int b = 0; b < n; b++) {
    if (a[b * rows + i]) {
      u += scale * (factor[b] * z[b * cols + c]);
    } else {
      alone += s[b * cols + c];
    }
  }
  float next = adamStep(w[k], m, v, k, u, adam, step) - decay * (float)alone;
  w[k] = hollow && i == c ? 0 : clip(next, lower, upper);
}

KERNEL learn_contrastive(float* w, float* m, float* v, const int* samples, const int* sampleCount,
                         const float* factor, const float* z, const unsigned char* s,
                         const int* columnSpikes, const float* adam, int step, float scale,
                         float decay, float lower, float upper, int hollow, int n, int cols) {
  int i = blockIdx.x;
  int c = blockIdx.y * blockDim.x + threadIdx.x;
  if (c >= cols) {
    return;
  }
  float u = 0;
  int alone = columnSpikes[c];
  for (int r = i * n; r < i * n + sampleCount[i]; r++) {
    int b = samples[r];
    u += scale * (factor[b] * z[b * cols + c]);
    alone -= s[b * cols + c];
  }
  int k = i * cols + c;
  float next = adamStep(w[k], m, v, k, u, adam, step) - decay * (float)alone;
  w[k] = hollow && i == c ? 0 : clip(next, lower, upper);
}

KERNEL learn_contrastive_tiled(float* w, float* m, float* v, const int* samples,
                               const int* sampleCount, const float* factor, const float* z,
                               const unsigned char* s, const int* columnSpikes, const float* adam,
                               int step, float scale, float decay, float lower, float upper,
                               int hollow, int n, int rows, int cols) {
  __shared__ float d[CHUNK][TILE];
  __shared__ unsigned spiked[CHUNK];  // a bit for each column
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int warps = blockDim.x / WARP;
  int c = blockIdx.x * TILE + lane;
  int first = (blockIdx.y * warps + warp) * PER_WARP;
  float u[PER_WARP];
  int both[PER_WARP];  // samples in which the row's and the column's unit spiked
  int at[PER_WARP];
#pragma unroll
  for (int q = 0; q < PER_WARP; q++) {
    u[q] = 0;
    both[q] = 0;
    at[q] = 0;
  }
  for (int begin = 0; begin < n; begin += CHUNK) {
    int end = min(n, begin + CHUNK);
    for (int b = begin + warp; b < end; b += warps) {
      d[b - begin][lane] = c < cols ? scale * (factor[b] * z[b * cols + c]) : 0;
      unsigned bits = __ballot_sync(0xFFFFFFFFu, c < cols && s[b * cols + c]);
      if (lane == 0) {
        spiked[b - begin] = bits;
      }
    }
    __syncthreads();
#pragma unroll
    for (int q = 0; q < PER_WARP; q++) {
      int i = first + q;
      int taken = i < rows ? WARP : 0;
      while (taken == WARP) {
        int mine;
        taken = nextListed(samples + i * n, sampleCount[i], at[q], end, &mine);
        for (int e = 0; e < taken; e++) {
          u[q] += d[__shfl_sync(0xFFFFFFFFu, mine, e) - begin][lane];
        }
        // Few samples have a spike in these columns: visit only those.
        unsigned bits = lane < taken ? spiked[mine - begin] : 0;
        unsigned some = __ballot_sync(0xFFFFFFFFu, bits != 0);
        for (; some != 0; some &= some - 1) {
          both[q] += __shfl_sync(0xFFFFFFFFu, bits, __ffs(some) - 1) >> lane & 1;
        }
        at[q] += taken;
      }
    }
    __syncthreads();
  }
  int spikes = c < cols ? columnSpikes[c] : 0;
#pragma unroll
  for (int q = 0; q < PER_WARP; q++) {
    int i = first + q;
    if (i < rows && c < cols) {
      int k = i * cols + c;
      float next = adamStep(w[k], m, v, k, u[q], adam, step) - decay * (float)(spikes - both[q]);
      w[k] = hollow && i == c ? 0 : clip(next, lower, upper);
    }
  }
}

// The readable twin of learn_error.
KERNEL learn_error_plain(float* w, float* m, float* v, const unsigned char* a, const float* e,
                         const float* adam, int step, float scale, float lower, float upper,
                         int positives, int rows, int cols) {
  int k = globalIndex();
  if (k >= rows * cols) {
    return;
  }
  float u = 0;
  for (int b = 0; b < positives; b++) {
    if (a[b * rows + k / cols]) {
      u += scale * e[b * cols + k % cols];
    }
  }
  u = -u * (1 - fabsf(w[k]));
  w[k] = clip(adamStep(w[k], m, v, k, u, adam, step), lower, upper);
}

KERNEL learn_error(float* w, float* m, float* v, const int* samples, const int* positiveCount,
                   const float* e, const float* adam, int step, float scale, float lower,
                   float upper, int n, int cols) {
  int i = blockIdx.x;
  int c = blockIdx.y * blockDim.x + threadIdx.x;
  if (c >= cols) {
    return;
  }
  float u = 0;
  for (int r = i * n; r < i * n + positiveCount[i]; r++) {
    u += scale * e[samples[r] * cols + c];
  }
  int k = i * cols + c;
  u = -u * (1 - fabsf(w[k]));
  w[k] = clip(adamStep(w[k], m, v, k, u, adam, step), lower, upper);
}
