// What plasticity gets from the postsynaptic side: modulators of hidden layers, errors of the head
// and of the reconstruction.
//
// Equation   G = sum_i z_i^2,  p = sigmoid(G - theta),  factor = 2 (p - pos) / N,  d_i = factor z_i
//            ey = 2 (target - z) / N+,  eR = 2 (s0 - sR) / N+, of positive samples only
//            d is never stored: plasticity multiplies factor and z.
// Shapes     z, s0, sR, e: N x units; goodness, factor: N; labels: N;
//            lastSpike: N x units, the step of the last spike or 0;
//            alive: N x (T+1): units by the step of their last spike; power: T, gamma^age as a trace
//            has it (rounded after each product)
// Launch     modulate: a warp per sample, 8 a block; modulate_plain: a thread per sample, 32 a block;
//            errors: a thread per (positive sample, unit), 256 a block.
// Source     steps 5 and 6 of the model. A trace is gamma^age, so G = sum over ages of (units of that
//            age) gamma^(2 age), and a step changes only the counts of units that spiked: ~T
//            additions a sample instead of one per unit, in the order of the `cpu` backend. G is
//            summed in double and rounded once, so the order hardly matters.
#include "common.cuh"

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
  y = __hiloint2double(__double2hiint(y) + (shift << 20), __double2loint(y));
  return k >= -1021 ? y : y * 9.33263618503218878990e-302;  // 2^-1000
}

// 2 (sigmoid(G - theta) - pos) / N. The difference G - theta is taken in float.
__device__ inline float modulation(float goodness, float theta, bool positive, int n) {
  double p = 1 / (1 + strictExp(-(double)(goodness - theta)));
  return (float)(2 * (p - (positive ? 1 : 0)) / n);
}

// The readable twin: the sum as it is written.
KERNEL modulate_plain(const float* z, float* goodness, float* factor, float theta, int positives,
                      int n, int units) {
  int b = globalIndex();
  if (b >= n) {
    return;
  }
  double g = 0;
  for (int i = 0; i < units; i++) {
    g += (double)z[b * units + i] * z[b * units + i];
  }
  goodness[b] = (float)g;
  factor[b] = modulation(goodness[b], theta, b < positives, n);
}

KERNEL modulate(const int* list, const int* count, int* lastSpike, int* alive, const float* power,
                float* goodness, float* factor, int step, int steps, float theta, int positives,
                int n, int units) {
  int b = globalIndex() / WARP;
  int lane = threadIdx.x % WARP;
  if (b >= n) {
    return;
  }
  int* byStep = alive + b * (steps + 1);
  int spikes = count[b];
  for (int k = lane; k < spikes; k += WARP) {
    int* last = lastSpike + b * units + list[b * units + k];
    if (*last > 0) {
      atomicAdd(&byStep[*last], -1);  // integers: any order gives the same count
    }
    *last = step;
  }
  if (lane == 0) {
    byStep[step] = spikes;
  }
  __syncwarp();
  double g = 0;
  for (int base = 0; base < step; base += WARP) {
    int age = base + lane;
    double term = 0;
    if (age < step) {
      term = byStep[step - age] * ((double)power[age] * power[age]);
    }
    // One after the other, youngest first; each lane keeps the whole sum.
    for (int e = 0; e < WARP && base + e < step; e++) {
      g += __shfl_sync(0xFFFFFFFFu, term, e);
    }
  }
  if (lane == 0) {
    goodness[b] = (float)g;
    factor[b] = modulation((float)g, theta, b < positives, n);
  }
}

KERNEL head_error(const int* labels, const float* z, float* e, int positives, int units) {
  int k = globalIndex();
  if (k < positives * units) {
    float target = labels[k / units] == k % units;
    e[k] = 2 * (target - z[k]) / (float)positives;
  }
}

KERNEL reconstruction_error(const unsigned char* s0, const unsigned char* sR, float* e,
                            int positives, int units) {
  int k = globalIndex();
  if (k < positives * units) {
    e[k] = 2.0f * (float)(s0[k] - sR[k]) / (float)positives;
  }
}
