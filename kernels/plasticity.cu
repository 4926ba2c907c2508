// Plasticity of all synapses: gradient, Adam, decay, clip and hollow in one pass over the weights. No
// gradient is ever stored.
//
// Equation   contrastive  U[i,c] = sum over b of a[b,i] (scale (modulator[b] z[b,c]))
//            error        U[i,c] = -(sum over positive b of a[b,i] (scale e[b,c])) (1 - |w|)
//            m = b1 m + (1-b1) U;  v = b2 v + (1-b2) U^2;  w -= rate m / (sqrt(v second) + eps)
//            contrastive  w -= decay * (number of b with s[b,c] = 1 and a[b,i] = 0)
//            w = clip(w, lower, upper), and 0 on the diagonal of a hollow synapse
//            a: spikes of t-1 (of t for the reconstruction); s, z, modulator, e: of t.
// Shapes     corrections: T x 2, {rate, second} of each step of the window, computed on the host (the betas
//            are rounded to float before they are raised to the k-th power, as in the released code)
// Launch     learn: 128 threads, four warps with a row each; a warp takes 1024 columns of its row ("segment").
//            learn_plain: a thread per weight.
// Source     step 7 of the model; optimiser of the released code. Event-driven on both sides: the few samples in
//            which the row's unit spiked, ascending, and of each sample the few units that have a trace
//            ("live", made by signals.cu) name the terms of U, which is summed in shared memory. A term that is
//            left out is zero: it changes no bit of a sum. The decay's count is the column's spikes less the
//            coincidences in the same samples.
// Deferred   A row of a contrastive synapse whose unit is silent in the whole batch has U = 0, and every
//            postsynaptic spike counts for its decay: its next values follow from w, m, v and the columns' spikes
//            alone. Such a row is deferred: the missed steps are made up in registers when it next has a gradient,
//            when its unit has just spiked (so that the next step reads its weights), or at the window's end
//            ("all"). The same arithmetic in the same order gives the same bits. done = the last step that a
//            segment of a row was taken through.
#include "network.cuh"

#define BETA1 0.9f
#define GAIN1 0.1f
#define BETA2 0.999f
#define GAIN2 0.001f
#define EPSILON 1e-8f

// Weights with their moments: of one weight (Real = float) or of a lane's four (Quad).
template <typename Real>
struct Weights {
  Real w;
  Real m;
  Real v;
};

// Adam's corrections of a step.
struct alignas(8) Corrections {
  float rate;
  float second;
};

__device__ inline Corrections correctionsOf(Global<const float> all, int step) {
  return (all + 2 * (step - 1)).as<const Corrections>();
}

__device__ inline void moveMoments(float& m, float& v, float u) {
  m = BETA1 * m + GAIN1 * u;
  v = BETA2 * v + GAIN2 * (u * u);
}

// A weight after Adam, as the formula reads.
__device__ inline float adamPlain(float w, float m, float v, Corrections a) {
  return w - a.rate * m / (sqrtf(v * a.second) + EPSILON);
}

// The same bits without the slow paths of ptxas' square root and division, which take operands below 2^-101; where
// that is not possible "exact" becomes false.
//   sqrt(x) + EPSILON is EPSILON for 0 <= x < 2^-102: the root is below half an ulp of it.
//   w - n/d is w for |n| < 2^-102 and |w| >= 2^-50, as d >= EPSILON; so is w - n. And n/d is n for n = 0.
// Exhausted over all exponents by AdamShortcutTest.
#define TINY 0x1p-102f
#define TINY_BITS 0x0C800000u
#define LEAST_WEIGHT 0x1p-50f
__device__ inline float adam(float w, float m, float v, Corrections a, float& denominator, bool& exact) {
  float x = v * a.second;
  bool noRoot = __float_as_uint(x) < TINY_BITS;  // false for NaN and negative numbers
  float root = sqrtf(opaque(noRoot ? 1.0f : x));
  denominator = noRoot ? EPSILON : root + EPSILON;
  float numerator = a.rate * m;
  bool tiny = fabsf(numerator) < TINY;
  float quotient = opaque(tiny ? 1.0f : numerator) / denominator;
  quotient = tiny ? numerator : quotient;
  exact &= !(tiny & (fabsf(w) < LEAST_WEIGHT) & (numerator != 0));
  return w - quotient;
}

