// exp of fdlibm (Sun Microsystems, 1993; "freely granted"), which is Java's StrictMath.exp. It has the same
// bits on every device; the exp of libdevice or of a C library does not promise that.
#pragma once
#include "common.cuh"

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
