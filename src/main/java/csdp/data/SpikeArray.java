package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Npy;
import csdp.io.NpyArray;
import csdp.io.NpyReader;
import java.nio.file.Path;

/**
 * Recorded spikes in a .npy file, which is opened for each recording.
 *
 * @param file bool, n x T x units; or uint8, n x T x units / 8, the first unit in the highest bit
 * @param size number of recordings n
 * @param steps T
 * @param units a multiple of 8 if packed
 * @param packed true for uint8
 */
record SpikeArray(Path file, int size, int steps, int units, boolean packed) implements Recordings {
  private static final String BITS = "Bits.npy";

  /**
   * Reads the header of a file, whose name says whether it is packed.
   *
   * @throws CsdpException bad input if it is damaged or holds something else
   */
  static SpikeArray open(Path file) {
    boolean packed = file.toString().endsWith(BITS);
    try (NpyReader in = NpyReader.open(file)) {
      int[] shape = in.shape();
      boolean rightType = in.type().equals(packed ? "u1" : "b1");
      if (shape.length != 3 || in.left() == 0 || !rightType || !in.isRowMajor()) {
        throw CsdpException.badInput(
            "%s: %s of shape %s; recorded spikes are %s, at least one, in C order",
            file,
            in.type(),
            Npy.shapeText(shape),
            packed ? "u1 (uint8), n x steps x units / 8" : "b1 (bool), n x steps x units");
      }
      long values = (long) shape[1] * shape[2] * (packed ? 8 : 1);
      if (values > Integer.MAX_VALUE - 8) {
        throw CsdpException.badInput(
            "%s: a recording of shape %s is more than an array can hold",
            file, Npy.shapeText(shape));
      }
      return new SpikeArray(file, shape[0], shape[1], shape[2] * (packed ? 8 : 1), packed);
    }
  }

  @Override
  public Recordings inSteps(int other) {
    throw CsdpException.badInput(
        "%s holds recordings of %d steps, the network has %d: give --steps %d",
        file, steps, other, steps);
  }

  @Override
  public void copy(int i, byte[] out, int offset, int stride) {
    int row = packed ? units / 8 : units;
    NpyArray found;
    try (NpyReader in = NpyReader.open(file)) {
      in.skip((long) i * steps * row);
      found = in.next(steps * row);
    }
    for (int t = 0; t < steps; t++) {
      for (int u = 0; u < units; u++) {
        boolean spike =
            packed
                ? ((((byte[]) found.data())[t * row + u / 8] >> (7 - u % 8)) & 1) != 0
                : ((boolean[]) found.data())[t * row + u];
        if (spike) {
          out[offset + t * stride + u] = 1;
        }
      }
    }
  }
}
