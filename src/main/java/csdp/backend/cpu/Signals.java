package csdp.backend.cpu;

import java.util.Arrays;

/**
 * What plasticity gets from a postsynaptic population in a step, the modulator d or the error e, as
 * for each sample the list of units where it is not zero. Traces are zero until a unit's first
 * spike of the window, so in a large layer these lists are short. Where they are not, a dense
 * matrix is kept beside them; both give the same sums.
 */
final class Signals {
  /** Lists are walked where fewer than one in so many values differs from zero. */
  private static final int SPARSE = 10;

  private final int samples;
  private final RowLayout rows;
  final int[] unit; // N x units
  final float[] value; // N x units
  final int[] count; // N
  private float[] dense; // N rows; null until it is first needed
  private boolean isDense;

  Signals(int samples, RowLayout rows) {
    this.samples = samples;
    this.rows = rows;
    unit = new int[Math.multiplyExact(samples, rows.units)];
    value = new float[samples * rows.units];
    count = new int[samples];
  }

  /** Whether the dense matrix is kept in this step. */
  boolean isDense() {
    return isDense;
  }

  /** No unit has a signal. */
  void clear() {
    Arrays.fill(count, 0);
    if (dense != null) {
      Arrays.fill(dense, 0);
    }
    isDense = false;
  }

  /** Before a step in which lists can only grow: chooses the form from what they hold. */
  void choose() {
    long entries = 0;
    for (int c : count) {
      entries += c;
    }
    isDense = entries * SPARSE > (long) samples * rows.units;
    if (isDense && dense == null) {
      dense = new float[rows.size(samples)];
    }
  }

  /**
   * Appends a unit to a sample's list.
   *
   * @return how many there are now
   */
  int append(int sample, int u, float d) {
    int at = sample * rows.units + count[sample];
    unit[at] = u;
    value[at] = d;
    return ++count[sample];
  }

  /** Copies a sample's list into the dense matrix, where that is kept. */
  void spread(int sample) {
    if (isDense) {
      int at = rows.at(sample);
      for (int k = sample * rows.units, end = k + count[sample]; k < end; k++) {
        dense[at + unit[k]] = value[k];
      }
    }
  }

  /**
   * u[uAt + j] = sum over samples in list[from .. from+n) of scale * d[sample, j], for all units
   * and the padding.
   */
  void gather(RowMath math, float scale, int[] list, int from, int n, float[] u, int uAt) {
    if (isDense) {
      math.gatherScaled(u, uAt, scale, dense, rows.at(0), rows.stride, rows.padded, list, from, n);
      return;
    }
    Arrays.fill(u, uAt, uAt + rows.padded, 0f);
    for (int k = from; k < from + n; k++) {
      int start = list[k] * rows.units;
      for (int q = start, end = start + count[list[k]]; q < end; q++) {
        u[uAt + unit[q]] += scale * value[q];
      }
    }
  }

  /**
   * {@link #gather} for a group of presynaptic units at once, from the lists: u[uAt + 16 j + lane].
   *
   * @param scales scratch of a group's size
   */
  void gatherGroup(
      RowMath math, float scale, Spikes pre, int group, float[] u, int uAt, float[] scales) {
    Arrays.fill(u, uAt, uAt + Spikes.GROUP * rows.padded, 0f);
    int from = group * samples;
    for (int k = from; k < from + pre.groupCount[group]; k++) {
      for (int lane = 0; lane < Spikes.GROUP; lane++) {
        scales[lane] = (pre.groupBits[k] >> lane & 1) * scale;
      }
      int start = pre.groupList[k] * rows.units;
      math.scatter(u, uAt, scales, unit, value, start, start + count[pre.groupList[k]]);
    }
  }
}
