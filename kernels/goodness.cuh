// Goodness of a sample and the modulator that it gives.
//
// A trace is gamma^age, so G = sum over ages of (units of that age) gamma^(2 age). A step changes only the
// counts of units that spiked: ~T additions a sample instead of one per unit, in the order of the `cpu`
// backend. G is summed in double and rounded once, so the order hardly matters.
#pragma once
#include "fdlibm.cuh"
#include "network.cuh"

// 2 (sigmoid(G - theta) - pos) / N. The difference G - theta is taken in float.
__device__ inline float modulation(float goodness, float theta, bool positive, int n) {
  double p = 1 / (1 + strictExp(-(double)(goodness - theta)));
  return (float)(2 * (p - (positive ? 1 : 0)) / n);
}

// Goodness and modulator of a sample and, for plasticity, the signals of its traces; by a warp.
__device__ inline void modulate(const Network& net, const Population& p, int step, int b, int n,
                                int positives, bool learns) {
  Global<int> byStep = p.lastStepCounts + b * (net.steps + 1);
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
  float modulator = modulation((float)g, net.theta, b < positives, n);
  for (int segment = 0; learns && segment < segmentsOf(p.stride); segment++) {
    Global<Trace> live = p.live + b * p.stride + segment * SEGMENT;
    int count = p.liveCount[b * segmentsOf(p.stride) + segment];
    for (int k = laneIndex(); k < count; k += WARP) {
      live[k].signal = modulator * net.power[step - (int)(live[k].unit >> 16)];
    }
  }
  if (laneIndex() == 0) {
    p.goodness[b] = (float)g;
    p.modulator[b] = modulator;
    if (!isFinite((float)g)) {
      reportNotFinite(net, GOODNESS, p.owner, step);
    }
  }
}
