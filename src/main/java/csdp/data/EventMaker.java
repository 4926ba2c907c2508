package csdp.data;

import csdp.io.AtomicFolder;
import csdp.io.Npy;
import csdp.io.NpyWriter;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * Writes recorded spikes of {@linkplain Strokes drawn digits} in the layouts of published sets. A
 * recording depends on seed, split and index alone.
 */
public final class EventMaker {
  /** A layout of files. */
  public enum Format {
    /** N-MNIST: a camera sees a digit that moves. */
    NMNIST,
    /** SHD: a channel for each pixel; columns begin one after another. */
    SHD,
    /** The events of the camera in 50 steps, packed bits in .npy files. */
    NPY
  }

  /** Duration of a camera's recording: three movements, ms. */
  private static final int MILLIS = 300;

  /** Corners of the path of the digit, in pixels from the centre; the last is the first. */
  private static final double[][] CORNERS = {{-2, -2}, {0, 2}, {2, -2}, {-2, -2}};

  /** Brightness levels between black and white that the camera distinguishes. */
  private static final int LEVELS = 4;

  /** Steps of the recordings in .npy files. */
  private static final int STEPS = 50;

  /** Columns of a digit that have channels; those at its edges are black. */
  private static final int COLUMNS = ShdFolder.UNITS / Strokes.SIDE;

  /** From the start of a column to that of the next, ms. */
  private static final int DELAY = 28;

  /** Time from the first to the last possible spike of a channel, ms. */
  private static final int DURATION = 400;

  /** Spikes of a channel whose pixel is white. */
  private static final int MOST_SPIKES = 10;

  /** Low bits of an event, which hold its unit; the higher ones hold microseconds. */
  private static final int UNIT_BITS = 16;

  private EventMaker() {}

  /**
   * Writes training and test recordings, as many of each digit.
   *
   * @param folder new or empty
   * @param train number of training recordings, at least 1
   * @param test number of test recordings, at least 1
   * @throws csdp.error.CsdpException bad input: a number below 1, or other files in the folder;
   *     environment: it cannot be written
   */
  public static void write(Path folder, Format format, int train, int test, int seed) {
    Dataset[] digits = {
      Strokes.draw("training recordings", seed, 0, train),
      Strokes.draw("test recordings", seed, 1, test)
    };
    AtomicFolder.replace(
        folder,
        null,
        to -> {
          for (Split split : new Split[] {Split.TRAIN, Split.TEST}) {
            int part = split == Split.TRAIN ? 0 : 1;
            switch (format) {
              case NMNIST -> nmnist(to, split, digits[part], seed);
              case SHD -> shd(to, split, digits[part], seed);
              case NPY -> npy(to, split, digits[part], seed);
            }
          }
        });
  }

  private static void nmnist(Path to, Split split, Dataset digits, int seed) throws IOException {
    Path part = to.resolve(split == Split.TRAIN ? "Train" : "Test");
    for (int i = 0; i < digits.size(); i++) {
      long[] events = camera(digits, i, seed, split);
      ByteBuffer bytes = ByteBuffer.allocate(events.length * NmnistFolder.EVENT);
      for (long event : events) {
        int unit = unit(event);
        int pixel = unit % (NmnistFolder.UNITS / 2);
        int word = ((unit / (NmnistFolder.UNITS / 2)) << 23) | micros(event);
        bytes.put((byte) (pixel % NmnistFolder.SIDE)).put((byte) (pixel / NmnistFolder.SIDE));
        bytes.put((byte) (word >> 16)).putShort((short) word);
      }
      Path folder = Files.createDirectories(part.resolve(Integer.toString(digits.label(i))));
      Files.write(folder.resolve(String.format(Locale.ROOT, "%05d.bin", i + 1)), bytes.array());
    }
  }

  private static void shd(Path to, Split split, Dataset digits, int seed) throws IOException {
    try (ShdWriter out = new ShdWriter(to.resolve("shd_" + split.label() + ".h5"))) {
      for (int i = 0; i < digits.size(); i++) {
        long[] events = channels(digits, i, seed, split);
        double[] seconds = Arrays.stream(events).mapToDouble(e -> micros(e) * 1e-6).toArray();
        out.add(seconds, Arrays.stream(events).mapToInt(EventMaker::unit).toArray());
      }
      out.finish(labels(digits));
    }
  }

