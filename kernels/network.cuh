// The network as a kernel sees it: the tables of csdp.model.NetworkSpec, with addresses. A launch does one
// phase for all of its rows, so the number of launches of a step does not depend on the network.
//
// csdp.backend.cuda.NetworkState writes these structs, field by field in this order; MirrorsTest compares both.
#pragma once
#include "common.cuh"

// Switches over these two name every value; g++, which compiles the emulated device, refuses others.

// Role of a population; the order of csdp.model.Population.Role.
enum Role : int { INPUT, HIDDEN, HEAD, RECONSTRUCTION, CONTEXT };

// Learning rule of a synapse; the order of csdp.model.Synapse.Rule.
enum Rule : int { CONTRASTIVE, ERROR };

// Quantities that can stop being finite; the order of csdp.backend.NotFinite.Quantity.
enum Quantity { MEMBRANES, THRESHOLDS, TRACES, GOODNESS, WEIGHTS };

// A unit of a hidden layer that has a trace, in the list of its segment.
struct alignas(8) Trace {
  unsigned unit;  // step of the last spike << 16 | sizeof(Sum) * column in the segment
  float signal;   // modulator z, the factor of presynaptic spikes in plasticity
};

// Four entries of the list of a pair's input spikes.
struct alignas(16) Entries {
  unsigned at[4];
};

// State of a population. Fields that its role does not have are null.
struct Population {
  Global<unsigned> spikes;      // steps kept x N x words: see stepMask
  Global<int> list;             // 2 x N x stride: even and odd steps; null for the input
  Global<int> count;            // 2 x N
  Global<int> total;            // N: spikes over the window
  Global<unsigned short> samples;  // 2 x stride x N: samples of a spike; null where no synapse begins
  Global<float> columns;        // (T + 1) x stride: spikes of a step, summed over the samples
  Global<float> current;        // N x stride: j, where others compute it; else null
  Global<float> v;              // N x stride: membranes
  Global<float> thr;            // N x stride: thresholds as of the start of the step; null where constant
  Global<const float> thr0;     // stride: initial thresholds; padding units never reach theirs
  Global<unsigned short> last;  // N x stride: step of the last spike, 0 for none; a trace is gamma^age
  Global<float> readOut;        // N x stride: spikes over the window; traces of the reconstruction
  Global<float> error;          // N x stride: e of head and reconstruction
  Global<float> goodness;       // N: G
  Global<float> modulator;      // N: d = modulator z
  Global<int> lastStepCounts;   // N x (T + 1): units by the step of their last spike
  Global<unsigned> ever;        // N x words: units of hidden layers that spiked in this window
  Global<Trace> live;           // N x stride: those units, by segment
  Global<unsigned short> slot;  // N x stride: place of such a unit in its segment of "live"
  Global<int> liveCount;        // N x segments
  Global<unsigned> pairs;       // chunks x pairs x CHUNK, of the input: see listPair() in lists.cuh; null in
                                // small batches
  Global<int> pairCounts;       // chunks x pairs: entries of a chunk of units
  int units;
  int stride;
  int stepMask;  // spikes of a step are kept at step & stepMask: all bits for the input, 1, or 0 for the constant context
  Role role;
  int firstSynapse;  // those that end here
  int endSynapse;
  int owner;  // names it in reportNotFinite()
  int adaptive;        // properties of the role, as csdp.model.Population has them: its threshold adapts,
  int hasGoodness;     // it has a goodness, and lists of its traces to learn by,
  int fedByNewSpikes;  // its currents come from the spikes of this step instead of the one before
};

// A synapse, ordered by the population that it ends at.
struct Synapse {
  Global<float> w;  // rows x stride of post
  Global<float> m;
  Global<float> v;
  Global<int> done;  // rows x segments: last step of the window that was applied to the weights
  int pre;
  int post;
  int rows;
  Rule rule;
  int hollow;
  float currentScale;  // R_m, R_c (context), -R_i (lateral) or 1 (heads and reconstruction)
  float learningScale;
  float lower;
  float upper;
  int owner;  // as that of populations, and after them
};

