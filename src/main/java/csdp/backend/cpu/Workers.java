package csdp.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A few threads that are created once and share out the items of one job at a time. Items are taken
 * in order by whoever is free; what an item computes must not depend on who computes it. The caller
 * works too. Running a job allocates nothing.
 */
final class Workers implements AutoCloseable {
  /** A job of many independent items. */
  @FunctionalInterface
  interface Job {
    /** Does one item; {@code worker} names scratch space of its own. */
    void run(int item, int worker);
  }

  private static final int SPINS = 4_000;

  private final Thread[] threads;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private volatile int epoch;
  private volatile boolean closed;
  private volatile Throwable failure;
  private Job job;
  private int items;

  Workers(int workers) {
    threads = new Thread[workers - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = new Thread(() -> loop(worker), "csdp-worker-" + worker);
      threads[i].setDaemon(true);
      threads[i].start();
    }
  }

  /** Number of workers, the caller included. */
  int count() {
    return threads.length + 1;
  }

  /** Does all items and returns when the last is done. */
  @SuppressWarnings({
    "NonAtomicVolatileUpdate", // only the caller writes the epoch
    "ThreadPriorityCheck" // after the spins the core is left to whoever can use it; nothing relies
    // on it
  })
  void run(Job job, int items) {
    if (threads.length == 0 || items < 2) {
      for (int i = 0; i < items; i++) {
        job.run(i, 0);
      }
      return;
    }
    this.job = job;
    this.items = items;
    next.set(0);
    busy.set(threads.length);
    epoch++; // publishes the job
    for (Thread t : threads) {
      LockSupport.unpark(t);
    }
    work(0);
    for (int spin = 0; busy.get() > 0; spin++) {
      if (spin < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    Throwable t = failure;
    if (t != null) {
      failure = null;
      throw new IllegalStateException("a worker failed", t);
    }
  }

  private void loop(int worker) {
    int seen = 0;
    while (true) {
      for (int spin = 0; epoch == seen && !closed; spin++) {
        if (spin < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
      }
      if (closed) {
        return;
      }
      seen = epoch;
      work(worker);
      busy.decrementAndGet();
    }
  }

  private void work(int worker) {
    try {
      for (int i = next.getAndIncrement(); i < items; i = next.getAndIncrement()) {
        job.run(i, worker);
      }
    } catch (Throwable t) {
      failure = t;
      next.set(items);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread t : threads) {
      LockSupport.unpark(t);
    }
  }
}
