package csdp.backend.cpu;

import csdp.model.Adam;

/**
 * The inner loops over one row. Widths are multiples of {@link RowLayout#LANES}. A plain and a
 * Vector API implementation add in the same order and are bit-identical. Only the plain one checks
 * for non-finite values.
 */
interface RowMath {
  /**
   * Returns the Vector API implementation if the module jdk.incubator.vector is present, else the
   * plain one.
   */
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

  /** Number of {@link #philox} blocks per widest vector. */
  int BLOCKS = 8;

  /** Columns of a panel: with 784 inputs its weights (200 kB) fit a core's L2 cache. */
  int PANEL = 64;

  /** Flag: a membrane potential is NaN or infinite. */
  int BAD_MEMBRANE = 1;

  /** Flag: a threshold is NaN or infinite. */
  int BAD_THRESHOLD = 2;

  /** Returns a one-line description. */
  String description();

  /** A matrix in an array: row r has {@code width} floats from base + r * stride on. */
  record Matrix(float[] array, int base, int stride, int width) {}

  /**
   * j[jAt + c] += scale * sum over r in list[from .. from+count) of w[r, c].
   *
   * @param sum scratch of a row's width from {@code sumAt} on
   */
  void gather(
      float[] j,
      int jAt,
      float scale,
      Matrix w,
      int[] list,
      int from,
      int count,
      float[] sum,
      int sumAt);

  /**
   * j[jAt + c] = 0 + scale * sum over r in list[from .. from+count) of w[base + r * PANEL + c], for
   * the {@link #PANEL} columns of a panel. The addition to 0 avoids a result of -0.
   */
  void gatherPanel(
      float[] j, int jAt, float scale, float[] w, int base, int[] list, int from, int count);

  /** u[uAt + c] = sum over b in list[from .. from+count) of scale * d[base + b * stride + c]. */
  void gatherScaled(float[] u, int uAt, float scale, Matrix d, int[] list, int from, int count);

  /**
   * u[uAt + 16 unit[q] + lane] += scales[lane] * value[q] for q in from .. to and the lanes, {@link
   * Spikes#GROUP} of them, whose scale is not zero.
   */
  void scatter(float[] u, int uAt, float[] scales, int[] unit, float[] value, int from, int to);

  /**
   * Leaky integration, spike and reset, trace: v' = v + ((j - v) / tau) dt; s = v' > thr. Where
   * {@code change} is not NaN, thr = max(thr + change, floor) comes first. The trace is optional
   * (null).
   *
   * @param jAt start of the currents
   * @param at start of the row in v, thr and z
   * @param bitsAt first word of the row's spike bits
   * @return {@link #BAD_MEMBRANE} if a membrane potential before its reset is NaN or infinite,
   *     {@link #BAD_THRESHOLD} if a threshold before its floor is, or both; else 0
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
   * Applies Adam, decay and clip of a row's deferred steps. In those steps its unit was silent, so
   * the gradient was zero and every postsynaptic spike was without a presynaptic one: weights and
   * moments depend on the column sums only. Arithmetic and order are those of the direct update.
   *
   * @param at start of the row in w, m and v
   * @param missed first deferred step
   * @param step end of the deferred steps, exclusive
   * @param columns column sums of every step's postsynaptic spikes
   * @param columnsAt start of the sums of {@code missed}
   * @param stride between the sums of successive steps
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
   * Applies Adam, decay and clip of a row.
   *
   * @param at start of the row in w, m and v
   * @param u gradient, from {@code uAt} on
   * @param unpaired postsynaptic spikes without a presynaptic one, from {@code unpairedAt} on
   * @return true if the weights before clipping and the moments are finite
   */
  boolean contrastive(
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
      int step);

  /**
   * Applies Adam and clip with gradient -u (1 - |w|); u begins at {@code uAt}.
   *
   * @return true if the weights before clipping and the moments are finite
   */
  boolean error(
      float[] w, float[] m, float[] v, int at, int width, float[] u, int uAt, Rule rule, int step);

  /**
   * Computes blocks of {@link csdp.model.Philox} whose counters differ in the last word.
   *
   * @param last last words of the counters, from index {@code from}; the length must allow for a
   *     multiple of {@link #BLOCKS}
   * @param words the first words of all blocks at 0, the second ones at {@code stride}, and so on,
   *     each in the lower half; padded like {@code last}
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
    float decay; // of the current window
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
