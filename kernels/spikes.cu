// Spikes in another form.
//
// Equation   bit b of samples[i] = s[b,i];  columns[i] = sum over b of s[b,i]
// Launch     transpose: a block for each word of 32 units, 512 threads = 16 warps that take 32 samples at
//            a time; transpose_plain: a thread per unit; widen: a thread per spike.
// Source     the transposition of a matrix of bits: 32 ballots turn 32 samples x 32 units.
#include "network.cuh"

#define TRANSPOSING_WARPS 16

// The readable twin of transpose.
KERNEL transpose_plain(const Network* network, int population, int step, int n) {
  const Population& p = network->populations[population];
  int i = globalIndex();
  if (i >= p.stride) {
    return;
  }
  int spikes = 0;
  for (int w = 0; w < wordsOfSamples(n); w++) {
    unsigned word = 0;
    for (int b = 32 * w; b < 32 * w + 32 && b < n; b++) {
      word |= (unsigned)spiked(p, step, b, i, n) << b % 32;
      spikes += spiked(p, step, b, i, n);
    }
    samplesOf(p, step, i, n)[w] = word;
  }
  p.columns[step * p.stride + i] = (float)spikes;
}

KERNEL transpose(const Network* network, const Part* parts, int step, int n) {
  __shared__ int sums[TRANSPOSING_WARPS][WARP];
  Part part = parts[blockIdx.x];
  const Population p = network->populations[part.of];
  int unit = part.column + laneIndex();
  Global<unsigned> samples = samplesOf(p, step, unit, n);
  int sum = 0;
  for (int w = warpIndex(); w < wordsOfSamples(n); w += TRANSPOSING_WARPS) {
    int b = 32 * w + laneIndex();
    unsigned mine = b < n ? spikesOf(p, step, b, n)[part.column / 32] : 0;
    unsigned turned = 0;
    for (int k = 0; k < 32; k++) {
      unsigned ballot = __ballot_sync(ALL_LANES, mine >> k & 1);
      turned = laneIndex() == k ? ballot : turned;
    }
    samples[w] = turned;
    sum += __popc(turned);
  }
  sums[warpIndex()][laneIndex()] = sum;
  __syncthreads();
  if (warpIndex() == 0) {
    int all = 0;
    for (int k = 0; k < TRANSPOSING_WARPS; k++) {
      all += sums[k][laneIndex()];
    }
    p.columns[step * p.stride + unit] = (float)all;
  }
}

// Spikes as floats, for a dense product by cuBLAS: N x units. None at step 0.
KERNEL widen(const Network* network, int population, float* wide, int step, int n) {
  const Population& p = network->populations[population];
  int k = globalIndex();
  if (k < n * p.units) {
    wide[k] = spiked(p, step, k / p.units, k % p.units, n);
  }
}
