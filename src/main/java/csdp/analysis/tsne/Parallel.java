package csdp.analysis.tsne;

import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Spreads independent items over threads. Items write what is theirs alone and sums over items are
 * taken afterwards in order, so no result depends on the number of threads.
 */
public final class Parallel implements AutoCloseable {
  private final ForkJoinPool pool;

  /** So many threads; 0 for one per core. */
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
