package csdp.data;

import csdp.error.CsdpException;
import csdp.model.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Generated digits, for trials without data and network access: skeletons of strokes with random
 * slant, width, wobble, size and position. Not MNIST; results are not comparable with MNIST.
 *
 * <p>An image depends on its seed, split and index alone: bit-identical on every machine and for
 * any number of threads (no Math.sin, whose last bit may differ).
 */
public final class Strokes {
  /** Seed of the set "strokes". */
  public static final int SEED = 2024;

  /** Number of training images of the set "strokes". */
  public static final int TRAIN = 12_000;

  /** Number of test images of the set "strokes". */
  public static final int TEST = 2_000;

  /** Width and height of an image, in pixels. */
  public static final int SIDE = 28;

  /** Number of classes: the digits. */
  public static final int CLASSES = 10;

  /** Marks the previous point as a corner. */
  private static final double CORNER = Double.NaN;

  /**
   * [digit][style][stroke]: x, y pairs of the pen's path; x about -0.6..0.6 to the right, y -1..1
   * down.
   */
  private static final double[][][][] STYLES = {
    {
      {
        {
          0.16, -0.97, -0.22, -0.92, -0.5, -0.45, -0.54, 0.2, -0.33, 0.82, 0.08, 0.98, 0.44, 0.6,
          0.56, -0.05, 0.44, -0.66, 0.1, -0.98, -0.12, -0.9
        }
      },
      {
        {
          0.3, -0.85, 0.0, -1, -0.34, -0.75, -0.5, -0.1, -0.42, 0.6, -0.1, 0.97, 0.26, 0.82, 0.48,
          0.2, 0.46, -0.45, 0.24, -0.9
        }
      },
    },
    {
      {{0.02, -1, 0.0, -0.3, -0.02, 0.4, -0.02, 1}},
      {{-0.32, -0.55, -0.08, -0.75, 0.1, -1, CORNER, CORNER, 0.09, -0.2, 0.06, 0.45, 0.05, 1}},
      {
        {-0.3, -0.62, 0.08, -1, CORNER, CORNER, 0.06, 0, 0.05, 0.96},
        {-0.4, 0.98, 0.05, 0.95, 0.46, 0.97}
      },
    },
    {
      {
        {
          -0.5, -0.55, -0.22, -0.95, 0.28, -0.9, 0.46, -0.42, 0.15, 0.15, -0.28, 0.65, -0.56, 0.95,
          CORNER, CORNER, 0.0, 0.92, 0.6, 0.94
        }
      },
      {
        {
          -0.45, -0.62, -0.1, -1, 0.38, -0.8, 0.38, -0.3, 0.02, 0.35, -0.34, 0.86, -0.55, 0.8,
          -0.45, 0.52, -0.1, 0.7, 0.25, 0.95, 0.6, 0.78
        }
      },
    },
    {
      {
        {
          -0.5, -0.72, -0.12, -1, 0.38, -0.8, 0.34, -0.34, -0.12, -0.08, CORNER, CORNER, 0.36, 0.14,
          0.5, 0.55, 0.15, 0.95, -0.3, 0.97, -0.58, 0.7
        }
      },
      {
        {
          -0.5, -0.93, 0.0, -0.95, 0.44, -0.93, CORNER, CORNER, 0.2, -0.55, -0.06, -0.2, CORNER,
          CORNER, 0.38, -0.02, 0.52, 0.45, 0.15, 0.94, -0.5, 0.82
        }
      },
    },
    {
      {
        {-0.35, -0.9, -0.45, -0.35, -0.5, 0.1, CORNER, CORNER, 0.0, 0.12, 0.56, 0.04},
        {0.36, -0.75, 0.28, 0.1, 0.2, 1}
      },
      {
        {0.25, -1, -0.15, -0.4, -0.58, 0.25, CORNER, CORNER, 0.0, 0.28, 0.6, 0.22},
        {0.26, -0.98, 0.25, 0.0, 0.22, 1}
      },
      {
        {
          -0.4, -0.85, -0.46, -0.3, -0.2, 0.02, 0.2, -0.1, 0.42, -0.8, CORNER, CORNER, 0.36, 0.1,
          0.3, 1
        }
      },
    },
    {
      {
        {
          0.5, -0.95, 0.1, -0.93, -0.32, -0.92, CORNER, CORNER, -0.37, -0.5, -0.42, -0.15, CORNER,
          CORNER, 0.0, -0.3, 0.42, -0.05, 0.48, 0.45, 0.15, 0.9, -0.25, 0.97, -0.55, 0.75
        }
      },
      {
        {
          -0.25, -0.9, -0.34, -0.5, -0.36, -0.15, 0.05, -0.22, 0.4, 0.1, 0.42, 0.55, 0.1, 0.92,
          -0.5, 0.85
        },
        {-0.26, -0.92, 0.1, -0.93, 0.5, -1}
      },
      {
        {
          0.52, -0.9, 0.1, -0.98, -0.3, -0.72, -0.26, -0.25, 0.15, 0.0, 0.42, 0.4, 0.18, 0.86,
          -0.25, 0.96, -0.55, 0.75
        }
      },
    },
    {
      {
        {
          0.4, -0.95, 0.0, -0.65, -0.36, -0.1, -0.46, 0.45, -0.2, 0.92, 0.22, 0.92, 0.45, 0.52,
          0.22, 0.14, -0.15, 0.18, -0.42, 0.52
        }
      },
      {
        {
          0.12, -1, -0.2, -0.5, -0.4, 0.1, -0.38, 0.6, -0.05, 0.96, 0.34, 0.76, 0.34, 0.34, 0.0,
          0.2, -0.34, 0.5
        }
      },
    },
    {
      {{-0.5, -0.88, 0.0, -0.9, 0.5, -0.92, CORNER, CORNER, 0.22, -0.3, -0.05, 0.4, -0.18, 1}},
      {
        {-0.5, -0.85, 0.0, -0.9, 0.5, -0.92, CORNER, CORNER, 0.22, -0.3, -0.02, 0.4, -0.12, 1},
        {-0.26, 0.04, 0.08, 0.0, 0.44, -0.04}
      },
      {
        {
          -0.52, -0.6, -0.46, -0.88, CORNER, CORNER, 0.0, -0.86, 0.46, -0.9, 0.34, -0.4, 0.1, 0.2,
          0.02, 1
        }
      },
    },
    {
      {
        {
          0.4, -0.72, 0.0, -1, -0.4, -0.7, -0.2, -0.25, 0.2, 0.1, 0.44, 0.55, 0.05, 0.98, -0.42,
          0.6, -0.16, 0.12, 0.24, -0.25, 0.42, -0.66, 0.28, -0.86
        }
      },
      {
        {0.02, -0.06, -0.34, -0.35, -0.28, -0.8, 0.05, -1, 0.36, -0.75, 0.3, -0.3, 0.02, -0.06},
        {0.02, -0.06, -0.4, 0.25, -0.38, 0.75, 0.02, 0.98, 0.42, 0.72, 0.4, 0.2, 0.02, -0.06}
      },
    },
    {
      {
        {
          0.4, -0.6, 0.1, -0.97, -0.34, -0.82, -0.42, -0.38, -0.1, -0.06, 0.28, -0.26, 0.42, -0.72,
          CORNER, CORNER, 0.38, 0.0, 0.28, 0.5, 0.16, 1
        }
      },
      {
        {
          0.36, -0.72, 0.05, -0.98, -0.36, -0.72, -0.34, -0.28, 0.02, -0.12, 0.34, -0.4, 0.38,
          -0.75, CORNER, CORNER, 0.44, 0.0, 0.32, 0.68, -0.05, 0.97, -0.42, 0.8
        }
      },
    },
  };

