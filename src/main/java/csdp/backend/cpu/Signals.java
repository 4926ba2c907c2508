package csdp.backend.cpu;

import java.util.Arrays;

/**
 * What plasticity gets from a postsynaptic population in a step, the modulator d or the error e, as
 * for each sample the list of units where it is not zero. Traces are zero until a unit's first
 * spike of the window, so in a large layer these lists are short. Where they are not, a tiled dense
 * matrix is kept beside them; both give the same sums.
 */
final class Signals {
  /** Lists are walked where fewer than one in so many values differs from zero. */
  private static final int SPARSE = 10;

  private final int samples;
  private final Tiling tiling;
  final int[] unit; // N x units
  final float[] value; // N x units
  final int[] count; // N
  float[] dense; // tiled, N rows; null until it is first needed
  private boolean isDense;

  Signals(int samples, Tiling tiling) {
    this.samples = samples;
    this.tiling = tiling;
    unit = new int[Math.multiplyExact(samples, tiling.units)];
    value = new float[samples * tiling.units];
    count = new int[samples];
  }

  /** No unit has a signal. */
  void clear() {
    Arrays.fill(count, 0);
    if (dense != null) {
      Arrays.fill(dense, 0);
    }
    isDense = false;
  }

  /** Whether the dense matrix is kept in this step. */
  boolean isDense() {
    return isDense;
  }

  /** Before a step in which lists can only grow: chooses the form from what they hold. */
  void choose() {
    long entries = 0;
    for (int c : count) {
      entries += c;
    }
    isDense = entries * SPARSE > (long) samples * tiling.units;
    if (isDense && dense == null) {
      dense = new float[tiling.size(samples)];
    }
  }

  /** Appends a unit to a sample's list. */
  void append(int sample, int u, float d) {
    int at = sample * tiling.units + count[sample]++;
    unit[at] = u;
    value[at] = d;
  }

  /** Copies a sample's list into the dense matrix, where that is kept. */
  void spread(int sample) {
    if (isDense) {
      for (int k = sample * tiling.units, end = k + count[sample]; k < end; k++) {
        dense[tiling.at(sample, unit[k], samples)] = value[k];
      }
    }
  }

  /**
   * u[j] = sum over samples in list[from .. from+n) of scale * d[sample, j], for all units.
   *
   * @param u padded units
   */
  void gather(RowMath math, float scale, int[] list, int from, int n, float[] u) {
    if (isDense) {
      for (int t = 0; t < tiling.tiles; t++) {
        int base = tiling.base(t, samples);
        math.gatherScaled(u, t * Tiling.TILE, scale, dense, base, tiling.width(t), list, from, n);
      }
      return;
    }
    Arrays.fill(u, 0, tiling.padded, 0f);
    for (int k = from; k < from + n; k++) {
      int start = list[k] * tiling.units;
      for (int q = start, end = start + count[list[k]]; q < end; q++) {
        u[unit[q]] += scale * value[q];
      }
    }
  }
}