// NaN stays NaN.
__device__ inline float clip(float w, const Synapse& s) {
  float below = w > s.upper ? s.upper : w;
  return w < s.lower ? s.lower : below;
}

// Before the clip, which would hide an infinite weight. A first moment that is not finite spoils the weight.
__device__ inline bool isFinite(float w, float v) { return isFinite(w) && isFinite(v); }

// The step whose presynaptic spikes act.
__device__ inline int actingStep(const Population& post, int step) {
  return fedByNewSpikes(post) ? step : step - 1;
}

// The readable twin: sums over all samples, and no row is left.
KERNEL learn_plain(const Network* network, const float* corrections, int synapse, int step, int n,
                   int positives) {
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
  Corrections a = correctionsOf(argumentOfKernel(corrections), step);
  float w = s.w[k];
  float m = s.m[k];
  float v = s.v[k];
  float u = 0;
  int alone = 0;  // samples with a postsynaptic spike only
  switch ((Rule)s.rule) {
    case CONTRASTIVE:
      for (int b = 0; b < n; b++) {
        if (spiked(pre, actingStep(post, step), b, i, n)) {
          u += s.learningScale * (post.modulator[b] * traceOf(net, post.last[b * post.stride + c], step));
        } else {
          alone += spiked(post, step, b, c, n);
        }
      }
      moveMoments(m, v, u);
      w = adamPlain(w, m, v, a) - net.decay * (float)alone;
      break;
    case ERROR:
      for (int b = 0; b < positives; b++) {
        if (spiked(pre, actingStep(post, step), b, i, n)) {
          u += s.learningScale * post.error[b * post.stride + c];
        }
      }
      moveMoments(m, v, -u * (1 - fabsf(w)));
      w = adamPlain(w, m, v, a);
      break;
  }
  s.w[k] = s.hollow && i == c ? 0 : clip(w, s);
  s.m[k] = m;
  s.v[k] = v;
}

// Moves four weights by their moments and the decay, and clips them.
__device__ inline void moveWeights(Weights<Quad>& k, const Quad& decay, Corrections a, const Network& net,
                                   const Synapse& s, int step) {
  Quad next;
  float sum = 0;  // not finite if one of its terms is not
  bool exact = true;
  for (int i = 0; i < 4; i++) {
    float denominator;
    next.at[i] = adam(k.w.at[i], k.m.at[i], k.v.at[i], a, denominator, exact) - decay.at[i];
    sum += next.at[i] + denominator;
  }
  if (!exact || !isFinite(sum)) {
    bool good = true;
    for (int i = 0; i < 4; i++) {
      next.at[i] = adamPlain(k.w.at[i], k.m.at[i], k.v.at[i], a) - decay.at[i];
      good = isFinite(next.at[i], k.v.at[i]) && good;
    }
    if (!good) {
      reportNotFinite(net, WEIGHTS, s.owner, step);
    }
  }
  for (int i = 0; i < 4; i++) {
    k.w.at[i] = clip(next.at[i], s);
  }
}

// The same for weights whose moments are zero.
__device__ inline void decayWeights(Weights<Quad>& k, const Quad& decay, const Network& net, const Synapse& s,
                                    int step) {
  bool good = true;
  for (int i = 0; i < 4; i++) {
    float next = k.w.at[i] - decay.at[i];
    good = isFinite(next) && good;
    k.w.at[i] = clip(next, s);
  }
  if (!good) {
    reportNotFinite(net, WEIGHTS, s.owner, step);
  }
}

