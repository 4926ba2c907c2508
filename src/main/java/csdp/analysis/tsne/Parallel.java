package csdp.analysis.tsne;

import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Runs independent items on threads. Items write to separate data, and sums over items are computed
 * afterwards in order, so results do not depend on the number of threads.
 */
public final class Parallel implements AutoCloseable {
  private final ForkJoinPool pool;

  /** Uses a number of threads; 0 for one per core. */
  public Parallel(int threads) {
    pool = new ForkJoinPool(threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
  }

  /** Runs items 0..n-1 and waits for them. */
  void run(int n, IntConsumer item) {
    pool.submit(() -> IntStream.range(0, n).parallel().forEach(item)).join();
  }

  /** Runs ranges of at most the given length that cover 0..n-1. */
  void chunks(int n, int length, Chunk chunk) {
    run((n + length - 1) / length, c -> chunk.run(c * length, Math.min(n, (c + 1) * length)));
  }

  /** A range of items. */
  @FunctionalInterface
  interface Chunk {
    /** From, inclusive, to, exclusive. */
    void run(int from, int to);
  }

  @Override
  public void close() {
    pool.shutdown();
  }
}