  private static void npy(Path to, Split split, Dataset digits, int seed) throws IOException {
    int row = NmnistFolder.UNITS / 8;
    try (NpyWriter out = new NpyWriter(to.resolve(split.label() + "Bits.npy"), "|u1", STEPS, row)) {
      for (int i = 0; i < digits.size(); i++) {
        byte[] bits = new byte[STEPS * row];
        for (long event : camera(digits, i, seed, split)) {
          int unit = unit(event);
          int step = (int) ((long) micros(event) * STEPS / (1000 * MILLIS));
          bits[step * row + unit / 8] |= (byte) (0x80 >> unit % 8);
        }
        out.add(1, bits);
      }
      out.finish();
    }
    Npy.write(to.resolve(split.label() + "Y.npy"), new int[] {digits.size()}, labels(digits));
  }

  private static int[] labels(Dataset digits) {
    int[] labels = new int[digits.size()];
    Arrays.setAll(labels, digits::label);
    return labels;
  }

  private static int unit(long event) {
    return (int) (event & ((1 << UNIT_BITS) - 1));
  }

  private static int micros(long event) {
    return (int) (event >> UNIT_BITS);
  }

  private static long event(int micros, int unit) {
    return ((long) micros << UNIT_BITS) | unit;
  }

  private static Philox.Stream random(int seed, Split split, int i) {
    return Philox.stream(seed, Purpose.EVENTS, split.ordinal(), i, 0);
  }

  /**
   * Returns the events of a camera that looks at a digit. The digit moves along a triangle. A pixel
   * that becomes a level brighter gives an ON event, a level darker an OFF event; at most one event
   * per pixel and ms.
   */
  private static long[] camera(Dataset digits, int i, int seed, Split split) {
    int side = NmnistFolder.SIDE;
    float[] image = new float[digits.pixels()];
    digits.copyImage(i, image, 0);
    Philox.Stream random = random(seed, split, i);
    int[] level = new int[side * side];
    LongStream.Builder events = LongStream.builder();
    for (int ms = 0; ms < MILLIS; ms++) {
      double along = ms * (CORNERS.length - 1) / (double) MILLIS;
      double[] a = CORNERS[(int) along];
      double[] b = CORNERS[(int) along + 1];
      double part = along - (int) along;
      double border = (side - Strokes.SIDE) / 2.0;
      double left = border + a[0] + part * (b[0] - a[0]);
      double top = border + a[1] + part * (b[1] - a[1]);
      for (int p = 0; p < level.length; p++) {
        int x = p % side;
        int y = p / side;
        double seen = brightness(image, x - left, y - top);
        int change = Integer.signum((int) Math.round(LEVELS * seen) - level[p]);
        if (ms > 0 && change != 0) {
          int polarity = change > 0 ? 1 : 0;
          events.add(event(1000 * ms + random.nextInt(1000), polarity * side * side + p));
        }
        level[p] = ms > 0 ? level[p] + change : (int) Math.round(LEVELS * seen);
      }
    }
    return events.build().sorted().toArray();
  }

  /** Returns an image's value between its pixels: bilinear, black outside. */
  private static double brightness(float[] image, double x, double y) {
    int x0 = (int) Math.floor(x);
    int y0 = (int) Math.floor(y);
    double fx = x - x0;
    double fy = y - y0;
    return (1 - fy) * ((1 - fx) * at(image, x0, y0) + fx * at(image, x0 + 1, y0))
        + fy * ((1 - fx) * at(image, x0, y0 + 1) + fx * at(image, x0 + 1, y0 + 1));
  }

  private static float at(float[] image, int x, int y) {
    boolean inside = x >= 0 && x < Strokes.SIDE && y >= 0 && y < Strokes.SIDE;
    return inside ? image[y * Strokes.SIDE + x] : 0;
  }

  /** Returns spikes of channels, more of them for brighter pixels. */
  private static long[] channels(Dataset digits, int i, int seed, Split split) {
    float[] image = new float[digits.pixels()];
    digits.copyImage(i, image, 0);
    Philox.Stream random = random(seed, split, i);
    LongStream.Builder events = LongStream.builder();
    for (int channel = 0; channel < ShdFolder.UNITS; channel++) {
      int column = channel % COLUMNS;
      float pixel = image[channel / COLUMNS * Strokes.SIDE + column + 1];
      for (int k = Math.round(MOST_SPIKES * pixel); k > 0; k--) {
        events.add(event(1000 * DELAY * column + random.nextInt(1000 * DURATION), channel));
      }
    }
    return events.build().sorted().toArray();
  }
}
