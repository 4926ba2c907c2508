// Adam of single weights and of a lane's four, with decay and clip.
#pragma once
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
  return all.bytesOn(wideProduct(step, sizeof(Corrections)) - (int)sizeof(Corrections)).as<const Corrections>();
}

__device__ inline void moveMoments(float& m, float& v, float u) {
  m = BETA1 * m + GAIN1 * u;
  v = BETA2 * v + GAIN2 * (u * u);
}

// A weight after Adam, as the formula reads.
__device__ inline float adamPlain(float w, float m, float v, Corrections a) {
  return w - a.rate * m / (sqrtf(v * a.second) + EPSILON);
}

// The same bits without the slow paths of ptxas' square root and division, which take operands below 2^-101. Where
// needsQuotient() is true, only the quotient gives these bits.
//   sqrt(x) + EPSILON is EPSILON for 0 <= x < 2^-102: the root is below half an ulp of it.
//   w - n/d is w for |n| < 2^-102 and |w| >= 2^-50, as d >= EPSILON; so is w - n. And n/d is n for n = 0.
// Exhausted over all exponents by AdamShortcutTest.
#define TINY 0x1p-102f
#define TINY_BITS 0x0C800000u
#define LEAST_WEIGHT 0x1p-50f
__device__ inline float denominatorOf(float v, Corrections a) {
  float x = v * a.second;
  bool noRoot = __float_as_uint(x) < TINY_BITS;  // false for NaN and negative numbers
  float root = sqrtf(opaque(noRoot ? 1.0f : x));
  return noRoot ? EPSILON : root + EPSILON;
}

__device__ inline float adam(float w, float m, float v, Corrections a) {
  float numerator = a.rate * m;
  bool tiny = fabsf(numerator) < TINY;
  float quotient = opaque(tiny ? 1.0f : numerator) / denominatorOf(v, a);
  return w - (tiny ? numerator : quotient);
}

// Limits of the weights of a synapse.
struct Limits {
  float lower;
  float upper;
  // Whether most weights are 0, their lower limit, and stay there, as those of lateral synapses do. The exact result stays
  // there too: without a decay it has the sign of the numerator. A decay is far larger than any quotient of a tiny
  // numerator, so it makes both results negative.
  bool restsAtZero;
};

__device__ inline Limits limitsOf(const Network& net, const Synapse& s) {
  return {s.lower, s.upper, s.lower == 0 && (net.decay == 0 || net.decay >= 2 * LEAST_WEIGHT)};
}

// Whether one of four weights may need the quotient of a tiny numerator: it is small. "clipped" are the weights as
// adam() and the decay make them.
__device__ inline bool mayNeedQuotient(const Quad& w, const Quad& clipped, const Limits& limits) {
  if (limits.restsAtZero) {
    unsigned least = ~0u;  // of magnitudes other than 0
    for (int i = 0; i < 4; i++) {
      least = min(least, __float_as_uint(fmaxf(fabsf(w.at[i]), clipped.at[i])) - 1);
    }
    return least < __float_as_uint(2 * LEAST_WEIGHT);
  }
  float least = fabsf(w.at[0]);
  for (int i = 1; i < 4; i++) {
    least = fminf(least, fabsf(w.at[i]));
  }
  return least < LEAST_WEIGHT;
}

__device__ inline bool needsQuotient(float w, float numerator) {
  return (fabsf(w) < LEAST_WEIGHT) & (__float_as_uint(fabsf(numerator)) - 1 < TINY_BITS - 1);  // tiny, but not 0
}

// Quotient of a tiny numerator, on the fast path of the division if it is not below 2^-126: there the factor, a power
// of two, changes no digit.
__device__ inline float quotientOfTiny(float numerator, float denominator) {
  float scaled = numerator * 0x1p64f / denominator;
  return fabsf(scaled) >= 0x1p-62f ? scaled * 0x1p-64f : numerator / denominator;
}

// Of a number; clips NaN too.
__device__ inline float clip(float w, const Limits& limits) { return fmaxf(fminf(w, limits.upper), limits.lower); }

// The same, but NaN stays NaN.
__device__ inline float clipOrNaN(float w, const Limits& limits) { return w == w ? clip(w, limits) : w; }

// Before the clip, which would hide an infinite weight. A first moment that is not finite spoils the weight.
__device__ inline bool isFinite(float w, float v) { return isFinite(w) && isFinite(v); }

// For four weights of which one may not be finite.
__device__ inline void moveWeightsPlainly(Weights<Quad>& k, const Quad& decay, Corrections a, const Network& net,
                                          const Synapse& s, const Limits& limits, int step) {
  bool good = true;
  for (int i = 0; i < 4; i++) {
    float w = adamPlain(k.w.at[i], k.m.at[i], k.v.at[i], a) - decay.at[i];
    good = isFinite(w, k.v.at[i]) && good;
    k.w.at[i] = clipOrNaN(w, limits);
  }
  if (!good) {
    reportNotFinite(net, WEIGHTS, s.owner, step);
  }
}

// Moves four weights by their moments and the decay, and clips them. "sum" is a sum of other values that must be finite.
// Where there are none it is -0, which costs no addition.
__device__ inline void moveWeights(Weights<Quad>& k, const Quad& decay, float sum, Corrections a, const Network& net,
                                   const Synapse& s, const Limits& limits, int step) {
  Quad clipped;
  for (int i = 0; i < 4; i++) {
    float next = adam(k.w.at[i], k.m.at[i], k.v.at[i], a) - decay.at[i];
    sum += next;  // not finite if a term is not
    clipped.at[i] = clip(next, limits);
  }
  if (!isFinite(sum)) {
    moveWeightsPlainly(k, decay, a, net, s, limits, step);
    return;
  }
  if (mayNeedQuotient(k.w, clipped, limits)) {
    for (int i = 0; i < 4; i++) {
      float numerator = a.rate * k.m.at[i];
      if (needsQuotient(k.w.at[i], numerator)) {
        clipped.at[i] = clip(k.w.at[i] - quotientOfTiny(numerator, denominatorOf(k.v.at[i], a)) - decay.at[i], limits);
      }
    }
  }
  k.w = clipped;
}

// After a gradient. Only gradients make second moments infinite, and they stay so.
__device__ inline void moveWeightsChecked(Weights<Quad>& k, const Quad& decay, Corrections a, const Network& net,
                                          const Synapse& s, const Limits& limits, int step) {
  moveWeights(k, decay, (k.v.at[0] + k.v.at[1]) + (k.v.at[2] + k.v.at[3]), a, net, s, limits, step);
}

// The same for weights whose moments are zero.
__device__ inline void decayWeights(Weights<Quad>& k, const Quad& decay, const Network& net, const Synapse& s,
                                    const Limits& limits, int step) {
  float sum = 0;
  Quad next;
  for (int i = 0; i < 4; i++) {
    next.at[i] = k.w.at[i] - decay.at[i];
    sum += next.at[i];
  }
  if (!isFinite(sum)) {
    moveWeightsPlainly(k, decay, {0, 1}, net, s, limits, step);
    return;
  }
  for (int i = 0; i < 4; i++) {
    k.w.at[i] = clip(next.at[i], limits);
  }
}

__device__ inline bool isZero(const Quad& q) {
  unsigned bits = 0;
  for (int i = 0; i < 4; i++) {
    bits |= __float_as_uint(q.at[i]);
  }
  return bits == 0;
}
