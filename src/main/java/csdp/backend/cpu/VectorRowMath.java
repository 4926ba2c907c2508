package csdp.backend.cpu;

import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowMath} with the Vector API. Each column has its running sum in a register lane, so the
 * order of sums is that of the plain implementation. It does not check for non-finite values and is
 * used only if there can be none. Loaded only if the module is present.
 *
 * <p>Sums are unrolled by hand, since vectors stay in registers only as local variables: a method
 * or an array of them makes objects.
 */
final class VectorRowMath implements RowMath {
  private static final VectorSpecies<Float> S = species();
  private static final VectorSpecies<Integer> I = S.withLanes(int.class);
  private static final VectorSpecies<Long> J = S.withLanes(long.class);
  private static final int L = S.length();
  private static final IntVector BIT = // of each lane
      IntVector.broadcast(I, 1).lanewise(VectorOperators.LSHL, IntVector.zero(I).addIndex(1));
  private static final int SIGN = 0x80000000;

  /** Vectors that are too short for four sums to hide the latency of an addition. */
  private static final boolean SHORT = L < RowLayout.LANES;

  /** Returns the widest vectors of the machine, at most 16 lanes. */
  private static VectorSpecies<Float> species() {
    VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
    return preferred.length() > RowLayout.LANES ? FloatVector.SPECIES_512 : preferred;
  }

  @Override
  public String description() {
    return "Vector API, " + S.vectorBitSize() + " bits";
  }

