// Spikes in another form.
//
// Equation   samples[i] = the b with s[b,i] = 1, ascending;  columns[i] = sum over b of s[b,i]
// Launch     transpose: a block for each word of 32 units, 512 threads = 16 warps that take 32 samples at
//            a time; transpose_plain: a thread per unit; widen: a thread per spike.
// Source     the transposition of a matrix of bits by halves, quarters .. (Warren, Hacker's Delight, 7-3).
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
  for (int b = 0; b < n; b++) {
    if (spiked(p, step, b, i, n)) {
      samplesOf(p, step, i, n)[spikes++] = (unsigned short)b;
    }
  }
  p.columns[step * p.stride + i] = (float)spikes;
}

// Transposes a matrix of 32 x 32 bits: a lane has a row, and receives a column.
__device__ inline unsigned transposeBits(unsigned row) {
  unsigned low = 0x0000FFFFu;
  for (int d = WARP / 2; d > 0; d /= 2, low ^= low << d) {
    unsigned other = __shfl_xor_sync(ALL_LANES, row, d);
    bool upper = (laneIndex() & d) != 0;
    unsigned kept = upper ? ~low : low;
    row = (row & kept) | ((upper ? other >> d : other << d) & ~kept);
  }
  return row;
}

KERNEL transpose(const Network* network, const Part* parts, int step, int n) {
  __shared__ int spikes[2][TRANSPOSING_WARPS][WARP];  // by turns: one barrier for each turn
  Part part = parts[blockIdx.x];
  const Population p = network->populations[part.of];
  int unit = part.column + laneIndex();
  Global<unsigned short> samples = samplesOf(p, step, unit, n);
  int listed = 0;
  for (int first = 0, turn = 0; first < n; first += TRANSPOSING_WARPS * WARP, turn ^= 1) {
    int base = first + WARP * warpIndex();
    int b = base + laneIndex();
    unsigned mine = transposeBits(b < n ? spikesOf(p, step, b, n)[wordOf(part.column)] : 0);
    spikes[turn][warpIndex()][laneIndex()] = __popc(mine);
    __syncthreads();
    int at = listed;
    for (int k = 0; k < TRANSPOSING_WARPS; k++) {
      int some = spikes[turn][k][laneIndex()];
      at += k < warpIndex() ? some : 0;
      listed += some;
    }
    for (; mine != 0; mine &= mine - 1) {
      samples[at++] = (unsigned short)(base + lowest(mine));
    }
  }
  if (warpIndex() == 0) {
    p.columns[step * p.stride + unit] = (float)listed;
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
