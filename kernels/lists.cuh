// Lists of a sample's spikes and traces.
#pragma once
#include "network.cuh"

// Clears the state of a sample at the start of a window, by a warp.
__device__ inline void startWindow(const Network& net, const Population& p, int b) {
  for (int i = laneIndex(); i < p.stride; i += WARP) {
    p.last[b * p.stride + i] = 0;
    p.readOut[b * p.stride + i] = 0;
  }
  if (p.hasGoodness) {
    for (int t = laneIndex(); t <= net.steps; t += WARP) {
      p.lastStepCounts[b * (net.steps + 1) + t] = 0;
    }
    for (int k = laneIndex(); k < wordOf(p.stride); k += WARP) {
      p.ever[b * wordOf(p.stride) + k] = 0;
    }
    for (int k = laneIndex(); k < segmentsOf(p.stride); k += WARP) {
      p.liveCount[b * segmentsOf(p.stride) + k] = 0;
    }
  }
  __syncwarp();
}

// Adds the spikes of a lane's word to the list of units with a trace. All lanes of the warp must call it, with
// neighbouring words, which are in one segment.
__device__ inline void listTraces(const Network& net, const Population& p, unsigned spikes, int k, int step, int b) {
  int words = wordOf(p.stride);
  int segment = segmentOf(32 * k);
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
      int last = live[at].unit >> 16;
      atomicAdd(&p.lastStepCounts[b * (net.steps + 1) + last], -1);  // integers: any order gives the same count
    } else {
      slot[i] = (unsigned short)at;
      next++;
    }
    live[at].unit = (unsigned)step << 16 | (unsigned)(i % SEGMENT) * (unsigned)sizeof(Sum);
  }
  if ((spikes & ~before) != 0) {
    p.ever[b * words + k] = before | spikes;
  }
  __syncwarp();
  if (laneIndex() == 0) {
    count[0] = listed + fresh;
  }
  __syncwarp();  // the call for the next words reads it
}

// Lists and counts a sample's spikes, by a warp.
__device__ inline void listSpikes(const Network& net, const Population& p, int step, int b, int n) {
  Global<unsigned> spikes = spikesOf(p, step, b, n);
  int words = wordOf(p.stride);
  if (step == 1 && !p.last.isNull()) {
    startWindow(net, p, b);
  }
  int listed = 0;
  for (int base = 0; base < words; base += WARP) {
    int k = base + laneIndex();
    unsigned mine = k < words ? spikes[k] : 0;
    int total;
    int at = listed + orderedOffset(__popc(mine), &total);
    if (p.hasGoodness) {
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
    if (!p.lastStepCounts.isNull()) {
      p.lastStepCounts[b * (net.steps + 1) + step] = listed;
    }
    if (p.adaptive && !isFinite(net.thresholdRate * (float)(listed - 1))) {
      reportNotFinite(net, THRESHOLDS, p.owner, step);  // no later step may move them
    }
  }
}

// Lists the input spikes of a pair of samples, by a warp; forward() of the next step gathers by it.
__device__ inline void listPair(const Population& p, int step, int pair, int n) {
  int words = wordOf(p.stride);
  int second = pair + pairsOf(n);
  int perPass = WARP / CHUNK_WORDS;  // chunks, with a lane for each word
  int word = laneIndex() % CHUNK_WORDS;
  for (int base = 0; base < chunksOf(p.stride); base += perPass) {
    int chunk = base + laneIndex() / CHUNK_WORDS;
    int k = chunk * CHUNK_WORDS + word;
    bool there = laneIndex() < perPass * CHUNK_WORDS && chunk < chunksOf(p.stride);
    unsigned a = there && k < words ? spikesOf(p, step, pair, n)[k] : 0;
    unsigned b = there && k < words && second < n ? spikesOf(p, step, second, n)[k] : 0;
    int before = 0;  // entries of the chunk's words before this one
    for (int i = 1; i < CHUNK_WORDS; i++) {
      int some = __shfl_up_sync(ALL_LANES, __popc(a | b), i);
      before += i <= word ? some : 0;
    }
    int at = pairChunk(chunk, pair, n);
    Global<unsigned> entries = p.pairs + at * CHUNK;
    int count = before;
    for (unsigned left = a | b; left != 0; left &= left - 1) {
      int bit = lowest(left);
      unsigned samples = (a & b) >> bit & 1 ? PAIR_BOTH : a >> bit & 1 ? PAIR_FIRST : PAIR_SECOND;
      entries[count++] = (unsigned)(32 * word + bit) + samples;
    }
    if (there && word == CHUNK_WORDS - 1) {
      p.pairCounts[at] = count;
      for (; count % 4 != 0; count++) {
        entries[count] = 0;  // forward() reads four at once
      }
    }
  }
}
