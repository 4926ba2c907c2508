package csdp.sweep;

import csdp.backend.Device;
import csdp.config.RunConfig;
import csdp.data.Splits;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/** Runs tasks in this process, one at a time on each device. CPU threads are shared out. */
public final class LocalEngine implements Engine {
  private final List<Device> devices;
  private final int threads;
  private final Function<RunConfig.Data, Splits> data;
  private final Consumer<String> warning;
  private final Set<TrialRun> running = ConcurrentHashMap.newKeySet();
  private volatile boolean stopRequested;

  /**
   * Creates an engine.
   *
   * @param devices one for each task that runs at once; a CPU may be named many times
   * @param threads CPU threads of all tasks together
   * @param data opens the data of a configuration; thread-safe
   * @param warning receives one line for a guarantee that the file system does not give
   */
  public LocalEngine(
      List<Device> devices,
      int threads,
      Function<RunConfig.Data, Splits> data,
      Consumer<String> warning) {
    this.devices = List.copyOf(devices);
    this.threads = threads;
    this.data = data;
    this.warning = warning;
  }

  @Override
  public void run(List<TrialTask> tasks, Progress progress) {
    Queue<TrialTask> waiting = new ConcurrentLinkedQueue<>(tasks);
    AtomicInteger left = new AtomicInteger(tasks.size());
    ExecutorService pool = Executors.newFixedThreadPool(devices.size());
    try {
      List<Future<?>> workers = new ArrayList<>();
      for (Device device : devices) {
        workers.add(
            pool.submit(
                () -> {
                  for (TrialTask t = waiting.poll(); t != null; t = waiting.poll()) {
                    if (stopRequested) {
                      return;
                    }
                    run(t, device, Math.min(devices.size(), left.get()), progress);
                    left.decrementAndGet();
                  }
                }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("progress cannot be shown", e.getCause());
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
    } finally {
      pool.shutdown();
    }
  }

  private void run(TrialTask task, Device device, int atOnce, Progress progress) {
    progress.started(task);
    TrialRun run = new TrialRun(task, share -> progress.advanced(task, share));
    running.add(run);
    try {
      if (stopRequested) { // it may not have been in the set
        run.requestStop();
      }
      int own = Math.max(1, threads / atOnce);
      progress.ended(task, run.run(device, own, data, warning));
    } finally {
      running.remove(run);
    }
  }

  @Override
  public void stop() {
    stopRequested = true;
    running.forEach(TrialRun::requestStop);
  }

  @Override
  public boolean isCurrent() {
    return running.stream().allMatch(TrialRun::isCurrent);
  }
}
