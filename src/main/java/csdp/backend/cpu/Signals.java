package csdp.backend.cpu;

import java.util.Arrays;

/**
 * The signal of a postsynaptic population for plasticity in a step, the modulator d or the error e:
 * for each sample, the list of units with a nonzero value. Traces are zero until a unit's first
 * spike of the window, so the lists of a large layer are short. For long lists a dense matrix is
 * also kept; both give the same sums.
 */
final class Signals {
  /** Lists are used if fewer than one in this number of values is nonzero. */
  private static final int SPARSE = 10;

  private final int samples;
  private final RowLayout rows;
  final int[] unit; // N x units
  final float[] value; // N x units
  final int[] count; // N
  private float[] dense; // N rows; allocated on first use
  private RowMath.Matrix matrix; // of dense
  private boolean isDense;

  Signals(int samples, RowLayout rows) {
    this.samples = samples;
    this.rows = rows;
    unit = new int[Math.multiplyExact(samples, rows.units)];
    value = new float[samples * rows.units];
    count = new int[samples];
  }

  /** Returns true if the dense matrix is used in this step. */
  boolean isDense() {
    return isDense;
  }

  /** Clears all lists. */
  void clear() {
    Arrays.fill(count, 0);
    if (dense != null) {
      Arrays.fill(dense, 0);
    }
    isDense = false;
  }

  /**
   * Selects lists or matrix before a step, from the current length of the lists, which only grow.
   */
  void choose() {
    long entries = 0;
    for (int c : count) {
      entries += c;
    }
    isDense = entries * SPARSE > (long) samples * rows.units;
    if (isDense && dense == null) {
      dense = new float[rows.size(samples)];
      matrix = rows.of(dense);
    }
  }

  /**
   * Appends a unit to a sample's list.
   *
   * @return the new length
   */
  int append(int sample, int u, float d) {
    int at = sample * rows.units + count[sample];
    unit[at] = u;
    value[at] = d;
    return ++count[sample];
  }

  /** Copies a sample's list into the dense matrix if that is used. */
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
      math.gatherScaled(u, uAt, scale, matrix, list, from, n);
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
