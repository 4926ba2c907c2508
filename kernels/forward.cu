// Currents and leaky integrate-and-fire units: new spikes from those of the step before.
//
// Equation   j[b,c] = sum over the synapses that end here, in table order, of
//                       scale * (sum over i, ascending, of s[b,i](t-1) w[i,c])
//            thr = max(thr + rho_b (count(t-1) - 1), floor)     from the second step on
//            v'  = v + ((j - v) (1/tau_m)) dt
//            s   = 1 where v' > thr;  v = v' (1 - s)
//            The model moves thr at the end of a step by that step's count of the layer's spikes in
//            the sample. Here the next step moves it, which saves reading and writing thr once more.
//            A window starts with v = 0, thr = thr0 and no spikes.
// Launch     forward, currents: blocks (96 samples, 128 columns of a population), 384 threads;
//            forward_plain: a thread per word of spikes; currents_plain: a thread per column and sample.
// Source     equations 1, 3 and 4 of csdp.model; released code of CSDP (ngc-learn 1.2b3, LIFCell).
//            Event-driven: a sample's few spikes name the rows to add. Adding zero changes no bit of a
//            sum, so the twin, which adds all rows, agrees exactly. About one input unit in eight
//            spikes, and a row of its weights serves many samples: these gather from a tile in shared
//            memory, two samples at a time, by the list that signals.cu made of their spikes.
#include "units.cuh"

#define WARPS 12              // of a block
#define LISTS 8               // samples of a warp, which keeps a sum of each

static_assert(CHUNK % WARPS == 0, "all warps fill the same number of rows");

// The sample of a warp's q-th sum, at least n where there is none. Pairs as listPair() in lists.cuh has them.
__device__ inline int pairOf(int q) { return ((int)blockIdx.x * (LISTS / 2) + q / 2) * WARPS + warpIndex(); }

__device__ inline int sampleOf(int q, int n) {
  int half = pairsOf(n);
  return pairOf(q) < half ? pairOf(q) + q % 2 * half : n;
}

// Adds the weights of an entry of a pair's list to the samples in which the unit spiked. "own" is the lane's part of the
// tile's first row.
__device__ inline void addEntry(Quad& first, Quad& second, unsigned entry, const Quad* own) {
  const Quad row = behind(own, entry, sizeof(Quad[WARP]));  // without the bits from PAIR_BOTH on
  if (entry >= PAIR_BOTH) {
    add(first, row);
  }
  if (entry < PAIR_FIRST) {
    add(second, row);
  }
}

// Spikes x weights of the input, by way of shared memory.
__device__ inline void gatherTiled(Quad sum[LISTS], Quad (*tile)[WARP], const Population& pre, Global<float> w,
                                   int stride, int n, int c) {
  int pairs = pairsOf(n);
  const Quad* own = &tile[0][laneIndex()];
#pragma unroll
  for (int q = 0; q < LISTS; q++) {
    sum[q] = zeros();
  }
  // Lanes behind the last column help with columns that exist; their sums are not used.
  int column = min(c, stride - 4);
  for (int chunk = 0; chunk < chunksOf(pre.stride); chunk++) {
    int rows = min(CHUNK, pre.units - CHUNK * chunk);
    auto loadRow = [&](int r) { tile[r][laneIndex()] = load(w + ((CHUNK * chunk + r) * stride + column)); };
    if (rows == CHUNK) {
#pragma unroll
      for (int k = 0; k < CHUNK; k += WARPS) {
        loadRow(warpIndex() + k);
      }
    } else {
#pragma unroll 1
      for (int r = warpIndex(); r < rows; r += WARPS) {
        loadRow(r);
      }
    }
    __syncthreads();
    int at = pairChunk(chunk, pairOf(0), n);
    Global<unsigned> firstEntries = pre.pairs + at * CHUNK;
    Global<int> counts = pre.pairCounts + at;
#pragma unroll
    for (int q = 0; q < LISTS; q += 2) {
      if (pairOf(q) < pairs) {
        int pair = pairOf(q) - pairOf(0);  // a constant
        Global<unsigned> entries = firstEntries + pair * CHUNK;
        int count = counts[pair];
        for (; count >= 4; count -= 4, entries = entries + 4) {
          const Entries four = entries.as<const Entries>();
#pragma unroll
          for (int k = 0; k < 4; k++) {
            addEntry(sum[q], sum[q + 1], four.at[k], own);
          }
        }
        if (count > 0) {
          const Entries rest = entries.as<const Entries>();
          addEntry(sum[q], sum[q + 1], rest.at[0], own);
          if (count > 1) {
            addEntry(sum[q], sum[q + 1], rest.at[1], own);
          }
          if (count > 2) {
            addEntry(sum[q], sum[q + 1], rest.at[2], own);
          }
        }
      }
    }
    __syncthreads();
  }
}

