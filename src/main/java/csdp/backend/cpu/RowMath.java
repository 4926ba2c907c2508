package csdp.backend.cpu;

import csdp.model.Adam;
import csdp.model.Constants;
import java.util.Arrays;

/**
 * The inner loops, over one row of a tile. Widths are multiples of {@link Tiling#LANES}. Each has a
 * plain form and one with the Vector API; both add in the same order and give the same bits. Only
 * the plain form looks for values that are not finite.
 */
interface RowMath {
  /** The Vector API's form where the module jdk.incubator.vector is there, else the plain one. */
  static RowMath best() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      try {
        return Class.forName("csdp.backend.cpu.VectorRowMath")
            .asSubclass(RowMath.class)
            .getDeclaredConstructor()
            .newInstance();
      } catch (ReflectiveOperationException | LinkageError e) {
        return new PlainRowMath();
      }
    }
    return new PlainRowMath();
  }

  /** A membrane potential is NaN or infinite. */
  int BAD_MEMBRANE = 1;

  /** A threshold is. */
  int BAD_THRESHOLD = 2;

  /** One line for people. */
  String description();

  /**
   * j[c] += scale * sum over r in list[from .. from+count) of w[base + r * width + c].
   *
   * @param sum scratch of a tile's width
   */
  void gather(
      float[] j,
      float scale,
      float[] w,
      int base,
      int width,
      int[] list,
      int from,
      int count,
      float[] sum);

  /** u[uAt + c] = sum over b in list[from .. from+count) of scale * d[base + b * width + c]. */
  void gatherScaled(
      float[] u,
      int uAt,
      float scale,
      float[] d,
      int base,
      int width,
      int[] list,
      int from,
      int count);

  /**
   * Leaky integration, spike and reset, trace: v' = v + ((j - v) / tau) dt; s = v' > thr. Where
   * {@code change} is not NaN, thr = max(thr + change, floor) comes first. Without a trace (null)
   * none is kept.
   *
   * @param at where the row begins in v, thr and z
   * @param bitsAt first word of the row's spike bits
   * @return {@link #BAD_MEMBRANE} where a membrane potential before its reset, {@link
   *     #BAD_THRESHOLD} where a threshold before its floor is NaN or infinite, or both; else 0
   */
  int integrate(
      float[] j,
      float[] v,
      float[] thr,
      float[] z,
      int at,
      int width,
      Dynamics dynamics,
      float change,
      long[] bits,
      int bitsAt);

  /**
   * Adam, decay and clip of a row: first in the steps that it was left out of, then in this one. In
   * those steps its unit was silent, so the gradient was zero and every postsynaptic spike came
   * without a presynaptic one: weights and moments follow from the column sums alone, by the same
   * arithmetic in the same order.
   *
   * @param at where the row begins in w, m and v
   * @param u gradient
   * @param alone postsynaptic spikes without a presynaptic one
   * @param from where the row begins in u, in alone and in a step of the column sums
   * @param missed first step that the row was left out of; {@code step} for none
   * @param columns column sums of every step's postsynaptic spikes, {@code stride} apart
   * @return whether the weights of this step before their clip and the moments are finite
   */
  boolean contrastive(
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
      int stride);

  /**
   * Adam and clip with gradient -u (1 - |w|); u begins at {@code from}.
   *
   * @return whether weights before their clip and moments are finite
   */
  boolean error(
      float[] w, float[] m, float[] v, int at, int width, float[] u, int from, Rule rule, int step);

  /** Constants of integration. */
  record Dynamics(float inverseTau, float dt, float traceDecay) {}

  /** Constants of a synapse's update, and those of Adam in each step of a window. */
  final class Rule {
    final float decay;
    final float lower;
    final float upper;
    final float[] rate; // of steps 1..T
    final float[] secondScale;

    Rule(float decay, float lower, float upper, int steps) {
      this.decay = decay;
      this.lower = lower;
      this.upper = upper;
      this.rate = new float[steps + 1];
      this.secondScale = new float[steps + 1];
    }

    void at(int step, Adam adam) {
      rate[step] = adam.rate();
      secondScale[step] = adam.secondScale();
    }
  }

  /** Written with plain loops; what C2 can vectorise, it does. */
  final class PlainRowMath implements RowMath {
    @Override
    public String description() {
      return "plain loops (slower: start Java with --add-modules jdk.incubator.vector)";
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
      Arrays.fill(sum, 0, width, 0f);
      for (int k = from; k < from + count; k++) {
        int row = base + list[k] * width;
        for (int c = 0; c < width; c++) {
          sum[c] += w[row + c];
        }
      }
      for (int c = 0; c < width; c++) {
        j[c] += scale * sum[c];
      }
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
      Arrays.fill(u, uAt, uAt + width, 0f);
      for (int k = from; k < from + count; k++) {
        int row = base + list[k] * width;
        for (int c = 0; c < width; c++) {
          u[uAt + c] += scale * d[row + c];
        }
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
      int bad = 0;
      for (int c0 = 0; c0 < width; c0 += 64) {
        long word = 0;
        for (int c = c0; c < Math.min(c0 + 64, width); c++) {
          if (adapt) {
            float threshold = thr[at + c] + change;
            bad |= Float.isFinite(threshold) ? 0 : BAD_THRESHOLD;
            thr[at + c] = Math.max(threshold, Constants.THRESHOLD_FLOOR);
          }
          float old = v[at + c];
          float next = old + ((j[c] - old) * d.inverseTau) * d.dt;
          bad |= Float.isFinite(next) ? 0 : BAD_MEMBRANE;
          boolean spike = next > thr[at + c];
          v[at + c] = spike ? 0 : next;
          if (z != null) {
            z[at + c] = spike ? 1 : z[at + c] * d.traceDecay;
          }
          word |= (spike ? 1L : 0L) << (c - c0);
        }
        bits[bitsAt + (c0 >> 6)] = word;
      }
      return bad;
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
      boolean finite = true;
      for (int s = missed; s <= step; s++) {
        for (int c = 0; c < width; c++) {
          float g = s < step ? 0 : u[from + c];
          float spikes = s < step ? columns[s * stride + from + c] : alone[from + c];
          float next = adam(w, m, v, at + c, g, rule, s) - rule.decay * spikes;
          finite &= Float.isFinite(Math.abs(next) + v[at + c]); // m spoils the weight
          w[at + c] = Math.min(Math.max(next, rule.lower), rule.upper);
        }
      }
      return finite;
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
      boolean finite = true;
      for (int c = 0; c < width; c++) {
        float g = -u[from + c] * (1 - Math.abs(w[at + c]));
        float next = adam(w, m, v, at + c, g, rule, step);
        finite &= Float.isFinite(Math.abs(next) + v[at + c]);
        w[at + c] = Math.min(Math.max(next, rule.lower), rule.upper);
      }
      return finite;
    }

    private static float adam(
        float[] w, float[] m, float[] v, int k, float g, Rule rule, int step) {
      float first = Constants.BETA1 * m[k] + Adam.GAIN1 * g;
      float second = Constants.BETA2 * v[k] + Adam.GAIN2 * (g * g);
      m[k] = first;
      v[k] = second;
      return w[k]
          - rule.rate[step]
              * first
              / ((float) Math.sqrt(second * rule.secondScale[step]) + Constants.EPSILON);
    }
  }
}