struct Network {
  Global<const Population> populations;  // the input first
  Global<const Synapse> synapses;
  Global<const float> power;  // T: gamma^age as a trace has it, rounded after each product
  Global<const int> labels;   // N
  Global<unsigned long long> firstNotFinite;  // of this window: see reportNotFinite()
  int populationCount;
  int reconstruction;  // the population that is fed by new spikes, -1 for none
  int steps;
  float inverseTau;
  float dt;
  float thresholdRate;
  float floor;
  float theta;
  float decay;
  int padding;
};

// The work of the blocks along one axis of a launch's grid: a population or synapse, and where in it.
struct Part {
  int of;
  int row;
  int column;
};

// A segment of a row: the columns that a block of learn takes at once, and those of a list of traces.
#define SEGMENT 4096

__device__ inline int segmentOf(int column) { return (int)((unsigned)column / SEGMENT); }
__device__ inline int segmentsOf(int stride) { return segmentOf(stride + SEGMENT - 1); }

// Samples of a batch to learn from, negatives included: their numbers have 16 bits. CudaBackend refuses more.
#define MOST_LEARNED 0xFFFF

#define ALL_FINITE 0x7FFFFFFFFFFFFFFFull

// NaN counts as not finite.
__device__ inline bool isFinite(float x) { return fabsf(x) <= 3.4028234663852886e38f; }

// Records that something is not finite. The earliest step of a window wins, then the first owner, whatever the
// order of the threads, as in csdp.backend.NotFinite.Watch. A healthy network never calls it and pays for the
// comparisons only.
__device__ inline void reportNotFinite(const Network& net, Quantity what, int owner, int step) {
  unsigned long long place = (unsigned long long)step << 32 | (unsigned)(owner << 8 | what);
  atomicMin(&net.firstNotFinite[0], place);
}

// The words of a sample's spikes at a step. There are none at step 0: do not ask.
__device__ inline Global<unsigned> spikesOf(const Population& p, int step, int b, int n) {
  return p.spikes + ((size_t)(step & p.stepMask) * n + b) * wordOf(p.stride);
}

__device__ inline Global<int> listOf(const Population& p, int step, int b, int n) {
  return p.list + (size_t)((step & 1) * n + b) * p.stride;
}

__device__ inline int countOf(const Population& p, int step, int b, int n) {
  return p.count[(step & 1) * n + b];
}

// Samples b and pairsOf(N) + b are a pair: in training a positive and its negative, which show one image and share
// most of their input spikes.
__device__ inline int pairsOf(int n) { return (int)((unsigned)(n + 1) / 2); }

// Input units whose weights forward() has in shared memory at once.
#define CHUNK 96
#define CHUNK_WORDS (CHUNK / 32)

// Index of a chunk of units of a pair of samples, in the lists of pairs.
__device__ inline int pairChunk(int chunk, int pair, int n) { return chunk * pairsOf(n) + pair; }

__device__ inline int chunksOf(int stride) { return (int)((unsigned)(stride + CHUNK - 1) / CHUNK); }

// An entry of the list of a pair's input spikes, ascending: unit % CHUNK, which is the unit's row in a tile, plus where
// it spiked: in both samples of the pair, or in one of them.
#define PAIR_SECOND 0u
#define PAIR_BOTH 0x10000000u
#define PAIR_FIRST 0x20000000u

// The samples in which a unit spiked at a step, ascending; p.columns has their number.
__device__ inline Global<unsigned short> samplesOf(const Population& p, int step, int unit, int n) {
  return p.samples + (size_t)((step & 1) * p.stride + unit) * n;
}

// A term of learn's sums of a column: U and, of the row's samples, how many have a spike of the column in this step.
struct alignas(8) Sum {
  float u;
  float coincidences;
};

// z of a unit whose last spike was at a step.
__device__ inline float traceOf(const Network& net, int last, int step) {
  return last == 0 ? 0 : net.power[step - last];
}

// Twins: whether unit i of sample b spiked.
__device__ inline bool spiked(const Population& p, int step, int b, int i, int n) {
  return step > 0 && spikesOf(p, step, b, n)[i / 32] >> i % 32 & 1;
}
