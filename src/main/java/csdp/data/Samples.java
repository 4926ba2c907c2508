package csdp.data;

import csdp.error.CsdpException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** The samples of a data set as they are stored, i = 0, 1, ... */
sealed interface Samples {
  /** Tolerance for float16 near 1 (2^-10), far below a grey level (1/255). */
  float ROUNDING = 1e-3f;

  /** Returns how samples are stored. */
  Dataset.Kind kind();

  /** Copies the values of sample i, in [0, 1]: see {@link Dataset#copyImage}. */
  void copyImage(int i, float[] out, int offset);

  /** Adds n samples to a checksum: see {@link Dataset#sha256}. */
  void addTo(MessageDigest digest, int first, int n);

  /** Returns the number of bits of a value, which differs by kind. */
  int bits();

  /** Returns the time steps of a recording; 0 for images. */
  default int steps() {
    return 0;
  }

  /** Returns recordings with another number of time steps; images stay as they are. */
  default Samples inSteps(int steps) {
    return this;
  }

  /**
   * Images of 8 bits a pixel; byte b stands for the value b / 255.
   *
   * @param base index of the first byte of sample 0
   */
  record Bytes(byte[] bytes, int base, int pixels) implements Samples {
    @Override
    public Dataset.Kind kind() {
      return Dataset.Kind.BYTES;
    }

    @Override
    public void copyImage(int i, float[] out, int offset) {
      int start = base + i * pixels;
      for (int p = 0; p < pixels; p++) {
        out[offset + p] = (bytes[start + p] & 0xFF) / 255f;
      }
    }

    @Override
    public void addTo(MessageDigest digest, int first, int n) {
      digest.update(bytes, base + first * pixels, n * pixels);
    }

    @Override
    public int bits() {
      return 8;
    }
  }

  /** Images of float values. */
  record Floats(float[] floats, int pixels) implements Samples {
    @Override
    public Dataset.Kind kind() {
      return Dataset.Kind.FLOATS;
    }

    @Override
    public void copyImage(int i, float[] out, int offset) {
      System.arraycopy(floats, i * pixels, out, offset, pixels);
    }

    @Override
    public void addTo(MessageDigest digest, int first, int n) {
      ByteBuffer buffer = ByteBuffer.allocate(4 * pixels);
      for (int i = first; i < first + n; i++) {
        buffer.clear().asFloatBuffer().put(floats, i * pixels, pixels);
        digest.update(buffer);
      }
    }

    @Override
    public int bits() {
      return 32;
    }
  }

  /** Recorded spikes. */
  record Spikes(Recordings recordings, int pixels) implements Samples {
    @Override
    public Dataset.Kind kind() {
      return Dataset.Kind.SPIKES;
    }

    @Override
    public void copyImage(int i, float[] out, int offset) {
      Dataset.copyRates(spikes(i), 0, pixels, pixels, out, offset);
    }

    @Override
    public void addTo(MessageDigest digest, int first, int n) {
      digest.update(ByteBuffer.allocate(4).putInt(steps()).flip());
      for (int i = first; i < first + n; i++) {
        digest.update(packed(spikes(i)));
      }
    }

    @Override
    public int bits() {
      return 1;
    }

    @Override
    public int steps() {
      return recordings.steps();
    }

    @Override
    public Samples inSteps(int steps) {
      return steps == steps() ? this : new Spikes(recordings.inSteps(steps), pixels);
    }

    /** Returns the spikes of recording i: T x units bytes, 0 or 1. */
    byte[] spikes(int i) {
      byte[] spikes = new byte[Math.multiplyExact(steps(), pixels)];
      recordings.copy(i, spikes, 0, pixels);
      return spikes;
    }

    /** Packs eight 0 or 1 into a byte, the first into its highest bit, as NumPy's packbits. */
    private static byte[] packed(byte[] spikes) {
      byte[] packed = new byte[(spikes.length + 7) / 8];
      for (int s = 0; s < spikes.length; s++) {
        packed[s / 8] |= (byte) (spikes[s] << (7 - s % 8));
      }
      return packed;
    }
  }

  /**
   * Clamps values outside of [0, 1] by rounding; refuses any others, including NaN.
   *
   * @param name of the set or file, for messages
   * @param first index of the first image, for messages
   */
  static void clamp(String name, float[] values, int pixels, long first) {
    for (int i = 0; i < values.length; i++) {
      float value = values[i];
      if (!(value >= 0 && value <= 1)) {
        if (!(value >= -ROUNDING && value <= 1 + ROUNDING)) {
          throw CsdpException.badInput(
              "%s: pixel %d of image %d is %s; pixels are 0..1 (scale them, or store uint8 0..255)",
              name, i % pixels, first + i / pixels, value);
        }
        values[i] = value < 0 ? 0 : 1;
      }
    }
  }

  /** Returns images of values in [0, 1], as bytes b if all values equal b / 255f. */
  static Samples ofValues(float[] values, int pixels) {
    byte[] bytes = null;
    for (int i = 0; i < values.length; i++) {
      int b = Math.round(values[i] * 255);
      if (b / 255f != values[i]) {
        return new Floats(values, pixels);
      }
      if (bytes == null) {
        bytes = new byte[values.length];
      }
      bytes[i] = (byte) b;
    }
    return new Bytes(bytes, 0, pixels);
  }
}
