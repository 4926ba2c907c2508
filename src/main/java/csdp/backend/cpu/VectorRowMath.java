package csdp.backend.cpu;

import csdp.model.Adam;
import csdp.model.Constants;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowMath} with the Vector API. Every column keeps its own running sum in a register lane,
 * so sums are added in list order exactly as in the plain form. It does not look for values that
 * are not finite: it is for networks where there can be none. Loaded only where the module is
 * there.
 */
final class VectorRowMath implements RowMath {
  private static final VectorSpecies<Float> S = species();
  private static final int L = S.length();

  /** The machine's widest vectors, up to the padding's 16 lanes. */
  private static VectorSpecies<Float> species() {
    VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
    return preferred.length() > Tiling.LANES ? FloatVector.SPECIES_512 : preferred;
  }

  @Override
  public String description() {
    return "Vector API, " + S.vectorBitSize() + " bits";
  }

  @Override
  public void gather(
      float[] j,
      float scale,
      float[] w,
      int base,
      int width,
      int[] list,
      int from,
      int count,
      float[] sum) {
    int end = from + count;
    int c = 0;
    for (; c + 8 * L <= width; c += 8 * L) {
      FloatVector s0 = FloatVector.zero(S);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      FloatVector s4 = s0;
      FloatVector s5 = s0;
      FloatVector s6 = s0;
      FloatVector s7 = s0;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * width + c;
        s0 = s0.add(FloatVector.fromArray(S, w, o));
        s1 = s1.add(FloatVector.fromArray(S, w, o + L));
        s2 = s2.add(FloatVector.fromArray(S, w, o + 2 * L));
        s3 = s3.add(FloatVector.fromArray(S, w, o + 3 * L));
        s4 = s4.add(FloatVector.fromArray(S, w, o + 4 * L));
        s5 = s5.add(FloatVector.fromArray(S, w, o + 5 * L));
        s6 = s6.add(FloatVector.fromArray(S, w, o + 6 * L));
        s7 = s7.add(FloatVector.fromArray(S, w, o + 7 * L));
      }
      addScaled(j, c, scale, s0);
      addScaled(j, c + L, scale, s1);
      addScaled(j, c + 2 * L, scale, s2);
      addScaled(j, c + 3 * L, scale, s3);
      addScaled(j, c + 4 * L, scale, s4);
      addScaled(j, c + 5 * L, scale, s5);
      addScaled(j, c + 6 * L, scale, s6);
      addScaled(j, c + 7 * L, scale, s7);
    }
    for (; c < width; c += L) {
      FloatVector s0 = FloatVector.zero(S);
      for (int k = from; k < end; k++) {
        s0 = s0.add(FloatVector.fromArray(S, w, base + list[k] * width + c));
      }
      addScaled(j, c, scale, s0);
    }
  }

  private static void addScaled(float[] j, int c, float scale, FloatVector sum) {
    FloatVector.fromArray(S, j, c).add(sum.mul(scale)).intoArray(j, c);
  }

  @Override
  public void gatherScaled(
      float[] u,
      int uAt,
      float scale,
      float[] d,
      int base,
      int width,
      int[] list,
      int from,
      int count) {
    int end = from + count;
    int c = 0;
    for (; c + 8 * L <= width; c += 8 * L) {
      FloatVector s0 = FloatVector.zero(S);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      FloatVector s4 = s0;
      FloatVector s5 = s0;
      FloatVector s6 = s0;
      FloatVector s7 = s0;
      for (int k = from; k < end; k++) {
        int o = base + list[k] * width + c;
        s0 = s0.add(FloatVector.fromArray(S, d, o).mul(scale));
        s1 = s1.add(FloatVector.fromArray(S, d, o + L).mul(scale));
        s2 = s2.add(FloatVector.fromArray(S, d, o + 2 * L).mul(scale));
        s3 = s3.add(FloatVector.fromArray(S, d, o + 3 * L).mul(scale));
        s4 = s4.add(FloatVector.fromArray(S, d, o + 4 * L).mul(scale));
        s5 = s5.add(FloatVector.fromArray(S, d, o + 5 * L).mul(scale));
        s6 = s6.add(FloatVector.fromArray(S, d, o + 6 * L).mul(scale));
        s7 = s7.add(FloatVector.fromArray(S, d, o + 7 * L).mul(scale));
      }
      int to = uAt + c;
      s0.intoArray(u, to);
      s1.intoArray(u, to + L);
      s2.intoArray(u, to + 2 * L);
      s3.intoArray(u, to + 3 * L);
      s4.intoArray(u, to + 4 * L);
      s5.intoArray(u, to + 5 * L);
      s6.intoArray(u, to + 6 * L);
      s7.intoArray(u, to + 7 * L);
    }
    for (; c < width; c += L) {
      FloatVector s0 = FloatVector.zero(S);
      for (int k = from; k < end; k++) {
        s0 = s0.add(FloatVector.fromArray(S, d, base + list[k] * width + c).mul(scale));
      }
      s0.intoArray(u, uAt + c);
    }
  }

  @Override
  public int integrate(
      float[] j,
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
    FloatVector one = FloatVector.broadcast(S, 1f);
    FloatVector floor = FloatVector.broadcast(S, Constants.THRESHOLD_FLOOR);
    for (int c0 = 0; c0 < width; c0 += 64) {
      long word = 0;
      int end = Math.min(c0 + 64, width);
      for (int c = c0; c < end; c += L) {
        FloatVector threshold = FloatVector.fromArray(S, thr, at + c);
        if (adapt) {
          threshold = threshold.add(change).max(floor);
          threshold.intoArray(thr, at + c);
        }
        FloatVector old = FloatVector.fromArray(S, v, at + c);
        FloatVector next =
            old.add(FloatVector.fromArray(S, j, c).sub(old).mul(d.inverseTau()).mul(d.dt()));
        VectorMask<Float> spike = next.compare(VectorOperators.GT, threshold);
        next.blend(zero, spike).intoArray(v, at + c);
        if (z != null) {
          FloatVector.fromArray(S, z, at + c)
              .mul(d.traceDecay())
              .blend(one, spike)
              .intoArray(z, at + c);
        }
        word |= spike.toLong() << (c - c0);
      }
      bits[bitsAt + (c0 >> 6)] = word;
    }
    return 0;
  }

  @Override
  public boolean contrastive(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      float[] u,
      float[] alone,
      int from,
      Rule rule,
      int missed,
      int step,
      float[] columns,
      int stride) {
    FloatVector zero = FloatVector.zero(S);
    for (int c = 0; c < width; c += L) {
      FloatVector weight = FloatVector.fromArray(S, w, at + c);
      FloatVector first = FloatVector.fromArray(S, m, at + c);
      FloatVector second = FloatVector.fromArray(S, v, at + c);
      for (int s = missed; s < step; s++) { // a zero gradient adds zero, to the same bits
        first = first.mul(Constants.BETA1).add(zero);
        second = second.mul(Constants.BETA2).add(zero);
        FloatVector spikes = FloatVector.fromArray(S, columns, s * stride + from + c);
        weight = clip(move(weight, first, second, rule, s).sub(spikes.mul(rule.decay)), rule);
      }
      FloatVector g = FloatVector.fromArray(S, u, from + c);
      first = first.mul(Constants.BETA1).add(g.mul(Adam.GAIN1));
      second = second.mul(Constants.BETA2).add(g.mul(g).mul(Adam.GAIN2));
      FloatVector spikes = FloatVector.fromArray(S, alone, from + c);
      weight = clip(move(weight, first, second, rule, step).sub(spikes.mul(rule.decay)), rule);
      first.intoArray(m, at + c);
      second.intoArray(v, at + c);
      weight.intoArray(w, at + c);
    }
    return true;
  }

  @Override
  public boolean error(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      float[] u,
      int from,
      Rule rule,
      int step) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    for (int c = 0; c < width; c += L) {
      FloatVector weight = FloatVector.fromArray(S, w, at + c);
      FloatVector g = FloatVector.fromArray(S, u, from + c).neg().mul(one.sub(weight.abs()));
      FloatVector first =
          FloatVector.fromArray(S, m, at + c).mul(Constants.BETA1).add(g.mul(Adam.GAIN1));
      FloatVector second =
          FloatVector.fromArray(S, v, at + c).mul(Constants.BETA2).add(g.mul(g).mul(Adam.GAIN2));
      first.intoArray(m, at + c);
      second.intoArray(v, at + c);
      clip(move(weight, first, second, rule, step), rule).intoArray(w, at + c);
    }
    return true;
  }

  /** Adam's step from the moments. */
  private static FloatVector move(
      FloatVector weight, FloatVector first, FloatVector second, Rule rule, int step) {
    return weight.sub(
        first
            .mul(rule.rate[step])
            .div(
                second
                    .mul(rule.secondScale[step])
                    .lanewise(VectorOperators.SQRT)
                    .add(Constants.EPSILON)));
  }

  private static FloatVector clip(FloatVector w, Rule rule) {
    return w.max(rule.lower).min(rule.upper);
  }
}
