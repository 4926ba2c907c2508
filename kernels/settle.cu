// What a sample makes of its new spikes: lists, read-outs, goodness and modulators of hidden layers, the
// head's error; then the reconstruction, which the new spikes drive, and its error.
//
// Equation   list = the units that spiked, ascending;  readOut += s
//            G = sum_i z_i^2,  p = sigmoid(G - theta),  factor = 2 (p - pos) / N,  d_i = factor z_i
//            ey = 2 (target - z) / N+,  eR = 2 (s0 - sR) / N+, of positive samples only
//            reconstruction: j = s(t) R1, then as in forward.cu with a constant threshold; readOut += z
//            d is never stored: plasticity multiplies factor and z. N+ = 0 where nothing is learned.
// Launch     settle: a block per sample, 256 threads; settle_plain: a thread per sample, after
//            forward_plain of every population.
// Source     steps 3 to 6 and 8 of the model. A trace is gamma^age, so G = sum over ages of (units of
//            that age) gamma^(2 age), and a step changes only the counts of units that spiked: ~T
//            additions a sample instead of one per unit, in the order of the `cpu` backend. G is
//            summed in double and rounded once, so the order hardly matters.
#include "units.cuh"

// exp of fdlibm (Sun Microsystems, 1993; "freely granted"), which is Java's StrictMath.exp: the same
// bits on every device, which the exp of libdevice or of a C library does not promise.
__device__ inline double strictExp(double x) {
  const double ln2Hi = 6.93147180369123816490e-01, ln2Lo = 1.90821492927058770002e-10;
  const double inverseLn2 = 1.44269504088896338700e+00;
  const double p1 = 1.66666666666666019037e-01, p2 = -2.77777777770155933842e-03;
  const double p3 = 6.61375632143793436117e-05, p4 = -1.65339022054652515390e-06;
  const double p5 = 4.13813679705723846039e-08;
  if (x != x) {
    return x;
  }
  if (x > 7.09782712893383973096e+02) {
    return 1e300 * 1e300;  // infinity
  }
  if (x < -7.45133219101941108420e+02) {
    return 0;
  }
  unsigned high = (unsigned)(__double2hiint(x) & 0x7fffffff);
  bool negative = x < 0;
  double hi = 0, lo = 0;
  int k = 0;
  if (high > 0x3fd62e42) {  // |x| > 0.5 ln 2
    if (high < 0x3FF0A2B2) {  // |x| < 1.5 ln 2
      hi = negative ? x + ln2Hi : x - ln2Hi;
      lo = negative ? -ln2Lo : ln2Lo;
      k = negative ? -1 : 1;
    } else {
      k = (int)(inverseLn2 * x + (negative ? -0.5 : 0.5));
      hi = x - k * ln2Hi;
      lo = k * ln2Lo;
    }
    x = hi - lo;
  } else if (high < 0x3e300000) {  // |x| < 2^-28
    return 1 + x;
  }
  double t = x * x;
  double c = x - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
  if (k == 0) {
    return 1 - ((x * c) / (c - 2.0) - x);
  }
  double y = 1 - ((lo - (x * c) / (2.0 - c)) - hi);
  int shift = k >= -1021 ? k : k + 1000;
  y = __hiloint2double(__double2hiint(y) + shift * (1 << 20), __double2loint(y));
  return k >= -1021 ? y : y * 9.33263618503218878990e-302;  // 2^-1000
}

// 2 (sigmoid(G - theta) - pos) / N. The difference G - theta is taken in float.
__device__ inline float modulation(float goodness, float theta, bool positive, int n) {
  double p = 1 / (1 + strictExp(-(double)(goodness - theta)));
  return (float)(2 * (p - (positive ? 1 : 0)) / n);
}

__device__ inline float headError(const Network& net, const Population& head, int step, int b, int k,
                                  int positives) {
  if (b >= positives || k >= head.units) {
    return 0;
  }
  float target = net.labels[b] == k;
  return 2 * (target - traceOf(net, head.last[b * head.stride + k], step)) / (float)positives;
}

__device__ inline float reconstructionError(int input, int own, int b, int positives) {
  return b < positives ? 2.0f * (float)(input - own) / (float)positives : 0;
}

// The readable twin: no ages, sums as they are written. The spikes of the reconstruction are there.
KERNEL settle_plain(const Network* network, int step, int n, int positives, int taught) {
  int b = globalIndex();
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
      p.readOut[at] = (step > 1 ? p.readOut[at] : 0) + (p.role == RECONSTRUCTION ? z : (float)spike);
      g += (double)z * z;
      if (p.role == HEAD) {
        p.error[at] = headError(net, p, step, b, i, taught);
      }
      if (p.role == RECONSTRUCTION) {
        int input = spiked(net.populations[0], step, b, i, n);
        p.error[at] = reconstructionError(input, spike, b, taught);
      }
    }
    p.count[(step & 1) * n + b] = count;
    p.total[b] = (step > 1 ? p.total[b] : 0) + count;
    if (p.role == HIDDEN) {
      p.goodness[b] = (float)g;
      p.factor[b] = modulation((float)g, net.theta, b < positives, n);
    }
  }
}

