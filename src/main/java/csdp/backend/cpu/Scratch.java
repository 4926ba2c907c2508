package csdp.backend.cpu;

import csdp.error.CsdpException;

/**
 * Buffers of the workers. All float rows are in one array, large enough to start at a heap region
 * (G1, regions of up to 8 MiB); each row has its own cache lines.
 */
final class Scratch {
  private static final int LARGE = 1 << 20;

  /** Number of gradient rows extracted from a group at once; divides the group size. */
  static final int ROWS = 4;

  final float[] floats;
  final float[][] scales; // of a group's units
  final long[][] words; // of random numbers
  final int[][] samples; // a list of them
  private final int row;
  private final int each;

  Scratch(int workers, int widest, int inputs, int random) {
    row = new RowLayout(widest).stride;
    each = Math.addExact((ROWS + 1 + Spikes.GROUP) * row, inputs * RowMath.PANEL);
    long all = (long) workers * each + RowLayout.LEAD;
    if (all > Integer.MAX_VALUE - Long.BYTES) {
      throw CsdpException.badInput(
          "%d threads are too many for a network of this size: take at most %d",
          workers, (Integer.MAX_VALUE - Long.BYTES - RowLayout.LEAD) / each);
    }
    floats = new float[Math.max(LARGE, (int) all)];
    scales = new float[workers][4 * Spikes.GROUP]; // padded, to avoid false sharing
    words = new long[workers][random];
    samples = new int[workers][];
  }

  /** Rows of gradients. */
  int gradient(int worker) {
    return RowLayout.LEAD + worker * each;
  }

  /** A row of counts of postsynaptic spikes without a presynaptic one. */
  int unpaired(int worker) {
    return gradient(worker) + ROWS * row;
  }

  /** The gradients of a group of units, interleaved. */
  int lanes(int worker) {
    return unpaired(worker) + row;
  }

  /** A panel of weights. */
  int panel(int worker) {
    return lanes(worker) + Spikes.GROUP * row;
  }

  /** A row of currents, in a phase without gradients. */
  int current(int worker) {
    return gradient(worker);
  }

  /** A row of sums for it. */
  int sum(int worker) {
    return unpaired(worker);
  }
}
