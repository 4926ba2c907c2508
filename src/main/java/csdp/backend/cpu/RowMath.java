package csdp.backend.cpu;

import csdp.model.Adam;

/**
 * The inner loops, over one row. Widths are multiples of {@link RowLayout#LANES}. Each has a plain
 * form and one with the Vector API; both add in the same order and give the same bits. Only the
 * plain form looks for values that are not finite.
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

  /** Blocks of {@link #philox} that the widest vectors draw at once. */
  int BLOCKS = 8;

  /** Columns of a panel: their weights from 784 inputs, 200 kB, leave room in a core's L2 cache. */
  int PANEL = 64;

  /** A membrane potential is NaN or infinite. */
  int BAD_MEMBRANE = 1;

  /** A threshold is. */
  int BAD_THRESHOLD = 2;

  /** One line for people. */
  String description();

  /**
   * j[jAt + c] += scale * sum over r in list[from .. from+count) of w[base + r * stride + c].
   *
   * @param sum scratch of {@code width} floats from {@code sumAt} on
   */
  void gather(
      float[] j,
      int jAt,
      float scale,
      float[] w,
      int base,
      int stride,
      int width,
      int[] list,
      int from,
      int count,
      float[] sum,
      int sumAt);

  /**
   * j[jAt + c] = 0 + scale * sum over r in list[from .. from+count) of w[base + r * PANEL + c], for
   * the {@link #PANEL} columns of a panel. What is not added to a zero could be -0.
   */
  void gatherPanel(
      float[] j, int jAt, float scale, float[] w, int base, int[] list, int from, int count);

  /** u[uAt + c] = sum over b in list[from .. from+count) of scale * d[base + b * stride + c]. */
  void gatherScaled(
      float[] u,
      int uAt,
      float scale,
      float[] d,
      int base,
      int stride,
      int width,
      int[] list,
      int from,
      int count);

  /**
   * u[uAt + 16 unit[q] + lane] += scales[lane] * value[q] for q in from .. to and the lanes, {@link
   * Spikes#GROUP} of them, whose scale is not zero.
   */
  void scatter(float[] u, int uAt, float[] scales, int[] unit, float[] value, int from, int to);

  /**
   * Leaky integration, spike and reset, trace: v' = v + ((j - v) / tau) dt; s = v' > thr. Where
   * {@code change} is not NaN, thr = max(thr + change, floor) comes first. Without a trace (null)
   * none is kept.
   *
   * @param jAt where the currents begin
   * @param at where the row begins in v, thr and z
   * @param bitsAt first word of the row's spike bits
   * @return {@link #BAD_MEMBRANE} where a membrane potential before its reset, {@link
   *     #BAD_THRESHOLD} where a threshold before its floor is NaN or infinite, or both; else 0
   */
  int integrate(
      float[] j,
      int jAt,
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
   * Adam, decay and clip of a row in steps that it was left out of. In those its unit was silent,
   * so the gradient was zero and every postsynaptic spike came without a presynaptic one: weights
   * and moments follow from the column sums alone, by the same arithmetic in the same order.
   *
   * @param at where the row begins in w, m and v
   * @param missed first step that the row was left out of
   * @param step behind the last one
   * @param columns column sums of every step's postsynaptic spikes
   * @param columnsAt where those of {@code missed} begin
   * @param stride from one step's to the next
   */
  void catchUp(
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
      int stride);

  /**
   * Adam, decay and clip of a row.
   *
   * @param at where the row begins in w, m and v
   * @param u gradient, from {@code uAt} on
   * @param alone postsynaptic spikes without a presynaptic one, from {@code aloneAt} on
   * @return whether the weights before their clip and the moments are finite
   */
  boolean contrastive(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      float[] u,
      int uAt,
      float[] alone,
      int aloneAt,
      Rule rule,
      int step);

  /**
   * Adam and clip with gradient -u (1 - |w|); u begins at {@code uAt}.
   *
   * @return whether weights before their clip and moments are finite
   */
  boolean error(
      float[] w, float[] m, float[] v, int at, int width, float[] u, int uAt, Rule rule, int step);

  /**
   * Blocks of random words of {@link csdp.model.Philox} whose counters differ in the last word.
   *
   * @param last last words of the counters; from {@code from} on, with room for a multiple of
   *     {@link #BLOCKS}
   * @param words the first words of all blocks at 0, the second ones at {@code stride}, and so on,
   *     each in the lower half; with room like {@code last}
   */
  void philox(
      int c0,
      int c1,
      int c2,
      long[] last,
      int from,
      int count,
      int k0,
      int k1,
      long[] words,
      int stride);

  /** Constants of integration. */
  record Dynamics(float inverseTau, float dt, float traceDecay) {}

  /**
   * Constants of a synapse's update, and those of Adam in each step of a window. The lower bound is
   * not above zero, the upper one not below.
   */
  final class Rule {
    float decay; // of the window at hand
    final float lower;
    final float upper;
    final float[] rate; // of steps 1..T
    final float[] secondScale;

    Rule(float lower, float upper, int steps) {
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
}
