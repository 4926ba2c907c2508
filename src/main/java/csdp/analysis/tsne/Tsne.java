package csdp.analysis.tsne;

import csdp.error.CsdpException;

/**
 * t-SNE: points in the plane whose neighbourhoods are those of given points, by Barnes-Hut
 * approximation of the gradient. It starts from the first two principal components, so that equal
 * input gives equal bits, whatever the number of threads.
 *
 * <p>Source: van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15 (2014);
 * learning rate and start as Kobak and Berens, Nature Communications 10, 5416 (2019).
 */
public final class Tsne {
  private static final double THETA = 0.5;
  private static final double EXAGGERATION = 12;
  private static final int EXAGGERATED = 250;
  private static final double START = 1e-4;
  private static final int CHUNK = 64;
  private static final int REPORT = 50;

  /** Is told how far it is. */
  @FunctionalInterface
  public interface Progress {
    /** Called now and then, and at the end. */
    void done(int iterations, int of);
  }

  /**
   * How to embed.
   *
   * @param perplexity effective number of neighbours
   * @param iterations of gradient descent, the first 250 with exaggerated attraction
   * @param components to which the points are reduced first
   * @param threads 0 for one per core
   */
  public record Options(double perplexity, int iterations, int components, int threads) {
    /** Perplexity 30, 1000 iterations, 50 principal components. */
    public static Options standard() {
      return new Options(30, 1000, 50, 0);
    }
  }

  /**
   * An embedding.
   *
   * @param y n x 2, row-major
   * @param divergence Kullback-Leibler divergence between the two neighbourhoods, in nats
   * @param components principal components that were kept
   * @param explained share of the variance that they hold, in [0, 1]; NaN where there is none
   */
  public record Result(float[] y, double divergence, int components, double explained) {}

  private final int n;
  private final Affinities p;
  private final Parallel parallel;
  private final QuadTree tree = new QuadTree();
  private final double[] y;
  private final double[] repulsion; // n x 3: force, normaliser
  private final double[] gradient;

  private Tsne(double[] start, Affinities p, Parallel parallel) {
    this.n = start.length / 2;
    this.p = p;
    this.parallel = parallel;
    y = start;
    repulsion = new double[3 * n];
    gradient = new double[2 * n];
  }

  /**
   * Embeds points in the plane.
   *
   * @param x n x d, row-major
   * @throws CsdpException bad input, when there are too few points for the perplexity
   */
  public static Result embed(
      float[] x, int n, int d, Options options, int seed, Progress progress) {
    Affinities.check(n, options.perplexity);
    try (Parallel parallel = new Parallel(options.threads)) {
      Pca.Result pca = Pca.of(x, n, d, options.components, seed, parallel);
      int k = pca.components();
      float[] reduced = new float[n * k];
      for (int i = 0; i < reduced.length; i++) {
        reduced[i] = (float) pca.scores()[i];
      }
      Neighbours near =
          Neighbours.of(reduced, n, k, Affinities.neighbours(options.perplexity), parallel);
      Affinities p = Affinities.of(near, options.perplexity, parallel);
      Tsne run = new Tsne(start(pca, n), p, parallel);
      run.descend(options.iterations, progress);
      float[] out = new float[2 * n];
      for (int i = 0; i < out.length; i++) {
        out[i] = (float) run.y[i];
      }
      return new Result(out, run.divergence(), k, pca.explained());
    }
  }

  /** The first two components, shrunk; equal points are told apart by a trace of their number. */
  private static double[] start(Pca.Result pca, int n) {
    double scale = START / Math.max(1e-12, Math.sqrt(pca.variances()[0]));
    double[] y = new double[2 * n];
    int k = pca.components();
    for (int i = 0; i < n; i++) {
      y[2 * i] = scale * pca.scores()[i * k];
      y[2 * i + 1] = k > 1 ? scale * pca.scores()[i * k + 1] : 0;
      y[2 * i] += 1e-4 * START * (i % 97 - 48);
      y[2 * i + 1] += 1e-4 * START * (i % 89 - 44);
    }
    return y;
  }

  private void descend(int iterations, Progress progress) {
    double rate = Math.max(n / EXAGGERATION / 4, 50);
    double[] step = new double[2 * n];
    double[] gain = new double[2 * n];
    java.util.Arrays.fill(gain, 1);
    for (int it = 0; it < iterations; it++) {
      boolean early = it < Math.min(EXAGGERATED, iterations / 2);
      gradient(early ? EXAGGERATION : 1);
      double momentum = early ? 0.5 : 0.8;
      for (int k = 0; k < 2 * n; k++) {
        gain[k] = Math.max(0.01, gradient[k] * step[k] < 0 ? gain[k] + 0.2 : gain[k] * 0.8);
        step[k] = momentum * step[k] - rate * gain[k] * gradient[k];
        y[k] += step[k];
      }
      centre();
      if ((it + 1) % REPORT == 0 || it + 1 == iterations) {
        progress.done(it + 1, iterations);
      }
    }
  }

  private void centre() {
    double mx = 0;
    double my = 0;
    for (int i = 0; i < n; i++) {
      mx += y[2 * i];
      my += y[2 * i + 1];
    }
    for (int i = 0; i < n; i++) {
      y[2 * i] -= mx / n;
      y[2 * i + 1] -= my / n;
    }
  }

  /** 4 (exaggeration x attraction - repulsion / Z). Returns Z. */
  private double gradient(double exaggeration) {
    tree.build(y, n);
    parallel.chunks(n, CHUNK, this::repel);
    double z = 0;
    for (int i = 0; i < n; i++) {
      z += repulsion[3 * i + 2];
    }
    double norm = z;
    parallel.chunks(n, CHUNK, (from, to) -> attract(from, to, exaggeration, norm));
    return z;
  }

  private void repel(int from, int to) {
    int[] stack = QuadTree.stack();
    double[] sums = new double[3];
    for (int i = from; i < to; i++) {
      tree.repulsion(y[2 * i], y[2 * i + 1], THETA, stack, sums);
      System.arraycopy(sums, 0, repulsion, 3 * i, 3);
    }
  }

  private void attract(int from, int to, double exaggeration, double z) {
    for (int i = from; i < to; i++) {
      double ax = 0;
      double ay = 0;
      for (int e = p.start()[i]; e < p.start()[i + 1]; e++) {
        int j = p.column()[e];
        double dx = y[2 * i] - y[2 * j];
        double dy = y[2 * i + 1] - y[2 * j + 1];
        double f = p.value()[e] / (1 + dx * dx + dy * dy);
        ax += f * dx;
        ay += f * dy;
      }
      gradient[2 * i] = 4 * (exaggeration * ax - repulsion[3 * i] / z);
      gradient[2 * i + 1] = 4 * (exaggeration * ay - repulsion[3 * i + 1] / z);
    }
  }

  /** The gradient of the divergence at a place, for tests. */
  static double[] gradientAt(double[] y, Affinities p, Parallel parallel) {
    Tsne at = new Tsne(y.clone(), p, parallel);
    at.gradient(1);
    return at.gradient;
  }

  private double divergence() {
    double z = gradient(1);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      for (int e = p.start()[i]; e < p.start()[i + 1]; e++) {
        int j = p.column()[e];
        double dx = y[2 * i] - y[2 * j];
        double dy = y[2 * i + 1] - y[2 * j + 1];
        double q = Math.max(1e-12, 1 / (1 + dx * dx + dy * dy) / z);
        sum += p.value()[e] * Math.log(Math.max(1e-300, p.value()[e]) / q);
      }
    }
    return sum;
  }
}
