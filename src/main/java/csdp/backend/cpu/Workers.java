package csdp.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A pool of threads that processes the items of one job at a time. Free threads take items in
 * order; the result of an item must not depend on the thread. The caller is one of the workers.
 * Running a job allocates nothing.
 */
final class Workers implements AutoCloseable {
  /** A job of many independent items. */
  @FunctionalInterface
  interface Job {
    /** Processes one item; {@code worker} is the index of the thread's scratch space. */
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

  /** Returns the number of workers, including the caller. */
  int count() {
    return threads.length + 1;
  }

  /** Processes all items and returns after the last. */
  @SuppressWarnings({
    "NonAtomicVolatileUpdate", // only the caller writes the epoch
    "ThreadPriorityCheck" // yields the core after spinning; correctness does not depend on it
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
