package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Floats;
import java.util.Arrays;

/** Rows of units on the device end at whole words of 32 spikes; on the host they do not. */
final class Padding {
  static final int WORD = 32;

  private Padding() {}

  /** Units of a row on the device: a multiple of 32. */
  static int stride(int units) {
    return words(units) * WORD;
  }

  /** Words of 32 that hold a bit for each of so many. */
  static int words(int bits) {
    return (bits + WORD - 1) / WORD;
  }

  /** Uploads rows of units; the padding is filled. */
  static void upload(Floats into, float[] rows, int units, float fill) {
    int stride = stride(units);
    if (stride == units) {
      into.upload(rows);
      return;
    }
    float[] padded = new float[Math.multiplyExact(rows.length / units, stride)];
    Arrays.fill(padded, fill);
    for (int r = 0; r < rows.length / units; r++) {
      System.arraycopy(rows, r * units, padded, r * stride, units);
    }
    into.upload(padded);
  }

  /** Downloads as many rows of units as there is room for. */
  static float[] download(Floats from, float[] into, int units) {
    int stride = stride(units);
    if (stride == units) {
      return from.download(into);
    }
    float[] padded = from.download(new float[Math.multiplyExact(into.length / units, stride)]);
    for (int r = 0; r < into.length / units; r++) {
      System.arraycopy(padded, r * stride, into, r * units, units);
    }
    return into;
  }
}
