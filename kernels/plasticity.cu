// Plasticity of all synapses: gradient, Adam, decay, clip and hollow in one pass over the weights. No
// gradient is ever stored.
//
// Equation   contrastive  U[i,c] = sum over b of a[b,i] (scale (factor[b] z[b,c]))
//            error        U[i,c] = -(sum over positive b of a[b,i] (scale e[b,c])) (1 - |w|)
//            m = b1 m + (1-b1) U;  v = b2 v + (1-b2) U^2;  w -= rate m / (sqrt(v second) + eps)
//            contrastive  w -= decay * (number of b with s[b,c] = 1 and a[b,i] = 0)
//            w = clip(w, lower, upper), and 0 on the diagonal of a hollow synapse
//            a: spikes of t-1 (of t for the reconstruction); s, z, factor, e: of t.
// Shapes     corrections (adam): T x 2, {rate, second} of each step of the window, computed on the host (the betas
//            are rounded to float before they are raised to the k-th power, as in the released code)
// Launch     learn: 256 threads. Blocks of most synapses: 8 warps, each 128 columns of a row. Blocks
//            of the synapse from the input: 128 columns of 64 rows. learn_plain: a thread per weight.
// Source     step 7 of the model; optimiser of the released code. Event-driven: the few samples in
//            which the row's unit spiked name the terms of U; the decay's count is the column's
//            spikes less those in the same samples. Input units spike in many samples, so their rows
//            gather from a tile of scaled modulators in shared memory, two neighbours at a time:
//            neighbouring pixels share most of their samples.
// Deferred   A row of a contrastive synapse whose unit is silent in the whole batch has U = 0, and every
//            postsynaptic spike counts for its decay: what a step makes of it follows from w, m, v and
//            the columns' spikes alone. Such a row is left, and taken through the steps it missed, in
//            registers, when it next has a gradient, when its unit has just spiked (so that the next
//            step reads its weights), or at the window's end ("all"). The same arithmetic in the same
//            order, so the same bits. done = the last step that 128 columns of a row were taken through.
#include "network.cuh"

#define BETA1 0.9f
#define GAIN1 0.1f
#define BETA2 0.999f
#define GAIN2 0.001f
#define EPSILON 1e-8f

// A weight with its moments.
struct Weight {
  float w;
  float m;
  float v;
};

// Moments with gradient u, and what the weight becomes before decay and clip.
__device__ inline void adamStep(Weight& k, float u, Global<const float> adam, int step) {
  float rate = adam[2 * (step - 1)];
  float second = adam[2 * (step - 1) + 1];
  k.m = BETA1 * k.m + GAIN1 * u;
  k.v = BETA2 * k.v + GAIN2 * (u * u);
  k.w = k.w - rate * k.m / (sqrtf(k.v * second) + EPSILON);
}

// Written so that a value that is not a number stays one.
__device__ inline float clip(float w, const Synapse& s) {
  return w < s.lower ? s.lower : w > s.upper ? s.upper : w;
}

// Before the clip, which would hide an infinite weight. A first moment that is not finite spoils the weight.
__device__ inline bool isFinite(const Weight& k) { return isFinite(k.w) && isFinite(k.v); }

// A step of a contrastive synapse's weight, with the spikes that came without a presynaptic one. Returns
// whether it was finite.
__device__ inline bool contrastiveStep(Weight& k, float u, float alone, Global<const float> adam, const Network& net,
                                       const Synapse& s, int step) {
  adamStep(k, u, adam, step);
  k.w -= net.decay * alone;
  bool good = isFinite(k);
  k.w = clip(k.w, s);
  return good;
}

__device__ inline bool errorStep(Weight& k, float u, Global<const float> adam, const Synapse& s, int step) {
  adamStep(k, -u * (1 - fabsf(k.w)), adam, step);
  bool good = isFinite(k);
  k.w = clip(k.w, s);
  return good;
}

// The step whose presynaptic spikes act.
__device__ inline int actingStep(const Population& post, int step) {
  return fedByNewSpikes(post) ? step : step - 1;
}