  private static final int STEPS = 6;

  private Strokes() {}

  /** The training images of a seed: {@link #TRAIN} of them, as many of each digit. */
  public static Dataset train(int seed) {
    return draw("strokes train", seed, 0, TRAIN);
  }

  /** The test images of a seed: {@link #TEST} of them, as many of each digit. */
  public static Dataset test(int seed) {
    return draw("strokes test", seed, 1, TEST);
  }

  /**
   * Draws images.
   *
   * @param name of the set, for messages
   * @param seed any number
   * @param split 0 training, 1 test
   * @param count number of images; labels are balanced as far as possible, in random order
   * @throws CsdpException bad input: a count below 1
   */
  public static Dataset draw(String name, int seed, int split, int count) {
    if (count < 1) {
      throw CsdpException.badInput("%s: %d images; give at least one", name, count);
    }
    if (count > Integer.MAX_VALUE / (SIDE * SIDE)) {
      throw CsdpException.badInput(
          "%s: %d images are more than an array can hold; give at most %d",
          name, count, Integer.MAX_VALUE / (SIDE * SIDE));
    }
    int[] labels = new int[count];
    Philox.Stream order = Philox.stream(seed, Philox.Purpose.STROKES, split, 0, 1);
    for (int i = 0; i < count; i++) {
      int j = order.nextInt(i + 1);
      labels[i] = labels[j];
      labels[j] = i % CLASSES;
    }
    byte[] pixels = new byte[count * SIDE * SIDE];
    double[] nearest = new double[SIDE * SIDE];
    for (int i = 0; i < count; i++) {
      Philox.Stream random = Philox.stream(seed, Philox.Purpose.STROKES, split, i, 0);
      write(labels[i], random, nearest, pixels, i * SIDE * SIDE);
    }
    return Dataset.adoptBytes(name, SIDE, SIDE, CLASSES, pixels, 0, labels);
  }

