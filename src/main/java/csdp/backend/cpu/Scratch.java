package csdp.backend.cpu;

import csdp.error.CsdpException;

/**
 * The workers' own buffers. Rows of floats are in one array, so large that with G1 and regions of
 * up to 8 MiB it begins at a region's start, and each on cache lines of its own.
 */
final class Scratch {
  private static final int LARGE = 1 << 20;

  /** Rows of gradients that are taken out of a group's at once; divides their number. */
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
    scales = new float[workers][4 * Spikes.GROUP]; // longer, so that no two share a cache line
    words = new long[workers][random];
    samples = new int[workers][];
  }

  /** Rows of gradients. */
  int gradient(int worker) {
    return RowLayout.LEAD + worker * each;
  }

  /** A row of postsynaptic spikes without presynaptic ones. */
  int alone(int worker) {
    return gradient(worker) + ROWS * row;
  }

  /** The gradients of a group of units, interleaved. */
  int lanes(int worker) {
    return alone(worker) + row;
  }

  /** A panel of weights. */
  int panel(int worker) {
    return lanes(worker) + Spikes.GROUP * row;
  }

  /** A row of currents, in a phase without gradients. */
  int current(int worker) {
    return gradient(worker);
  }

  /** A row of sums beside it. */
  int sum(int worker) {
    return alone(worker);
  }
}