__device__ inline bool isZero(const Quad& q) {
  unsigned bits = 0;
  for (int i = 0; i < 4; i++) {
    bits |= __float_as_uint(q.at[i]);
  }
  return bits == 0;
}

// U of a segment of a row, and in how many of its samples a column spiked in this very step.
struct Gradient {
  float u[SEGMENT];
  unsigned short coincidences[SEGMENT];  // CudaBackend refuses to learn from more samples than that
};

// A segment of a row, by a warp.
struct Segment {
  int row;
  int column;
  int end;     // of its columns
  int acting;  // the step whose presynaptic spikes act
};

// Calls visit(b) for each sample in which the row's unit spiked in the step that acts, ascending; b < end.
template <typename Visit>
__device__ inline void eachSample(const Population& pre, const Segment& r, int end, int n, Visit visit) {
  Global<unsigned> samples = samplesOf(pre, r.acting, r.row, n);
  int words = wordsOfSamples(end);
  for (int base = 0; base < words; base += WARP) {
    int k = base + laneIndex();
    unsigned mine = k < words ? samples[k] : 0;
    if (end - 32 * k < 32) {
      mine = end > 32 * k ? mine & ((1u << (end - 32 * k)) - 1) : 0;
    }
    for (unsigned some = __ballot_sync(ALL_LANES, mine != 0); some != 0; some &= some - 1) {
      int word = lowest(some);
      for (unsigned left = __shfl_sync(ALL_LANES, mine, word); left != 0; left &= left - 1) {
        visit(32 * (base + word) + lowest(left));
      }
    }
  }
}

// Sums the gradient of a contrastive synapse's segment.
__device__ inline void sumGradient(Gradient& g, const Synapse& s, const Population& pre,
                                   const Population& post, const Segment& r, int step, int n) {
  for (int c = laneIndex(); c < r.end - r.column; c += WARP) {
    g.u[c] = 0;
    g.coincidences[c] = 0;
  }
  __syncwarp();
  int stride = post.stride;
  int segments = segmentsOf(stride);
  Global<Trace> live = post.live + (r.column + laneIndex());
  Global<int> counts = post.liveCount + r.column / SEGMENT;
  float scale = s.learningScale;
  eachSample(pre, r, n, n, [&](int b) {
    int count = counts[b * segments];
#pragma unroll 1
    for (int k = laneIndex(), at = b * stride; k < count; k += WARP, at += WARP) {
      Trace t = live[at];
      unsigned c = t.unit >> 16;
      g.u[c] += scale * t.signal;
      if ((t.unit & 0xFFFF) == (unsigned)step) {
        g.coincidences[c]++;
      }
    }
    __syncwarp();  // the next sample may name a column in another lane
  });
}

// Takes a segment of a contrastive synapse's row through the steps that it missed and this one.
__device__ inline void learnContrastive(Gradient& g, Global<const float> corrections, const Network& net,
                                        const Synapse& s, const Population& pre, const Population& post,
                                        const Segment& r, bool gradient, int done, int step, int n) {
  if (gradient) {
    sumGradient(g, s, pre, post, r, step, n);
  }
  bool finiteRate = isFinite(correctionsOf(corrections, done + 1).rate);  // the largest of those to come
  for (int base = r.column; base < r.end; base += TILE) {
    int c = base + 4 * laneIndex();
    bool there = c < r.end;
    int at = r.row * post.stride + c;
    Weights<Quad> k = {zeros(), zeros(), zeros()};
    if (there) {
      k = {load(s.w + at), load(s.m + at), load(s.v + at)};
    }
    // Without moments and gradient only the decay acts, unless zero times the rate is NaN.
    bool resting = __all_sync(ALL_LANES, isZero(k.m) && isZero(k.v)) && finiteRate;
    if (!there) {
      continue;
    }
    for (int t = done + 1; t < step || (t == step && !gradient); t++) {
      Quad decay = load(post.columns + t * post.stride + c);
      for (int i = 0; i < 4; i++) {
        decay.at[i] = net.decay * decay.at[i];
      }
      if (resting) {
        decayWeights(k, decay, net, s, t);
      } else {
        for (int i = 0; i < 4; i++) {
          moveMoments(k.m.at[i], k.v.at[i], 0);
        }
        moveWeights(k, decay, correctionsOf(corrections, t), net, s, t);
      }
    }
    if (gradient) {
      Quad decay = load(post.columns + step * post.stride + c);
      const float* u = &g.u[c - r.column];
      const unsigned short* coincidences = &g.coincidences[c - r.column];
      for (int i = 0; i < 4; i++) {
        decay.at[i] = net.decay * (decay.at[i] - (float)coincidences[i]);
        moveMoments(k.m.at[i], k.v.at[i], u[i]);
      }
      moveWeights(k, decay, correctionsOf(corrections, step), net, s, step);
    }
    if (s.hollow) {
      for (int i = 0; i < 4; i++) {
        k.w.at[i] = r.row == c + i ? 0 : k.w.at[i];
      }
    }
    store(s.w + at, k.w);
    if (gradient || !resting) {
      store(s.m + at, k.m);
      store(s.v + at, k.v);
    }
  }
}

