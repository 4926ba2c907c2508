package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Floats;
import java.util.Arrays;

/** Padding of rows on the device to whole words of 32 spikes; rows on the host are not padded. */
final class Padding {
  static final int WORD = 32;

  private Padding() {}

  /** Returns the length of a row on the device: a multiple of 32. */
  static int stride(int units) {
    return words(units) * WORD;
  }

  /** Returns the number of 32-bit words for a number of bits. */
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

  /** Downloads as many rows as the array holds. */
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