  @Override
  public void gather(
      float[] j,
      int jAt,
      float scale,
      Matrix matrix,
      int[] list,
      int from,
      int count,
      float[] sum,
      int sumAt) {
    float[] w = matrix.array();
    int base = matrix.base();
    int stride = matrix.stride();
    int width = matrix.width();
    int end = from + count;
    int c = 0;
    for (; SHORT && c + 8 * L <= width; c += 8 * L) {
      FloatVector s0 = FloatVector.zero(S);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      FloatVector s4 = s0;
      FloatVector s5 = s0;
      FloatVector s6 = s0;
      FloatVector s7 = s0;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * stride + c;
        s0 = s0.add(FloatVector.fromArray(S, w, o));
        s1 = s1.add(FloatVector.fromArray(S, w, o + L));
        s2 = s2.add(FloatVector.fromArray(S, w, o + 2 * L));
        s3 = s3.add(FloatVector.fromArray(S, w, o + 3 * L));
        s4 = s4.add(FloatVector.fromArray(S, w, o + 4 * L));
        s5 = s5.add(FloatVector.fromArray(S, w, o + 5 * L));
        s6 = s6.add(FloatVector.fromArray(S, w, o + 6 * L));
        s7 = s7.add(FloatVector.fromArray(S, w, o + 7 * L));
      }
      addScaled(j, jAt + c, scale, s0);
      addScaled(j, jAt + c + L, scale, s1);
      addScaled(j, jAt + c + 2 * L, scale, s2);
      addScaled(j, jAt + c + 3 * L, scale, s3);
      addScaled(j, jAt + c + 4 * L, scale, s4);
      addScaled(j, jAt + c + 5 * L, scale, s5);
      addScaled(j, jAt + c + 6 * L, scale, s6);
      addScaled(j, jAt + c + 7 * L, scale, s7);
    }
    for (; c + 4 * L <= width; c += 4 * L) {
      FloatVector s0 = FloatVector.zero(S);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * stride + c;
        s0 = s0.add(FloatVector.fromArray(S, w, o));
        s1 = s1.add(FloatVector.fromArray(S, w, o + L));
        s2 = s2.add(FloatVector.fromArray(S, w, o + 2 * L));
        s3 = s3.add(FloatVector.fromArray(S, w, o + 3 * L));
      }
      addScaled(j, jAt + c, scale, s0);
      addScaled(j, jAt + c + L, scale, s1);
      addScaled(j, jAt + c + 2 * L, scale, s2);
      addScaled(j, jAt + c + 3 * L, scale, s3);
    }
    for (; c < width; c += L) {
      FloatVector s0 = FloatVector.zero(S);
      for (int k = from; k < end; k++) {
        s0 = s0.add(FloatVector.fromArray(S, w, base + list[k] * stride + c));
      }
      addScaled(j, jAt + c, scale, s0);
    }
  }

  @Override
  public void gatherPanel(
      float[] j, int jAt, float scale, float[] w, int base, int[] list, int from, int count) {
    int end = from + count;
    int c = 0;
    for (; SHORT && c < PANEL; c += 8 * L) {
      FloatVector zero = FloatVector.zero(S);
      FloatVector s0 = zero;
      FloatVector s1 = zero;
      FloatVector s2 = zero;
      FloatVector s3 = zero;
      FloatVector s4 = zero;
      FloatVector s5 = zero;
      FloatVector s6 = zero;
      FloatVector s7 = zero;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * PANEL + c;
        s0 = s0.add(FloatVector.fromArray(S, w, o));
        s1 = s1.add(FloatVector.fromArray(S, w, o + L));
        s2 = s2.add(FloatVector.fromArray(S, w, o + 2 * L));
        s3 = s3.add(FloatVector.fromArray(S, w, o + 3 * L));
        s4 = s4.add(FloatVector.fromArray(S, w, o + 4 * L));
        s5 = s5.add(FloatVector.fromArray(S, w, o + 5 * L));
        s6 = s6.add(FloatVector.fromArray(S, w, o + 6 * L));
        s7 = s7.add(FloatVector.fromArray(S, w, o + 7 * L));
      }
      s0.mul(scale).add(zero).intoArray(j, jAt + c);
      s1.mul(scale).add(zero).intoArray(j, jAt + c + L);
      s2.mul(scale).add(zero).intoArray(j, jAt + c + 2 * L);
      s3.mul(scale).add(zero).intoArray(j, jAt + c + 3 * L);
      s4.mul(scale).add(zero).intoArray(j, jAt + c + 4 * L);
      s5.mul(scale).add(zero).intoArray(j, jAt + c + 5 * L);
      s6.mul(scale).add(zero).intoArray(j, jAt + c + 6 * L);
      s7.mul(scale).add(zero).intoArray(j, jAt + c + 7 * L);
    }
    for (; c < PANEL; c += 4 * L) {
      FloatVector zero = FloatVector.zero(S);
      FloatVector s0 = zero;
      FloatVector s1 = zero;
      FloatVector s2 = zero;
      FloatVector s3 = zero;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * PANEL + c;
        s0 = s0.add(FloatVector.fromArray(S, w, o));
        s1 = s1.add(FloatVector.fromArray(S, w, o + L));
        s2 = s2.add(FloatVector.fromArray(S, w, o + 2 * L));
        s3 = s3.add(FloatVector.fromArray(S, w, o + 3 * L));
      }
      s0.mul(scale).add(zero).intoArray(j, jAt + c);
      s1.mul(scale).add(zero).intoArray(j, jAt + c + L);
      s2.mul(scale).add(zero).intoArray(j, jAt + c + 2 * L);
      s3.mul(scale).add(zero).intoArray(j, jAt + c + 3 * L);
    }
  }

  private static void addScaled(float[] j, int c, float scale, FloatVector sum) {
    FloatVector.fromArray(S, j, c).add(sum.mul(scale)).intoArray(j, c);
  }

  @Override
  public void gatherScaled(
      float[] u, int uAt, float scale, Matrix matrix, int[] list, int from, int count) {
    float[] d = matrix.array();
    int base = matrix.base();
    int stride = matrix.stride();
    int width = matrix.width();
    int end = from + count;
    int c = 0;
    for (; c + 4 * L <= width; c += 4 * L) {
      FloatVector s0 = FloatVector.zero(S);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * stride + c;
        s0 = s0.add(FloatVector.fromArray(S, d, o).mul(scale));
        s1 = s1.add(FloatVector.fromArray(S, d, o + L).mul(scale));
        s2 = s2.add(FloatVector.fromArray(S, d, o + 2 * L).mul(scale));
        s3 = s3.add(FloatVector.fromArray(S, d, o + 3 * L).mul(scale));
      }
      s0.intoArray(u, uAt + c);
      s1.intoArray(u, uAt + c + L);
      s2.intoArray(u, uAt + c + 2 * L);
      s3.intoArray(u, uAt + c + 3 * L);
    }
    for (; c < width; c += L) {
      FloatVector s0 = FloatVector.zero(S);
      for (int k = from; k < end; k++) {
        s0 = s0.add(FloatVector.fromArray(S, d, base + list[k] * stride + c).mul(scale));
      }
      s0.intoArray(u, uAt + c);
    }
  }

  @Override
  public void scatter(
      float[] u, int uAt, float[] scales, int[] unit, float[] value, int from, int to) {
    // Zero times a value is zero: no value is infinite here.
    if (2 * L == Spikes.GROUP) {
      FloatVector low = FloatVector.fromArray(S, scales, 0);
      FloatVector high = FloatVector.fromArray(S, scales, L);
      for (int q = from; q < to; q++) {
        int at = uAt + Spikes.GROUP * unit[q];
        FloatVector.fromArray(S, u, at).add(low.mul(value[q])).intoArray(u, at);
        FloatVector.fromArray(S, u, at + L).add(high.mul(value[q])).intoArray(u, at + L);
      }
      return;
    }
    for (int lane = 0; lane < Spikes.GROUP; lane += L) {
      FloatVector scale = FloatVector.fromArray(S, scales, lane);
      for (int q = from; q < to; q++) {
        int at = uAt + Spikes.GROUP * unit[q] + lane;
        FloatVector.fromArray(S, u, at).add(scale.mul(value[q])).intoArray(u, at);
      }
    }
  }

  @Override
  public int integrate(
      float[] j,
      int jAt,
      float[] v,
      float[] thr,
      float[] z,
      int at,
      int width,
      Dynamics d,
      float change,
      long[] bits,
      int bitsAt) {
    boolean adapt = !Float.isNaN(change);
    FloatVector zero = FloatVector.zero(S);
    IntVector one = IntVector.broadcast(I, Float.floatToRawIntBits(1f));
    IntVector floor = IntVector.broadcast(I, Float.floatToRawIntBits(Constants.THRESHOLD_FLOOR));
    for (int from = 0; from < width; from += Integer.SIZE) {
      IntVector fired = IntVector.zero(I);
      int end = Math.min(from + Integer.SIZE, width);
      for (int c = from; c < end; c += L) {
        FloatVector threshold = FloatVector.fromArray(S, thr, at + c);
        if (adapt) {
          threshold = threshold.add(change).reinterpretAsInts().max(floor).reinterpretAsFloats();
          threshold.intoArray(thr, at + c);
        }
        FloatVector old = FloatVector.fromArray(S, v, at + c);
        FloatVector next =
            old.add(FloatVector.fromArray(S, j, jAt + c).sub(old).mul(d.inverseTau()).mul(d.dt()));
        // Spike bits from the sign of a difference: a VectorMask would be allocated on JDK 17. A
        // difference of -0 cannot occur.
        IntVector spike =
            threshold.sub(next).add(zero).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
        next.reinterpretAsInts()
            .lanewise(VectorOperators.AND_NOT, spike)
            .reinterpretAsFloats()
            .intoArray(v, at + c);
        if (z != null) {
          FloatVector.fromArray(S, z, at + c)
              .mul(d.traceDecay())
              .reinterpretAsInts()
              .lanewise(VectorOperators.AND_NOT, spike)
              .or(one.and(spike))
              .reinterpretAsFloats()
              .intoArray(z, at + c);
        }
        fired = fired.or(spike.and(BIT.lanewise(VectorOperators.LSHL, c - from)));
      }
      long bit = fired.reduceLanes(VectorOperators.OR) & 0xFFFFFFFFL;
      int word = bitsAt + from / Long.SIZE;
      bits[word] = from % Long.SIZE == 0 ? bit : bits[word] | bit << Integer.SIZE;
    }
    return 0;
  }

  @Override
  public void catchUp(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      Rule rule,
      int missed,
      int step,
      float[] columns,
      int columnsAt,
      int stride) {
    FloatVector beta1 = FloatVector.broadcast(S, Constants.BETA1);
    FloatVector beta2 = FloatVector.broadcast(S, Constants.BETA2);
    FloatVector epsilon = FloatVector.broadcast(S, Constants.EPSILON);
    FloatVector decay = FloatVector.broadcast(S, rule.decay);
    FloatVector zero = FloatVector.zero(S);
    IntVector upper = IntVector.broadcast(I, Float.floatToRawIntBits(rule.upper));
    IntVector lower = IntVector.broadcast(I, magnitude(rule.lower));
    IntVector lowest = IntVector.broadcast(I, lowest(rule.lower));
    float[] rate = rule.rate;
    float[] secondScale = rule.secondScale;
    for (int c = 0; c < width; c += L) {
      FloatVector weight = FloatVector.fromArray(S, w, at + c);
      FloatVector first = FloatVector.fromArray(S, m, at + c);
      FloatVector second = FloatVector.fromArray(S, v, at + c);
      int spikes = columnsAt + c;
      for (int s = missed; s < step; s++) { // adding a zero gradient changes no bit
        first = first.mul(beta1).add(zero);
        second = second.mul(beta2).add(zero);
        FloatVector root =
            second.mul(FloatVector.broadcast(S, secondScale[s])).lanewise(VectorOperators.SQRT);
        FloatVector move = first.mul(FloatVector.broadcast(S, rate[s])).div(root.add(epsilon));
        FloatVector next =
            weight.sub(move).sub(FloatVector.fromArray(S, columns, spikes).mul(decay));
        weight = clip(next, upper, lower, lowest);
        spikes += stride;
      }
      first.intoArray(m, at + c);
      second.intoArray(v, at + c);
      weight.intoArray(w, at + c);
    }
  }

  @Override
  public boolean contrastive(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      float[] u,
      int uAt,
      float[] unpaired,
      int unpairedAt,
      Rule rule,
      int step) {
    FloatVector beta1 = FloatVector.broadcast(S, Constants.BETA1);
    FloatVector beta2 = FloatVector.broadcast(S, Constants.BETA2);
    FloatVector gain1 = FloatVector.broadcast(S, Adam.GAIN1);
    FloatVector gain2 = FloatVector.broadcast(S, Adam.GAIN2);
    FloatVector epsilon = FloatVector.broadcast(S, Constants.EPSILON);
    FloatVector rate = FloatVector.broadcast(S, rule.rate[step]);
    FloatVector secondScale = FloatVector.broadcast(S, rule.secondScale[step]);
    FloatVector decay = FloatVector.broadcast(S, rule.decay);
    IntVector upper = IntVector.broadcast(I, Float.floatToRawIntBits(rule.upper));
    IntVector lower = IntVector.broadcast(I, magnitude(rule.lower));
    IntVector lowest = IntVector.broadcast(I, lowest(rule.lower));
    for (int c = 0; c < width; c += L) {
      FloatVector g = FloatVector.fromArray(S, u, uAt + c);
      FloatVector first = FloatVector.fromArray(S, m, at + c).mul(beta1).add(g.mul(gain1));
      FloatVector second = FloatVector.fromArray(S, v, at + c).mul(beta2).add(g.mul(g).mul(gain2));
      FloatVector root = second.mul(secondScale).lanewise(VectorOperators.SQRT);
      FloatVector move = first.mul(rate).div(root.add(epsilon));
      FloatVector lost = FloatVector.fromArray(S, unpaired, unpairedAt + c).mul(decay);
      FloatVector next = FloatVector.fromArray(S, w, at + c).sub(move).sub(lost);
      first.intoArray(m, at + c);
      second.intoArray(v, at + c);
      clip(next, upper, lower, lowest).intoArray(w, at + c);
    }
    return true;
  }

  @Override
  public boolean error(
      float[] w, float[] m, float[] v, int at, int width, float[] u, int uAt, Rule rule, int step) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    FloatVector beta1 = FloatVector.broadcast(S, Constants.BETA1);
    FloatVector beta2 = FloatVector.broadcast(S, Constants.BETA2);
    FloatVector gain1 = FloatVector.broadcast(S, Adam.GAIN1);
    FloatVector gain2 = FloatVector.broadcast(S, Adam.GAIN2);
    FloatVector epsilon = FloatVector.broadcast(S, Constants.EPSILON);
    FloatVector rate = FloatVector.broadcast(S, rule.rate[step]);
    FloatVector secondScale = FloatVector.broadcast(S, rule.secondScale[step]);
    IntVector upper = IntVector.broadcast(I, Float.floatToRawIntBits(rule.upper));
    IntVector lower = IntVector.broadcast(I, magnitude(rule.lower));
    IntVector lowest = IntVector.broadcast(I, lowest(rule.lower));
    for (int c = 0; c < width; c += L) {
      FloatVector weight = FloatVector.fromArray(S, w, at + c);
      FloatVector g = FloatVector.fromArray(S, u, uAt + c).neg().mul(one.sub(weight.abs()));
      FloatVector first = FloatVector.fromArray(S, m, at + c).mul(beta1).add(g.mul(gain1));
      FloatVector second = FloatVector.fromArray(S, v, at + c).mul(beta2).add(g.mul(g).mul(gain2));
      FloatVector root = second.mul(secondScale).lanewise(VectorOperators.SQRT);
      FloatVector move = first.mul(rate).div(root.add(epsilon));
      first.intoArray(m, at + c);
      second.intoArray(v, at + c);
      clip(weight.sub(move), upper, lower, lowest).intoArray(w, at + c);
    }
    return true;
  }

  @Override
  public void philox(
      int c0,
      int c1,
      int c2,
      long[] last,
      int from,
      int count,
      int k0,
      int k1,
      long[] words,
      int stride) {
    LongVector low = LongVector.broadcast(J, 0xFFFFFFFFL);
    for (int q = 0; q < count; q += J.length()) {
      LongVector x0 = LongVector.broadcast(J, c0 & 0xFFFFFFFFL);
      LongVector x1 = LongVector.broadcast(J, c1 & 0xFFFFFFFFL);
      LongVector x2 = LongVector.broadcast(J, c2 & 0xFFFFFFFFL);
      LongVector x3 = LongVector.fromArray(J, last, from + q);
      int key0 = k0;
      int key1 = k1;
      for (int round = 0; round < Philox.ROUNDS; round++) {
        LongVector p0 = x0.mul(Philox.M0 & 0xFFFFFFFFL);
        LongVector p1 = x2.mul(Philox.M1 & 0xFFFFFFFFL);
        x0 = p1.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, x1);
        x0 = x0.lanewise(VectorOperators.XOR, key0 & 0xFFFFFFFFL);
        x2 = p0.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, x3);
        x2 = x2.lanewise(VectorOperators.XOR, key1 & 0xFFFFFFFFL);
        x1 = p1.and(low);
        x3 = p0.and(low);
        key0 += Philox.W0;
        key1 += Philox.W1;
      }
      x0.intoArray(words, q);
      x1.intoArray(words, stride + q);
      x2.intoArray(words, 2 * stride + q);
      x3.intoArray(words, 3 * stride + q);
    }
  }

  /**
   * Computes max(lower, min(upper, w)) on the bits, with one instruction each, where Java's float
   * minimum takes several. Non-negative floats are ordered as their bits; negative ones in reverse,
   * without the sign bit.
   */
  private static FloatVector clip(
      FloatVector w, IntVector upper, IntVector lower, IntVector lowest) {
    return w.reinterpretAsInts()
        .min(upper)
        .lanewise(VectorOperators.XOR, SIGN)
        .min(lower)
        .lanewise(VectorOperators.XOR, SIGN)
        .max(lowest)
        .reinterpretAsFloats();
  }

  /** Returns the lower bound's bits without the sign. */
  private static int magnitude(float lower) {
    return Float.floatToRawIntBits(lower) & ~SIGN;
  }

  /** If the lower bound is zero, -0 is below it. */
  private static int lowest(float lower) {
    return lower == 0 ? 0 : Integer.MIN_VALUE;
  }
}
