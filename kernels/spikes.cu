// The spikes of a step as lists, from their bytes.
//
// Equation   samples[i * N + r] = the r-th sample b, ascending, with s[b,i] = 1
// Shapes     s: N x units; list: N x units; count, total: N; samples: units x N; sampleCount,
//            positiveCount: units. The first "positives" samples of a batch are the positive ones.
// Launch     list_samples: a block per 32 units, 512 threads = 16 slices of the samples x 32 units;
//            list_samples_plain: a thread per unit; list_units_plain: a thread per sample.
// Source     the transposition of a sparse matrix; 16 slices, so that 1000 samples are not one
//            chain of loads, and fixed slices, so that the order is.
#include "common.cuh"

#define SLICES 16

// The readable twin of the lists that encode and integrate write.
KERNEL list_units_plain(const unsigned char* s, int* list, int* count, int* total, int n,
                        int units) {
  int b = globalIndex();
  if (b >= n) {
    return;
  }
  int listed = 0;
  for (int i = 0; i < units; i++) {
    if (s[b * units + i]) {
      list[b * units + listed++] = i;
    }
  }
  count[b] = listed;
  total[b] += listed;
}

KERNEL list_samples_plain(const unsigned char* s, int* samples, int* sampleCount,
                          int* positiveCount, int n, int positives, int units) {
  int i = globalIndex();
  if (i >= units) {
    return;
  }
  int listed = 0;
  positiveCount[i] = 0;
  for (int b = 0; b < n; b++) {
    if (s[b * units + i]) {
      samples[i * n + listed++] = b;
      positiveCount[i] += b < positives;
    }
  }
  sampleCount[i] = listed;
}

// Each slice counts its spikes of a unit, then lists them after those of the slices before.
KERNEL list_samples(const unsigned char* s, int* samples, int* sampleCount, int* positiveCount,
                    int n, int positives, int units) {
  __shared__ int sliceCount[SLICES][WARP];
  __shared__ int slicePositives[SLICES][WARP];
  int lane = threadIdx.x % WARP;
  int slice = threadIdx.x / WARP;
  int i = blockIdx.x * WARP + lane;
  int length = (n + SLICES - 1) / SLICES;
  int from = slice * length;
  int to = min(n, from + length);
  int spikes = 0;
  int positive = 0;
  if (i < units) {
    for (int b = from; b < to; b++) {
      int spike = s[b * units + i];
      spikes += spike;
      positive += b < positives ? spike : 0;
    }
  }
  sliceCount[slice][lane] = spikes;
  slicePositives[slice][lane] = positive;
  __syncthreads();
  if (i >= units) {
    return;
  }
  int at = i * n;
  for (int k = 0; k < slice; k++) {
    at += sliceCount[k][lane];
  }
  for (int b = from; b < to && spikes > 0; b++) {
    if (s[b * units + i]) {
      samples[at++] = b;
      spikes--;
    }
  }
  if (slice == SLICES - 1) {
    int all = 0;
    for (int k = 0; k < SLICES; k++) {
      all += slicePositives[k][lane];
    }
    sampleCount[i] = at - i * n;
    positiveCount[i] = all;
  }
}

// Spikes as floats, for a dense product by cuBLAS.
KERNEL widen(const unsigned char* s, float* wide, int n) {
  int k = globalIndex();
  if (k < n) {
    wide[k] = s[k];
  }
}