// The same for an error synapse, which has a gradient term in every column and is never deferred.
__device__ inline void learnError(Global<const float> corrections, const Network& net, const Synapse& s,
                                  const Population& pre, const Population& post, const Segment& r, bool gradient,
                                  int step, int n, int positives) {
  Corrections a = correctionsOf(corrections, step);
  for (int base = r.column; base < r.end; base += TILE) {
    int c = base + 4 * laneIndex();
    Quad u = zeros();
    if (gradient) {
      eachSample(pre, r, positives, n, [&](int b) {
        if (c < r.end) {
          Quad e = load(post.error + b * post.stride + c);
          for (int i = 0; i < 4; i++) {
            u.at[i] += s.learningScale * e.at[i];
          }
        }
      });
    }
    if (c < r.end) {
      int at = r.row * post.stride + c;
      Weights<Quad> k = {load(s.w + at), load(s.m + at), load(s.v + at)};
      for (int i = 0; i < 4; i++) {
        moveMoments(k.m.at[i], k.v.at[i], -u.at[i] * (1 - fabsf(k.w.at[i])));
      }
      moveWeights(k, zeros(), a, net, s, step);
      store(s.w + at, k.w);
      store(s.m + at, k.m);
      store(s.v + at, k.v);
    }
  }
}

#define ROWS 4  // of a block, a warp each

BOUNDED_KERNEL(ROWS* WARP, 6)
learn(const Network* network, const Part* parts, const float* corrections, int step, int n, int positives, int all) {
  __shared__ Gradient gradients[ROWS];
  const Network net = *network;
  Part part = parts[blockIdx.x];
  const Synapse s = net.synapses[part.of];
  const Population& pre = net.populations[s.pre];
  const Population& post = net.populations[s.post];
  Segment r = {part.row + warpIndex(), part.column, min(part.column + SEGMENT, post.stride), actingStep(post, step)};
  if (r.row >= s.rows) {
    return;
  }
  Global<float> spikes = pre.columns + r.row;
  bool gradient = r.acting > 0 && spikes[r.acting * pre.stride] > 0;
  Global<int> done = s.done + r.row * segmentsOf(post.stride) + part.column / SEGMENT;
  switch ((Rule)s.rule) {
    case CONTRASTIVE:
      if (all || gradient || spikes[step * pre.stride] > 0) {
        int before = step == 1 ? 0 : done[0];
        learnContrastive(gradients[warpIndex()], argumentOfKernel(corrections), net, s, pre, post, r, gradient, before, step,
                         n);
        __syncwarp();
        if (laneIndex() == 0) {
          done[0] = step;
        }
      } else if (step == 1 && laneIndex() == 0) {
        done[0] = 0;
      }
      break;
    case ERROR:
      learnError(argumentOfKernel(corrections), net, s, pre, post, r, gradient, step, n, positives);
      break;
  }
}
