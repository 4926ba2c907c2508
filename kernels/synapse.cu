// Currents of one synapse.
//
// Equation   j[b,c] (+)= scale * sum over i, ascending, of s[b,i] w[i,c]
//            scale is the signed resistance: R_m, -R_i (lateral) or 1 (heads and reconstruction).
//            The first synapse of a layer sets j (add = 0), the others add to it, in table order.
// Shapes     j: N x cols; s: N x rows; list: N x rows; count: N; w: rows x cols
// Launch     currents: blocks (sample, 128 columns), 128 threads, a thread per column;
//            currents_plain: a thread per (sample, column).
// Source     step 1 of the model. Event-driven: a sample's few spikes name the rows to add, so the
//            work is (spikes x cols) instead of (rows x cols). Adding zero changes no bit of a sum,
//            so both kernels agree exactly.
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