// The readable twin: sums over all samples, and no row is left.
KERNEL learn_plain(const Network* network, const float* corrections, int synapse, int step, int n,
                   int positives) {
  Global<const float> adam = argumentOfKernel(corrections);
  const Network& net = *network;
  const Synapse& s = net.synapses[synapse];
  const Population& pre = net.populations[s.pre];
  const Population& post = net.populations[s.post];
  int k = globalIndex();
  if (k >= s.rows * post.stride) {
    return;
  }
  int i = k / post.stride;
  int c = k % post.stride;
  float u = 0;
  int alone = 0;
  for (int b = 0; b < (s.isError ? positives : n); b++) {
    bool a = spiked(pre, actingStep(post, step), b, i, n);
    int at = b * post.stride + c;
    if (a && s.isError) {
      u += s.learningScale * post.error[at];
    } else if (a) {
      u += s.learningScale * (post.factor[b] * traceOf(net, post.last[at], step));
    } else {
      alone += spiked(post, step, b, c, n);
    }
  }
  Weight x = {s.w[k], s.m[k], s.v[k]};
  if (s.isError) {
    errorStep(x, u, adam, s, step);
  } else {
    contrastiveStep(x, u, (float)alone, adam, net, s, step);
  }
  s.w[k] = s.hollow && i == c ? 0 : x.w;
  s.m[k] = x.m;
  s.v[k] = x.v;
}

// Counts of four columns, 16 bits each: CudaBackend refuses to learn from more samples than that.
struct Counts {
  unsigned low;
  unsigned high;
};

__device__ inline void count(Counts& sum, unsigned spikes) {
  sum.low += (spikes & 1) | (spikes & 2) << 15;
  sum.high += (spikes >> 2 & 1) | (spikes & 8) << 13;
}

__device__ inline Quad asFloats(Counts k) {
  return {{(float)(k.low & 0xFFFF), (float)(k.low >> 16), (float)(k.high & 0xFFFF),
           (float)(k.high >> 16)}};
}

struct alignas(8) Steps {
  unsigned short at[4];
};

// scale d or scale e of a sample in columns c .. c+3.
__device__ inline Quad signalOf(const Network& net, const Synapse& s, const Population& post,
                                int step, int b, int c) {
  Quad d;
  int at = b * post.stride + c;
  if (s.isError) {
    d = load(post.error + at);
    for (int i = 0; i < 4; i++) {
      d.at[i] = s.learningScale * d.at[i];
    }
  } else {
    Steps last = (post.last + at).as<Steps>();
    float factor = post.factor[b];
    for (int i = 0; i < 4; i++) {
      d.at[i] = s.learningScale * (factor * traceOf(net, last.at[i], step));
    }
  }
  return d;
}

// A row's share in a launch: 128 columns of it.
struct RowTile {
  int row;
  int c;  // the lane's first column
  Global<int> done;
  bool gradient;  // whether its unit spiked in the step that acts
  bool wanted;
};

__device__ inline RowTile rowTile(const Synapse& s, const Population& pre, const Population& post,
                                  int row, int tile, int step, int all) {
  RowTile r;
  r.row = row;
  r.c = tile * TILE + 4 * laneIndex();
  r.done = s.done + row * ((post.stride + TILE - 1) / TILE) + tile;
  int acting = actingStep(post, step);
  Global<float> columns = pre.columns;
  r.gradient = acting > 0 && columns[acting * pre.stride + row] > 0;
  r.wanted = all || s.isError || r.gradient || columns[step * pre.stride + row] > 0;
  if (!r.wanted && step == 1 && laneIndex() == 0) {
    r.done[0] = 0;
  }
  return r;
}

// A lane's weights with their moments.
struct Weights {
  Quad w;
  Quad m;
  Quad v;

  __device__ Weight at(int i) const { return {w.at[i], m.at[i], v.at[i]}; }

  __device__ void set(int i, const Weight& k) {
    w.at[i] = k.w;
    m.at[i] = k.m;
    v.at[i] = k.v;
  }
};

