// Plasticity of the synapses that learn: gradient, Adam, decay, clip and hollow in one pass over the weights. No
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
// Launch     learn: 128 threads, four warps. They share a row of up to 4096 columns ("segment"), or have a row of up to
//            1024 columns each. learn_plain: a thread per weight.
// Source     equation 7 of csdp.model; optimiser of the released code. Event-driven on both sides: the few samples in
//            which the row's unit spiked, ascending, and of each sample the few units that have a trace
//            ("live", made by signals.cu) name the terms of U, which is summed in shared memory. A term that is
//            left out is zero: it changes no bit of a sum. The decay's count is the column's spikes less the
//            coincidences in the same samples.
// Deferred   A row of a contrastive synapse whose unit is silent in the whole batch has U = 0, and every
//            postsynaptic spike counts for its decay: its next values follow from w, m, v and the columns' spikes.
//            Such a row is deferred: the missed steps are computed in registers when it next has a gradient,
//            when its unit has just spiked (so that the next step reads its weights), or at the window's end
//            ("all"). The same arithmetic in the same order gives the same bits. done = the last step that was
//            applied to a segment of a row.
#include "adam.cuh"

// The step whose presynaptic spikes act.
__device__ inline int actingStep(const Population& post, int step) {
  return post.fedByNewSpikes ? step : step - 1;
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
  int unpaired = 0;  // samples with a postsynaptic spike only
  switch (s.rule) {
    case CONTRASTIVE:
      for (int b = 0; b < n; b++) {
        if (spiked(pre, actingStep(post, step), b, i, n)) {
          u += s.learningScale * (post.modulator[b] * traceOf(net, post.last[b * post.stride + c], step));
        } else {
          unpaired += spiked(post, step, b, c, n);
        }
      }
      moveMoments(m, v, u);
      w = adamPlain(w, m, v, a) - net.decay * (float)unpaired;
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
  s.w[k] = s.hollow && i == c ? 0 : clipOrNaN(w, limitsOf(net, s));
  s.m[k] = m;
  s.v[k] = v;
}

#define LEARN_WARPS 4                   // of a block
#define NARROW (SEGMENT / LEARN_WARPS)  // a row of so many columns, or fewer, is for one warp

// A segment of a row.
struct Segment {
  int row;
  int column;
  int end;     // of its columns
  int acting;  // the step whose presynaptic spikes act
  int warps;   // that share it: those of the block, or one
};

// A warp's number among those that share its segment.
__device__ inline int rankIn(const Segment& r) { return r.warps > 1 ? warpIndex() : 0; }

// Waits for all warps that share a segment.
__device__ inline void syncSegment(const Segment& r) {
  if (r.warps > 1) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}

// Calls visit(fetch(b, of(b))) for each sample in which the row's unit spiked in the step that acts, ascending; b < end.
// The lanes take a sample each for of(b). fetch is called one sample before visit needs the result, as memory takes long
// to answer. After the last sample it is called once more, with 0 for of(b) or with a sample that was there before.
template <typename Of, typename Fetch, typename Visit>
__device__ inline void eachSample(const Population& pre, const Segment& r, int end, int n, Of of, Fetch fetch,
                                  Visit visit) {
  Global<unsigned short> samples = samplesOf(pre, r.acting, r.row, n);
  int count = (int)pre.columns[r.acting * pre.stride + r.row];
  for (int base = 0; base < count; base += WARP) {
    int mine = base + laneIndex() < count ? samples[base + laneIndex()] : end;
    int value = mine < end ? of(mine) : 0;
    int some = __popc(__ballot_sync(ALL_LANES, mine < end));
    auto next = fetch(__shfl_sync(ALL_LANES, mine, 0), __shfl_sync(ALL_LANES, value, 0));
#pragma unroll 4
    for (int k = 0; k < some; k++) {
      auto item = next;
      next = fetch(__shfl_sync(ALL_LANES, mine, k + 1), __shfl_sync(ALL_LANES, value, k + 1));
      visit(item);
    }
  }
}

// The traces of a sample in a segment, from a lane's first one on.
struct Traces {
  Trace first;
  Global<Trace> from;
  int left;
};

// Sums the gradient of a contrastive synapse's segment, by a warp.
__device__ inline void sumGradient(Quad* sums, const Synapse& s, const Population& pre, const Population& post,
                                   const Segment& r, int step, int n) {
  int rowBytes = (int)sizeof(Trace) * post.stride;
  int segments = segmentsOf(post.stride);
  Global<Trace> live = post.live + (r.column + laneIndex());
  Global<int> counts = post.liveCount + segmentOf(r.column);
  float scale = s.learningScale;
  unsigned now = (unsigned)step << 16;
  auto add = [&](Trace t) {
    Sum& sum = *(Sum*)((char*)sums + (t.unit & 0xFFFF));
    sum = {sum.u + scale * t.signal, sum.coincidences + (t.unit >= now ? 1.0f : 0.0f)};
  };
  auto fetch = [&](int b, int count) {
    Traces t = {{}, live.bytesOn(wideProduct(b, rowBytes)), count - laneIndex()};
    if (t.left > 0) {
      t.first = t.from[0];
    }
    return t;
  };
  eachSample(pre, r, n, n, [&](int b) { return counts[b * segments]; }, fetch, [&](Traces t) {
    if (t.left > 0) {
      add(t.first);
    }
#pragma unroll 1
    while (t.left > WARP) {
      t.left -= WARP;
      t.from = t.from + WARP;
      add(t.from[0]);
    }
    __syncwarp();  // the next sample may name a column in another lane
  });
}

// Applies the missed steps and this one to a segment of a contrastive synapse's row. "sums" are those of the segment.
__device__ inline void learnContrastive(Quad* sums, Global<const float> corrections, const Network& net,
                                        const Synapse& s, const Population& pre, const Population& post,
                                        const Segment& r, bool gradient, int done, int step, int n) {
  if (gradient) {
    for (int k = WARP * rankIn(r) + laneIndex(); 2 * k < r.end - r.column; k += WARP * r.warps) {
      sums[k] = zeros();
    }
  }
  syncSegment(r);  // also: all threads have read "done"
  if (gradient) {
    if (rankIn(r) == 0) {
      sumGradient(sums, s, pre, post, r, step, n);
    }
    syncSegment(r);
  }
  int stride = post.stride;
  Global<float> columns = post.columns;
  float unpaired = net.decay;  // of a weight, for a postsynaptic spike without a presynaptic one
  Limits limits = limitsOf(net, s);
  int last = gradient ? step - 1 : step;  // of the steps without a gradient
  bool finiteRate = isFinite(correctionsOf(corrections, done + 1).rate);  // the largest of those to come
  for (int base = r.column + TILE * rankIn(r); base < r.end; base += TILE * r.warps) {
    int c = base + 4 * laneIndex();
    bool there = c < r.end;
    int at = r.row * stride + c;
    Weights<Quad> k = {zeros(), zeros(), zeros()};
    if (there) {
      k = {load(s.w + at), load(s.m + at), load(s.v + at)};
    }
    // Without moments and gradient only the decay acts, unless zero times the rate is NaN.
    bool resting = done < last && __all_sync(ALL_LANES, isZero(k.m) && isZero(k.v)) && finiteRate;
    if (!there) {
      continue;
    }
    if (done == 0 && last > 0) {
      for (int i = 0; i < 4; i++) {
        k.m.at[i] += 0;  // -0 becomes 0, as the sum with a gradient of zero would make it in each step
        k.v.at[i] += 0;
      }
    }
    for (int t = done + 1; t <= last; t++) {
      Quad decay = load(columns + (t * stride + c));
      for (int i = 0; i < 4; i++) {
        decay.at[i] = unpaired * decay.at[i];
      }
      if (resting) {
        decayWeights(k, decay, net, s, limits, t);
      } else {
        for (int i = 0; i < 4; i++) {
          k.m.at[i] *= BETA1;
          k.v.at[i] *= BETA2;
        }
        moveWeights(k, decay, -0.0f, correctionsOf(corrections, t), net, s, limits, t);
      }
    }
    if (gradient) {
      Quad decay = load(columns + (step * stride + c));
      const Quad* own = sums + (unsigned)(c - r.column) / 2;
      for (int i = 0; i < 4; i++) {
        Quad two = own[i / 2];
        decay.at[i] = unpaired * (decay.at[i] - two.at[i % 2 * 2 + 1]);
        moveMoments(k.m.at[i], k.v.at[i], two.at[i % 2 * 2]);
      }
      moveWeightsChecked(k, decay, correctionsOf(corrections, step), net, s, limits, step);
    }
    if (s.hollow && (unsigned)(r.row - c) < 4) {
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
  int stride = post.stride;
  Global<float> error = post.error;
  Global<float> w = s.w;
  Global<float> m = s.m;
  Global<float> v = s.v;
  float scale = s.learningScale;
  Limits limits = limitsOf(net, s);
  for (int base = r.column + TILE * rankIn(r); base < r.end; base += TILE * r.warps) {
    int c = base + 4 * laneIndex();
    Quad u = zeros();
    if (gradient) {
      // Lanes behind the last column load another one.
      auto fetch = [&](int, int at) { return load(error + (at + min(c, stride - 4))); };
      eachSample(pre, r, positives, n, [&](int b) { return b * stride; }, fetch, [&](Quad e) {
        for (int i = 0; i < 4; i++) {
          u.at[i] += scale * e.at[i];
        }
      });
    }
    if (c < r.end) {
      int at = r.row * stride + c;
      Weights<Quad> k = {load(w + at), load(m + at), load(v + at)};
      for (int i = 0; i < 4; i++) {
        moveMoments(k.m.at[i], k.v.at[i], -u.at[i] * (1 - fabsf(k.w.at[i])));
      }
      moveWeightsChecked(k, zeros(), a, net, s, limits, step);
      store(w + at, k.w);
      store(m + at, k.m);
      store(v + at, k.v);
    }
  }
}

BOUNDED_KERNEL(LEARN_WARPS* WARP, 6)
learn(const Network* network, const Part* parts, const float* corrections, int step, int n, int positives, int all) {
  __shared__ Quad sums[SEGMENT / 2];  // two columns each, as struct Sum
  const Network& net = *network;
  Part part = parts[blockIdx.x];
  const Synapse& s = net.synapses[part.of];
  const Population& pre = net.populations[s.pre];
  const Population& post = net.populations[s.post];
  bool narrow = post.stride <= NARROW;
  int own = narrow ? warpIndex() : 0;  // of the block's rows
  Segment r = {part.row + own, part.column, min(part.column + SEGMENT, post.stride), actingStep(post, step),
               narrow ? 1 : LEARN_WARPS};
  if (r.row >= s.rows) {
    return;  // only a warp with a row of its own
  }
  Global<float> spikes = pre.columns + r.row;
  bool gradient = r.acting > 0 && spikes[r.acting * pre.stride] > 0;
  Global<int> done = s.done + r.row * segmentsOf(post.stride) + segmentOf(part.column);
  switch (s.rule) {
    case CONTRASTIVE:
      if (all || gradient || spikes[step * pre.stride] > 0) {
        int before = step == 1 ? 0 : done[0];
        learnContrastive(sums + own * (NARROW / 2), argumentOfKernel(corrections), net, s, pre, post, r, gradient, before,
                         step, n);
        if (rankIn(r) == 0 && laneIndex() == 0) {
          done[0] = step;
        }
      } else if (step == 1 && rankIn(r) == 0 && laneIndex() == 0) {
        done[0] = 0;
      }
      break;
    case ERROR:
      learnError(argumentOfKernel(corrections), net, s, pre, post, r, gradient, step, n, positives);
      break;
  }
}