// Clears what a window keeps of a sample, by a warp.
__device__ inline void startWindow(const Network& net, const Population& p, int b) {
  for (int i = laneIndex(); i < p.stride; i += WARP) {
    p.last[b * p.stride + i] = 0;
    p.readOut[b * p.stride + i] = 0;
  }
  if (p.role == HIDDEN) {
    for (int t = laneIndex(); t <= net.steps; t += WARP) {
      p.alive[b * (net.steps + 1) + t] = 0;
    }
    for (int k = laneIndex(); k < p.stride / 32; k += WARP) {
      p.ever[b * (p.stride / 32) + k] = 0;
    }
    for (int k = laneIndex(); k < segmentsOf(p.stride); k += WARP) {
      p.liveCount[b * segmentsOf(p.stride) + k] = 0;
    }
  }
  __syncwarp();
}

// Enters the spikes of a lane's word into the list of units with a trace. All lanes of the warp come, with the words
// of one segment.
__device__ inline void listTraces(const Network& net, const Population& p, unsigned spikes, int k, int step, int b) {
  int words = p.stride / 32;
  int segment = k / WARP;
  Global<int> count = p.liveCount + b * segmentsOf(p.stride) + segment;
  Global<Trace> live = p.live + b * p.stride + segment * SEGMENT;
  Global<unsigned short> slot = p.slot + b * p.stride;
  unsigned before = k < words ? p.ever[b * words + k] : 0;
  int fresh;
  int listed = count[0];
  int next = listed + orderedOffset(__popc(spikes & ~before), &fresh);
  for (unsigned left = spikes; left != 0; left &= left - 1) {
    int bit = lowest(left);
    int i = 32 * k + bit;
    int at = next;
    if (before >> bit & 1) {
      at = slot[i];
      int last = live[at].unit & 0xFFFF;
      atomicAdd(&p.alive[b * (net.steps + 1) + last], -1);  // integers: any order gives the same count
    } else {
      slot[i] = (unsigned short)at;
      next++;
    }
    live[at].unit = (unsigned)(i % SEGMENT) << 16 | (unsigned)step;
  }
  if ((spikes & ~before) != 0) {
    p.ever[b * words + k] = before | spikes;
  }
  __syncwarp();
  if (laneIndex() == 0) {
    count[0] = listed + fresh;
  }
}

// Lists and counts a sample's spikes, by a warp.
__device__ inline void listSpikes(const Network& net, const Population& p, int step, int b, int n) {
  Global<unsigned> spikes = spikesOf(p, step, b, n);
  int words = p.stride / 32;
  if (step == 1 && !p.last.isNull()) {
    startWindow(net, p, b);
  }
  int listed = 0;
  for (int base = 0; base < words; base += WARP) {
    int k = base + laneIndex();
    unsigned mine = k < words ? spikes[k] : 0;
    int total;
    int at = listed + orderedOffset(__popc(mine), &total);
    if (p.role == HIDDEN) {
      listTraces(net, p, mine, k, step, b);
    }
    for (unsigned left = mine; left != 0; left &= left - 1) {
      int i = 32 * k + lowest(left);
      if (!p.list.isNull()) {
        listOf(p, step, b, n)[at++] = i;
      }
      if (!p.last.isNull()) {
        p.last[b * p.stride + i] = (unsigned short)step;
        p.readOut[b * p.stride + i] += 1;
      }
    }
    listed += total;
  }
  if (laneIndex() == 0) {
    p.count[(step & 1) * n + b] = listed;
    p.total[b] = (step > 1 ? p.total[b] : 0) + listed;
    if (!p.alive.isNull()) {
      p.alive[b * (net.steps + 1) + step] = listed;
    }
    if (adapts(p) && !isFinite(net.thresholdRate * (float)(listed - 1))) {
      saw(net, THRESHOLDS, p.owner, step);  // no step may come that moves them
    }
  }
}

// Lists the input spikes of a pair of samples, by a warp; forward() of the next step gathers by it.
__device__ inline void listPair(const Population& p, int step, int pair, int n) {
  int words = p.stride / 32;
  int pairs = pairsOf(n);
  Global<int> start = p.pairStart + pair;
  int second = pair + pairs;
  int listed = pair * p.stride;
  for (int base = 0; base < words; base += WARP) {
    int k = base + laneIndex();
    unsigned a = k < words ? spikesOf(p, step, pair, n)[k] : 0;
    unsigned b = k < words && second < n ? spikesOf(p, step, second, n)[k] : 0;
    int total;
    int at = listed + orderedOffset(__popc(a | b), &total);
    if (k < words && k % CHUNK_WORDS == 0) {
      start[k / CHUNK_WORDS * pairs] = at;
    }
    for (unsigned left = a | b; left != 0; left &= left - 1) {
      int bit = lowest(left);
      unsigned samples = (a & b) >> bit & 1 ? PAIR_BOTH : a >> bit & 1 ? PAIR_FIRST : PAIR_SECOND;
      p.pairs[at++] = (unsigned)(32 * k + bit) % CHUNK * PAIR_ROW + samples;
    }
    listed += total;
  }
  if (laneIndex() == 0) {
    start[chunksOf(p.stride) * pairs] = listed;
  }
}