// Currents of a warp's samples into columns c .. c+3 from synapses [from, to).
__device__ inline void currentsOf(Quad j[LISTS], Quad (*tile)[WARP], const Network* network,
                                  int from, int to, int stride, int step, int n, int c) {
#pragma unroll
  for (int q = 0; q < LISTS; q++) {
    j[q] = zeros();
  }
  if (step == 0) {
    return;
  }
  for (int k = from; k < to; k++) {
    const Synapse s = network->synapses[k];
    const Population pre = network->populations[s.pre];
    if (k == from && !pre.pairs.isNull()) {
      gatherTiled(j, tile, pre, s.w, stride, n, c);
#pragma unroll
      for (int q = 0; q < LISTS; q++) {
        for (int i = 0; i < 4; i++) {
          j[q].at[i] = 0 + s.currentScale * j[q].at[i];
        }
      }
    } else {
#pragma unroll
      for (int q = 0; q < LISTS; q++) {
        int b = sampleOf(q, n);
        if (b < n && c < stride) {
          addScaled(j[q], s.currentScale, gather(pre, s.w, stride, step, b, n, c));
        }
      }
    }
  }
}

BOUNDED_KERNEL(WARPS* WARP, 2) forward(const Network* network, const Part* parts, int step, int n) {
  __shared__ Quad tile[CHUNK][WARP];
  Part part = parts[blockIdx.y];
  const Population& row = network->populations[part.of];
  int c = part.column + 4 * laneIndex();
  Quad j[LISTS];
  int end = row.current.isNull() ? row.endSynapse : row.firstSynapse;
  currentsOf(j, tile, network, row.firstSynapse, end, row.stride, step - 1, n, c);
  const Population p = row;  // only now: the sums need the registers
  unsigned bad = 0;
#pragma unroll
  for (int q = 0; q < LISTS; q++) {
    int b = sampleOf(q, n);
    if (b < n) {
      integrate(*network, p, j[q], step, b, n, c, bad);
    }
  }
  reportNotFinite(*network, p, bad, step);
}

// The currents of one synapse, to compare with a dense product, from the spikes of a step.
BOUNDED_KERNEL(WARPS* WARP, 2) currents(const Network* network, int synapse, float* j, int step, int n) {
  __shared__ Quad tile[CHUNK][WARP];
  int stride = network->populations[network->synapses[synapse].post].stride;
  int c = (int)blockIdx.y * TILE + 4 * laneIndex();
  Quad sum[LISTS];
  currentsOf(sum, tile, network, synapse, synapse + 1, stride, step, n, c);
#pragma unroll
  for (int q = 0; q < LISTS; q++) {
    int b = sampleOf(q, n);
    if (b < n && c < stride) {
      store(argumentOfKernel(j) + b * stride + c, sum[q]);
    }
  }
}

// One current of a synapse, dense.
__device__ inline float currentPlain(const Network& net, const Synapse& s, int step, int b, int c,
                                     int n) {
  const Population& pre = net.populations[s.pre];
  float sum = 0;
  for (int i = 0; i < s.rows; i++) {
    sum += (spiked(pre, step, b, i, n) ? 1 : 0) * s.w[i * net.populations[s.post].stride + c];
  }
  return s.currentScale * sum;
}

// The readable twin of currents.
KERNEL currents_plain(const Network* network, int synapse, float* j, int step, int n) {
  const Synapse& s = network->synapses[synapse];
  int stride = network->populations[s.post].stride;
  int k = globalIndex();
  if (k < n * stride) {
    j[k] = 0 + currentPlain(*network, s, step, k / stride, k % stride, n);
  }
}

// The readable twin of forward, and of the reconstruction's part of signals.
KERNEL forward_plain(const Network* network, int population, int step, int n) {
  const Population& p = network->populations[population];
  int b = globalIndex() / (p.stride / 32);
  int w = globalIndex() % (p.stride / 32);
  if (b >= n) {
    return;
  }
  unsigned word = 0;
  for (int c = 32 * w; c < 32 * w + 32; c++) {
    float j = 0;
    for (int k = p.firstSynapse; k < p.endSynapse; k++) {
      j += currentPlain(*network, network->synapses[k], p.fedByNewSpikes ? step : step - 1, b, c,
                        n);
    }
    int at = b * p.stride + c;
    float threshold = p.thr0[c];
    if (p.adaptive && step > 1) {
      float move = network->thresholdRate * (float)(countOf(p, step - 1, b, n) - 1);
      threshold = p.thr[at] + move;
      threshold = threshold < network->floor ? network->floor : threshold;
    }
    float old = step > 1 ? p.v[at] : 0;
    float next = old + ((j - old) * network->inverseTau) * network->dt;
    bool spike = next > threshold;
    p.v[at] = spike ? 0 : next;
    if (p.adaptive) {
      p.thr[at] = threshold;
    }
    word |= (unsigned)spike << c % 32;
  }
  spikesOf(p, step, b, n)[w] = word;
}