  /** Writes a digit into SIDE x SIDE bytes from the offset on. */
  private static void write(
      int digit, Philox.Stream random, double[] nearest, byte[] pixels, int offset) {
    double[][][] styles = STYLES[digit];
    List<double[][]> lines = new ArrayList<>();
    double wobble = random.nextFloat(0.02f, 0.085f);
    for (double[] stroke : styles[random.nextInt(styles.length)]) {
      lines.addAll(curve(stroke, wobble, random));
    }
    place(lines, random);

    double pen = random.nextFloat(0.75f, 1.55f);
    double pressure = random.nextFloat(-0.25f, 0.25f);
    double ink = random.nextFloat(0.86f, 1.06f);
    double edge = random.nextFloat(0.45f, 0.8f);
    Arrays.fill(nearest, 2);
    for (double[][] line : lines) {
      for (int i = 1; i < line.length; i++) {
        double radius = pen * (1 + pressure * (2.0 * i / line.length - 1));
        segment(line[i - 1], line[i], radius, nearest);
      }
    }
    for (int p = 0; p < nearest.length; p++) {
      // Distance from the rim of the ink, in pixels: full inside, fading over the edge.
      double grey = ink * Math.min(1, (edge - nearest[p]) / (2 * edge));
      pixels[offset + p] = (byte) Math.round(255 * Math.max(0, Math.min(1, grey)));
    }
  }

