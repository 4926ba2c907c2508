// Shared by forward.cu and signals.cu: sums of the weight rows of a sample's spikes, and integration.
#pragma once
#include "network.cuh"

// Columns c .. c+3 of spikes x weights of a sample, from memory.
__device__ inline Quad gather(const Population& pre, Global<float> w, int stride, int step, int b,
                              int n, int c) {
  Quad sum = zeros();
  Global<float> column = w + c;
  int rowBytes = (int)sizeof(float) * stride;
  if (pre.list.isNull()) {
    Global<unsigned> spikes = spikesOf(pre, step, b, n);
    for (int k = 0; k < wordOf(pre.stride); k++) {
      for (unsigned left = spikes[k]; left != 0; left &= left - 1) {
        add(sum, load(column.bytesOn(wideProduct(32 * k + lowest(left), rowBytes))));
      }
    }
  } else {
    Global<int> list = listOf(pre, step, b, n);
    int count = countOf(pre, step, b, n);
#pragma unroll 3
    for (int e = 0; e < count; e++) {
      add(sum, load(column.bytesOn(wideProduct(list[e], rowBytes))));
    }
  }
  return sum;
}

__device__ inline void addScaled(Quad& j, float scale, const Quad& sum) {
  for (int i = 0; i < 4; i++) {
    j.at[i] += scale * sum.at[i];
  }
}

// Flags of integrate().
#define BAD_MEMBRANE 1u
#define BAD_THRESHOLD 2u

// Integrates units c .. c+3 of sample b, the same b for the whole warp, and writes their spikes. All
// lanes must call it, also those behind the last column. Returns the quad's spikes; adds a flag to
// "bad" for each quantity that is not finite, for reportNotFinite() below.
__device__ inline unsigned integrate(const Network& net, const Population& p, const Quad& current,
                                     int step, int b, int n, int c, unsigned& bad) {
  unsigned spikes = 0;
  int at = b * p.stride + c;
  if (c < p.stride) {
    bool adaptive = p.adaptive && step > 1;
    Quad j = p.current.isNull() ? current : load(p.current + at);
    Quad v = step > 1 ? load(p.v + at) : zeros();
    Quad threshold = adaptive ? load(p.thr + at) : load(p.thr0 + c);
    float move = adaptive ? net.thresholdRate * (float)(countOf(p, step - 1, b, n) - 1) : 0;
    Quad next;
    float sum = 0;  // not finite if one of its terms is not
    for (int i = 0; i < 4; i++) {
      if (adaptive) {
        float moved = threshold.at[i] + move;
        sum += moved;
        threshold.at[i] = moved < net.floor ? net.floor : moved;
      }
      float old = v.at[i];
      next.at[i] = old + ((j.at[i] - old) * net.inverseTau) * net.dt;
      sum += next.at[i];
      bool spike = next.at[i] > threshold.at[i];
      v.at[i] = spike ? 0 : next.at[i];
      spikes |= (unsigned)spike << i;
    }
    if (!isFinite(sum)) {
      for (int i = 0; i < 4; i++) {
        bad |= isFinite(next.at[i]) ? 0 : BAD_MEMBRANE;
        bad |= !adaptive || isFinite(threshold.at[i]) ? 0 : BAD_THRESHOLD;
      }
    }
    store(p.v + at, v);
    if (p.adaptive) {
      store(p.thr + at, threshold);
    }
  }
  unsigned word = wordOfQuads(spikes);
  if (c < p.stride && laneIndex() % 8 == 0) {
    spikesOf(p, step, b, n)[wordOf(c)] = word;
  }
  return spikes;
}

// Reports the flags that integrate() added to "bad".
__device__ inline void reportNotFinite(const Network& net, const Population& p, unsigned bad, int step) {
  if ((bad & BAD_MEMBRANE) != 0) {
    reportNotFinite(net, MEMBRANES, p.owner, step);
  }
  if ((bad & BAD_THRESHOLD) != 0) {
    reportNotFinite(net, THRESHOLDS, p.owner, step - 1);  // whose spikes moved them
  }
}