// Takes a row's 128 columns through the steps that they missed and this one.
__device__ inline void contrastiveSteps(Weights& k, Global<const float> adam, const Network& net, const Synapse& s, const Population& post,
                                        const RowTile& r, const Quad& u, Counts both, int done, int step) {
  Quad with = asFloats(both);
  for (int t = done + 1; t <= step; t++) {
    Quad alone = load(post.columns + t * post.stride + r.c);
    bool good = true;
    for (int i = 0; i < 4; i++) {
      Weight x = k.at(i);
      float spikes = t < step ? alone.at[i] : alone.at[i] - with.at[i];
      good = contrastiveStep(x, t < step ? 0 : u.at[i], spikes, adam, net, s, t) && good;
      k.set(i, x);
    }
    if (!good) {
      saw(net, WEIGHTS, s.owner, t);
    }
  }
}

__device__ inline void errorSteps(Weights& k, Global<const float> adam, const Network& net, const Synapse& s, const Quad& u, int step) {
  bool good = true;
  for (int i = 0; i < 4; i++) {
    Weight x = k.at(i);
    good = errorStep(x, u.at[i], adam, s, step) && good;
    k.set(i, x);
  }
  if (!good) {
    saw(net, WEIGHTS, s.owner, step);
  }
}

// Reads, updates and writes 128 columns of a row.
template <bool CONTRASTIVE>
__device__ inline void update(Global<const float> adam, const Network& net, const Synapse& s, const Population& post,
                              const RowTile& r, const Quad& u, Counts both, int step) {
  int done = step == 1 ? 0 : r.done[0];
  if (r.c < post.stride) {
    int at = r.row * post.stride + r.c;
    Weights k = {load(s.w + at), load(s.m + at), load(s.v + at)};
    if (CONTRASTIVE) {
      contrastiveSteps(k, adam, net, s, post, r, u, both, done, step);
    } else {
      errorSteps(k, adam, net, s, u, step);
    }
    if (s.hollow) {
      for (int i = 0; i < 4; i++) {
        k.w.at[i] = r.row == r.c + i ? 0 : k.w.at[i];
      }
    }
    store(s.w + at, k.w);
    store(s.m + at, k.m);
    store(s.v + at, k.v);
  }
  __syncwarp();
  if (laneIndex() == 0) {
    r.done[0] = step;
  }
}

// 128 columns of a row, by a warp; few samples name terms of the gradient.
__device__ inline void learnRow(Global<const float> adam, const Network& net, const Synapse& s, const Population& pre,
                                const Population& post, const RowTile& r, int step, int n,
                                int positives) {
  Quad u = zeros();
  Counts both = {0, 0};
  int acting = actingStep(post, step);
  int end = s.isError ? positives : n;
  for (int base = 0; r.gradient && base < wordsOfSamples(end); base += WARP) {
    int k = base + laneIndex();
    unsigned mine = k < wordsOfSamples(end) ? samplesOf(pre, acting, r.row, n)[k] : 0;
    if (end - 32 * k < 32) {
      mine = end > 32 * k ? mine & ((1u << (end - 32 * k)) - 1) : 0;
    }
    unsigned some = __ballot_sync(ALL_LANES, mine != 0);
    for (; some != 0; some &= some - 1) {
      int word = lowest(some);
      for (unsigned left = __shfl_sync(ALL_LANES, mine, word); left != 0; left &= left - 1) {
        int b = 32 * (base + word) + lowest(left);
        if (r.c < post.stride) {
          add(u, signalOf(net, s, post, step, b, r.c));
          if (!s.isError) {
            count(both, spikesOfQuad(spikesOf(post, step, b, n)[r.c / 32], r.c));
          }
        }
      }
    }
  }
  if (s.isError) {
    update<false>(adam, net, s, post, r, u, both, step);
  } else {
    update<true>(adam, net, s, post, r, u, both, step);
  }
}

