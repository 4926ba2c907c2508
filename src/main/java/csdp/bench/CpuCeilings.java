package csdp.bench;

import csdp.error.CsdpException;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Measured limits of this machine's cores, with plain loops on a number of threads: bytes per
 * second of a copy and of a triad a = b + s c (read plus written), and float32 operations per
 * second of a chain of products and sums on arrays in the L1 cache.
 *
 * @param copyBytesPerSecond median
 * @param triadBytesPerSecond median
 * @param operationsPerSecond median; products and sums, not fused
 */
public record CpuCeilings(
    double copyBytesPerSecond, double triadBytesPerSecond, double operationsPerSecond) {
  private static final int SMALL = 2048; // floats: 8 KB, half of which is read and written
  private static final int ROUNDS = 4000;
  private static final int OPERATIONS = 16; // of polynomial(), per element

  /** The larger of the two bandwidths. */
  public double bytesPerSecond() {
    return Math.max(copyBytesPerSecond, triadBytesPerSecond);
  }

  /**
   * Measures.
   *
   * @param floats total length of the three arrays; larger than the caches
   */
  public static CpuCeilings measure(int threads, int floats, int repeats) {
    int part = Math.max(1, floats / 3 / threads);
    float[][] a = new float[threads][part]; // one set per thread: first touched by its user
    float[][] b = new float[threads][part];
    float[][] c = new float[threads][part];
    float[][] small = new float[threads][SMALL];
    parallel(
        threads,
        t -> {
          for (int i = 0; i < part; i++) {
            b[t][i] = i % 1000 * 1e-3f;
            c[t][i] = i % 999 * 1e-3f;
          }
          Arrays.fill(small[t], 0.5f + t);
        });
    double[] copy = new double[repeats];
    double[] triad = new double[repeats];
    double[] arithmetic = new double[repeats];
    for (int r = -3; r < repeats; r++) {
      float scale = 0.5f + r * 0.01f;
      double copied = parallel(threads, t -> System.arraycopy(b[t], 0, a[t], 0, part));
      double added = parallel(threads, t -> triad(a[t], b[t], c[t], scale));
      double computed =
          parallel(
              threads,
              t -> {
                for (int k = 0; k < ROUNDS; k++) {
                  polynomial(small[t]);
                }
              });
      if (r >= 0) {
        copy[r] = 8.0 * part * threads / copied;
        triad[r] = 12.0 * part * threads / added;
        arithmetic[r] = (double) OPERATIONS * SMALL * ROUNDS * threads / computed;
      }
      if (!(a[0][part / 2] == b[0][part / 2] + scale * c[0][part / 2])) {
        throw CsdpException.failed("the triad gave a wrong sum");
      }
    }
    return new CpuCeilings(
        Spread.of(copy).median(), Spread.of(triad).median(), Spread.of(arithmetic).median());
  }

  private static void triad(float[] a, float[] b, float[] c, float scale) {
    for (int i = 0; i < a.length; i++) {
      a[i] = b[i] + scale * c[i];
    }
  }

  /** Eight products and eight sums; x converges to about 2. */
  private static void polynomial(float[] x) {
    for (int i = 0; i < x.length; i++) {
      float v = x[i];
      v = v * 0.5f + 1f;
      v = v * 0.5f + 1f;
      v = v * 0.5f + 1f;
      v = v * 0.5f + 1f;
      v = v * 0.5f + 1f;
      v = v * 0.5f + 1f;
      v = v * 0.5f + 1f;
      x[i] = v * 0.5f + 1f;
    }
  }

  /** Returns the seconds until all threads have ended. */
  private static double parallel(int threads, IntConsumer job) {
    Thread[] others = new Thread[threads - 1];
    long start = System.nanoTime();
    for (int t = 1; t < threads; t++) {
      int index = t;
      others[t - 1] = new Thread(() -> job.accept(index), "csdp-ceiling-" + t);
      others[t - 1].start();
    }
    job.accept(0);
    try {
      for (Thread t : others) {
        t.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CsdpException.failed("interrupted");
    }
    return (System.nanoTime() - start) * 1e-9;
  }
}