// The reconstruction of a sample, by a block: a thread for four units.
__device__ inline void reconstruct(const Network& net, const Population& p, int step, int b, int n,
                                   int taught) {
  const Population& input = net.populations[0];
  for (int base = 0; base < p.stride; base += 4 * blockDim.x) {
    int c = base + 4 * threadIdx.x;
    Quad j = zeros();
    for (int k = p.firstSynapse; k < p.endSynapse && p.current.isNull() && c < p.stride; k++) {
      const Synapse& s = net.synapses[k];
      addScaled(j, s.currentScale, gather(net.populations[s.pre], s.w, p.stride, step, b, n, c));
    }
    unsigned bad = 0;
    unsigned spikes = integrate(net, p, j, step, b, n, c, bad);
    saw(net, p, bad, step);
    if (c >= p.stride) {
      continue;
    }
    int at = b * p.stride + c;
    unsigned in = spikesOfQuad(spikesOf(input, step, b, n)[c / 32], c);
    Quad readOut = step > 1 ? load(p.readOut + at) : zeros();
    Quad error;
    for (int i = 0; i < 4; i++) {
      int last = spikes >> i & 1 ? step : step > 1 ? p.last[at + i] : 0;
      p.last[at + i] = last;
      readOut.at[i] += traceOf(net, last, step);
      error.at[i] = reconstructionError(in >> i & 1, spikes >> i & 1, b, taught);
    }
    store(p.readOut + at, readOut);
    if (step == 1 || b < taught) {
      store(p.error + at, error);
    }
  }
}

// Goodness and modulation of a sample, by a warp; "learns": plasticity follows.
__device__ inline void modulate(const Network& net, const Population& p, int step, int b, int n,
                                int positives, bool learns) {
  Global<int> byStep = p.alive + b * (net.steps + 1);
  double g = 0;
  for (int base = 0; base < step; base += WARP) {
    int age = base + laneIndex();
    double term = 0;
    if (age < step) {
      term = byStep[step - age] * ((double)net.power[age] * net.power[age]);
    }
    // One after the other, youngest first; each lane keeps the whole sum.
    for (int e = 0; e < WARP && base + e < step; e++) {
      g += __shfl_sync(ALL_LANES, term, e);
    }
  }
  float factor = modulation((float)g, net.theta, b < positives, n);
  for (int segment = 0; learns && segment < segmentsOf(p.stride); segment++) {
    Global<Trace> live = p.live + b * p.stride + segment * SEGMENT;
    int count = p.liveCount[b * segmentsOf(p.stride) + segment];
    for (int k = laneIndex(); k < count; k += WARP) {
      live[k].signal = factor * net.power[step - (int)(live[k].unit & 0xFFFF)];
    }
  }
  if (laneIndex() == 0) {
    p.goodness[b] = (float)g;
    p.factor[b] = factor;
    if (!isFinite((float)g)) {
      saw(net, GOODNESS, p.owner, step);
    }
  }
}

BOUNDED_KERNEL(256, 3) settle(const Network* network, int step, int n, int positives, int taught) {
  const Network net = *network;
  int b = blockIdx.x;
  for (int k = warpIndex(); k < net.populationCount; k += warpCount()) {
    const Population& p = net.populations[k];
    if (!fedByNewSpikes(p)) {
      listSpikes(net, p, step, b, n);
    }
    if (!p.pairs.isNull() && b < pairsOf(n)) {
      listPair(p, step, b, n);
    }
  }
  __syncthreads();
  for (int k = 0; k < net.populationCount; k++) {
    const Population& p = net.populations[k];
    if (fedByNewSpikes(p)) {
      reconstruct(net, p, step, b, n, taught);
    }
  }
  __syncthreads();
  for (int k = warpIndex(); k < net.populationCount; k += warpCount()) {
    const Population& p = net.populations[k];
    if (p.role == HIDDEN) {
      modulate(net, p, step, b, n, positives, taught > 0);
    } else if (p.role == HEAD && (step == 1 || b < taught)) {
      for (int i = laneIndex(); i < p.stride; i += WARP) {
        p.error[b * p.stride + i] = headError(net, p, step, b, i, taught);
      }
    } else if (fedByNewSpikes(p)) {
      int count = 0;
      for (int w = laneIndex(); w < p.stride / 32; w += WARP) {
        count += __popc(spikesOf(p, step, b, n)[w]);
      }
      count = sumOfLanes(count);
      if (laneIndex() == 0) {
        p.count[(step & 1) * n + b] = count;
        p.total[b] = (step > 1 ? p.total[b] : 0) + count;
      }
    }
  }
}