// 128 columns of 64 rows, by a block; each sample's modulators are read by many rows.
__device__ inline void learnTiled(Global<const float> adam, const Network& net, const Synapse& s, const Population& pre,
                                  const Population& post, int from, int step, int n, int all,
                                  Quad (*tile)[WARP], unsigned (*spikes)[TILE / 32], int* some) {
  int tiles = (post.stride + TILE - 1) / TILE;
  int c = from % tiles * TILE + 4 * laneIndex();
  int acting = step - 1;
  int firstRow = 2 * (from / tiles * (LISTS / 2) * WARPS + warpIndex());
  auto row = [&](int q) { return firstRow + q / 2 * (2 * WARPS) + q % 2; };  // of the q-th sum
  int words = wordsOfSamples(n);
  Global<unsigned> samples = samplesOf(pre, acting, firstRow, n);
  Quad u[LISTS];
  Counts both[LISTS];
#pragma unroll
  for (int q = 0; q < LISTS; q++) {
    u[q] = zeros();
    both[q] = {0, 0};
  }
  for (int base = 0; acting > 0 && base < words; base += CHUNK_WORDS) {
    for (int r = warpIndex(); r < CHUNK; r += WARPS) {
      int b = 32 * base + r;
      bool there = b < n && c < post.stride;
      tile[r][laneIndex()] = there ? signalOf(net, s, post, step, b, c) : zeros();
      int word = from % tiles * (TILE / 32) + laneIndex();
      unsigned mine = b < n && laneIndex() < TILE / 32 && word < post.stride / 32
                          ? spikesOf(post, step, b, n)[word]
                          : 0;
      unsigned any = __ballot_sync(ALL_LANES, mine != 0);
      if (laneIndex() < TILE / 32) {
        spikes[r][laneIndex()] = mine;
      }
      if (laneIndex() == 0) {
        some[r] = any != 0;
      }
    }
    __syncthreads();
    for (int k = 0; k < CHUNK_WORDS && base + k < words; k++) {
      // Few samples have a spike in these columns: of the coincidences visit only those.
      unsigned spiking = __ballot_sync(ALL_LANES, some[32 * k + laneIndex()]);
#pragma unroll
      for (int q = 0; q < LISTS; q += 2) {
        unsigned of[2];
#pragma unroll
        for (int i = 0; i < 2; i++) {
          of[i] = row(q + i) < s.rows ? samples[(row(q + i) - firstRow) * words + base + k] : 0;
          for (unsigned left = of[i] & spiking; left != 0; left &= left - 1) {
            count(both[q + i], spikesOfQuad(spikes[32 * k + lowest(left)][laneIndex() / 8], 4 * laneIndex()));
          }
        }
        addRows(u[q], u[q + 1], tile + 32 * k, of[0], of[1]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int q = 0; q < LISTS; q++) {
    if (row(q) < s.rows) {
      RowTile r = rowTile(s, pre, post, row(q), from % tiles, step, all);
      if (r.wanted) {
        update<true>(adam, net, s, post, r, u[q], both[q], step);
      }
    }
  }
}

TILED_KERNEL learn(const Network* network, const Part* parts, const float* corrections, int step, int n,
                   int positives, int all) {
  __shared__ Quad tile[CHUNK][WARP];
  __shared__ unsigned spikes[CHUNK][TILE / 32];
  __shared__ int some[CHUNK];
  const Network net = *network;
  Global<const float> adam = argumentOfKernel(corrections);
  Part part = parts[blockIdx.x];
  const Synapse s = net.synapses[part.of];
  const Population pre = net.populations[s.pre];
  const Population post = net.populations[s.post];
  if (pre.role == INPUT) {
    learnTiled(adam, net, s, pre, post, part.from, step, n, all, tile, spikes, some);
    return;
  }
  int tiles = (post.stride + TILE - 1) / TILE;
  int mine = part.from + warpIndex();
  if (mine < s.rows * tiles) {
    RowTile r = rowTile(s, pre, post, mine / tiles, mine % tiles, step, all);
    if (r.wanted) {
      learnRow(adam, net, s, pre, post, r, step, n, positives);
    }
  }
}
