// Signals of a sample after its new spikes: lists, read-outs, goodness and modulators of hidden layers, the
// head's error; then the reconstruction, which the new spikes drive, and its error.
//
// Equation   list = the units that spiked, ascending;  readOut += s
//            G = sum_i z_i^2,  p = sigmoid(G - theta),  modulator = 2 (p - pos) / N,  d_i = modulator z_i
//            ey = 2 (target - z) / N+,  eR = 2 (s0 - sR) / N+, of positive samples only
//            reconstruction: j = s(t) R1, then as in forward.cu with a constant threshold; readOut += z
//            d is stored for live traces only. N+ = 0 where nothing is learned.
// Launch     signals: a block per sample, 256 threads; signals_plain: a thread per sample, after
//            forward_plain of every population.
// Source     equations 3 to 6 and 8 of csdp.model.
#include "goodness.cuh"
#include "lists.cuh"
#include "units.cuh"

__device__ inline float headError(const Network& net, const Population& head, int step, int b, int k,
                                  int positives) {
  if (b >= positives || k >= head.units) {
    return 0;
  }
  float target = net.labels[b] == k;
  return 2 * (target - traceOf(net, head.last[b * head.stride + k], step)) / (float)positives;
}

// The difference is -1, 0 or 1, so its product with "unit" is the quotient of the equation.
__device__ inline float reconstructionError(int input, int own, float unit) { return (float)(input - own) * unit; }

__device__ inline float errorUnit(int b, int positives) { return b < positives ? 2.0f / (float)positives : 0; }

// The readable twin: no ages, sums as they are written. The spikes of the reconstruction are there.
KERNEL signals_plain(const Network* network, int step, int n, int positives, int learns) {
  int b = globalIndex();
  int targets = learns ? positives : 0;  // samples with an error
  if (b >= n) {
    return;
  }
  const Network& net = *network;
  for (int k = 0; k < net.populationCount; k++) {
    const Population& p = net.populations[k];
    int count = 0;
    double g = 0;
    for (int i = 0; i < p.stride; i++) {
      int at = b * p.stride + i;
      bool spike = spiked(p, step, b, i, n);
      if (spike && !p.list.isNull()) {
        listOf(p, step, b, n)[count] = i;
      }
      count += spike;
      if (p.last.isNull()) {
        continue;
      }
      p.last[at] = spike ? step : step > 1 ? p.last[at] : 0;
      float z = traceOf(net, p.last[at], step);
      float readOut = step > 1 ? p.readOut[at] : 0;
      switch (p.role) {
        case HIDDEN:
          p.readOut[at] = readOut + (float)spike;
          g += (double)z * z;
          break;
        case HEAD:
          p.readOut[at] = readOut + (float)spike;
          p.error[at] = headError(net, p, step, b, i, targets);
          break;
        case RECONSTRUCTION:
          p.readOut[at] = readOut + z;
          p.error[at] = reconstructionError(spiked(net.populations[0], step, b, i, n), spike, errorUnit(b, targets));
          break;
        case INPUT:
        case CONTEXT:
          break;
      }
    }
    p.count[(step & 1) * n + b] = count;
    p.total[b] = (step > 1 ? p.total[b] : 0) + count;
    if (p.hasGoodness) {
      p.goodness[b] = (float)g;
      p.modulator[b] = modulation((float)g, net.theta, b < positives, n);
    }
  }
}

// The reconstruction of a sample, by a block: a thread for four units.
__device__ inline void reconstruct(const Network& net, const Population& p, int step, int b, int n,
                                   int targets) {
  const Population& input = net.populations[0];
  float unit = errorUnit(b, targets);
  for (int base = 0; base < p.stride; base += 4 * blockDim.x) {
    int c = base + 4 * threadIdx.x;
    Quad j = zeros();
    for (int k = p.firstSynapse; k < p.endSynapse && p.current.isNull() && c < p.stride; k++) {
      const Synapse& s = net.synapses[k];
      addScaled(j, s.currentScale, gather(net.populations[s.pre], s.w, p.stride, step, b, n, c));
    }
    unsigned bad = 0;
    unsigned spikes = integrate(net, p, j, step, b, n, c, bad);
    reportNotFinite(net, p, bad, step);
    if (c >= p.stride) {
      continue;
    }
    int at = b * p.stride + c;
    unsigned in = spikesOfQuad(spikesOf(input, step, b, n)[wordOf(c)], c);
    Quad readOut = step > 1 ? load(p.readOut + at) : zeros();
    Quad error;
    for (int i = 0; i < 4; i++) {
      int last = spikes >> i & 1 ? step : step > 1 ? p.last[at + i] : 0;
      p.last[at + i] = last;
      readOut.at[i] += traceOf(net, last, step);
      error.at[i] = reconstructionError(in >> i & 1, spikes >> i & 1, unit);
    }
    store(p.readOut + at, readOut);
    if (step == 1 || b < targets) {
      store(p.error + at, error);
    }
  }
}

// Counts a sample's spikes without a list, by a warp.
__device__ inline void countSpikes(const Population& p, int step, int b, int n) {
  int count = 0;
  for (int w = laneIndex(); w < wordOf(p.stride); w += WARP) {
    count += __popc(spikesOf(p, step, b, n)[w]);
  }
  count = sumOfLanes(count);
  if (laneIndex() == 0) {
    p.count[(step & 1) * n + b] = count;
    p.total[b] = (step > 1 ? p.total[b] : 0) + count;
  }
}

BOUNDED_KERNEL(256, 3) signals(const Network* network, int step, int n, int positives, int learns) {
  const Network net = *network;
  int targets = learns ? positives : 0;  // samples with an error
  int b = blockIdx.x;
  for (int k = warpIndex(); k < net.populationCount; k += warpCount()) {
    const Population& p = net.populations[k];
    if (!p.fedByNewSpikes) {
      listSpikes(net, p, step, b, n);
    }
    if (!p.pairs.isNull() && b < pairsOf(n)) {
      listPair(p, step, b, n);
    }
  }
  __syncthreads();
  if (net.reconstruction >= 0) {
    reconstruct(net, net.populations[net.reconstruction], step, b, n, targets);
  }
  __syncthreads();
  for (int k = warpIndex(); k < net.populationCount; k += warpCount()) {
    const Population& p = net.populations[k];
    switch (p.role) {
      case HIDDEN:
        modulate(net, p, step, b, n, positives, learns);
        break;
      case HEAD:
        if (step == 1 || b < targets) {
          for (int i = laneIndex(); i < p.stride; i += WARP) {
            p.error[b * p.stride + i] = headError(net, p, step, b, i, targets);
          }
        }
        break;
      case RECONSTRUCTION:
        countSpikes(p, step, b, n);
        break;
      case INPUT:
      case CONTEXT:
        break;
    }
  }
}