  /** Returns smooth lines through the displaced points of a stroke. */
  private static List<double[][]> curve(double[] stroke, double wobble, Philox.Stream random) {
    List<double[][]> lines = new ArrayList<>();
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < stroke.length; i += 2) {
      if (Double.isNaN(stroke[i])) {
        double[] corner = points.get(points.size() - 1);
        lines.add(spline(points));
        points.clear();
        points.add(corner);
      } else {
        points.add(
            new double[] {
              stroke[i] + wobble * bell(random), stroke[i + 1] + wobble * bell(random)
            });
      }
    }
    lines.add(spline(points));
    return lines;
  }

  /** A Catmull-Rom curve through the points, as STEPS segments between each two. */
  private static double[][] spline(List<double[]> p) {
    int n = p.size();
    double[][] line = new double[(n - 1) * STEPS + 1][];
    for (int i = 0; i < n - 1; i++) {
      double[] a = p.get(Math.max(0, i - 1));
      double[] b = p.get(i);
      double[] c = p.get(i + 1);
      double[] d = p.get(Math.min(n - 1, i + 2));
      for (int s = 0; s < STEPS; s++) {
        double t = (double) s / STEPS;
        line[i * STEPS + s] =
            new double[] {hermite(a[0], b[0], c[0], d[0], t), hermite(a[1], b[1], c[1], d[1], t)};
      }
    }
    line[line.length - 1] = p.get(n - 1).clone();
    return line;
  }

  private static double hermite(double a, double b, double c, double d, double t) {
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }

  /** Warps, slants, turns, scales and shifts the lines into the image, in pixels. */
  private static void place(List<double[][]> lines, Philox.Stream random) {
    double slant = random.nextFloat(-0.15f, 0.5f);
    double turn = random.nextFloat(-0.16f, 0.16f);
    double cos = StrictMath.cos(turn);
    double sin = StrictMath.sin(turn);
    double tall = random.nextFloat(7.2f, 10f);
    double wide = tall * random.nextFloat(0.72f, 1.25f);
    double bend = 0.12 * bell(random);
    double phase = random.nextFloat(0, 6.28f);
    double squeeze = random.nextFloat(-0.18f, 0.18f);

    double left = Double.MAX_VALUE;
    double right = -Double.MAX_VALUE;
    double top = Double.MAX_VALUE;
    double bottom = -Double.MAX_VALUE;
    for (double[][] line : lines) {
      for (double[] p : line) {
        double y = p[1] + squeeze * (1 - p[1] * p[1]);
        double x = p[0] * (1 + 0.5 * squeeze * y) - slant * y;
        x = wide * (x + bend * StrictMath.sin(2 * y + phase));
        y = tall * y;
        p[0] = cos * x - sin * y;
        p[1] = sin * x + cos * y;
        left = Math.min(left, p[0]);
        right = Math.max(right, p[0]);
        top = Math.min(top, p[1]);
        bottom = Math.max(bottom, p[1]);
      }
    }
    double shrink = Math.min(1, (SIDE - 6) / Math.max(right - left, bottom - top));
    double midX = SIDE / 2.0 - shrink * (left + right) / 2 + shift(shrink * (right - left), random);
    double midY = SIDE / 2.0 - shrink * (top + bottom) / 2 + shift(shrink * (bottom - top), random);
    for (double[][] line : lines) {
      for (double[] p : line) {
        p[0] = midX + shrink * p[0];
        p[1] = midY + shrink * p[1];
      }
    }
  }

  /** Returns a random shift that keeps the extent inside the image. */
  private static double shift(double extent, Philox.Stream random) {
    double room = Math.max(0, (SIDE - extent) / 2 - 2.5);
    return Math.max(-room, Math.min(room, 0.9 * bell(random)));
  }

  /** Updates each pixel's distance to the outline of a segment with this radius. */
  private static void segment(double[] a, double[] b, double radius, double[] nearest) {
    double reach = radius + 1;
    int x0 = (int) Math.max(0, Math.min(a[0], b[0]) - reach);
    int x1 = (int) Math.min(SIDE - 1, Math.max(a[0], b[0]) + reach);
    int y0 = (int) Math.max(0, Math.min(a[1], b[1]) - reach);
    int y1 = (int) Math.min(SIDE - 1, Math.max(a[1], b[1]) + reach);
    double dx = b[0] - a[0];
    double dy = b[1] - a[1];
    double square = dx * dx + dy * dy;
    for (int y = y0; y <= y1; y++) {
      for (int x = x0; x <= x1; x++) {
        double px = x + 0.5 - a[0];
        double py = y + 0.5 - a[1];
        double t = square == 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / square));
        px -= t * dx;
        py -= t * dy;
        double rim = Math.sqrt(px * px + py * py) - radius;
        int pixel = y * SIDE + x;
        nearest[pixel] = Math.min(nearest[pixel], rim);
      }
    }
  }

  /** Returns an approximately normal number: mean 0, variance 1, within -3..3. */
  private static double bell(Philox.Stream random) {
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum += random.nextFloat();
    }
    return (sum - 2) * 1.7320508075688772;
  }
}
