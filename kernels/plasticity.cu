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
//            weight; the plain twins: a thread per weight.
// Source     step 7 of the model; optimiser of the released code. Event-driven: the few samples in
//            which the row's unit spiked name the terms of U; the decay's count is the column's
//            spikes less those in the same samples.
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
