package csdp.spark;

import csdp.backend.Device;
import csdp.config.RunConfig;
import csdp.data.DataSources;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.FolderLock;
import csdp.sweep.Engine;
import csdp.sweep.Outcome;
import csdp.sweep.TrialRun;
import csdp.sweep.TrialTask;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Function2;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * Runs the trials of a rung as the tasks of one job. A task that Spark repeats after the loss of a
 * machine continues from the last checkpoint in the trial's folder.
 */
final class SparkEngine implements Engine {
  /** How long the process of a lost machine may hold a folder before the trial fails. */
  private static final int LOCK_TIMEOUT_SECONDS = 60;

  /** Group of all jobs, which are cancelled together. */
  private static final String GROUP = "csdp sweep";

  /** Data in this executor; most trials of a sweep share them. */
  private static final ConcurrentMap<RunConfig.Data, Splits> DATA = new ConcurrentHashMap<>();

  private final JavaSparkContext context;
  private final String device;
  private volatile boolean stopRequested;

  SparkEngine(JavaSparkContext context, String device) {
    this.context = context;
    this.device = device;
  }

  private interface Trial extends Function2<TaskContext, Iterator<String>, Outcome>, Serializable {}

  @Override
  public void run(List<TrialTask> tasks, Progress progress) {
    if (tasks.isEmpty() || stopRequested) {
      return;
    }
    List<String> lines = tasks.stream().map(TrialTask::json).toList();
    String name = device; // a task gets no copy of the engine
    Trial trial = (task, line) -> run(TrialTask.of(line.next()), name, task.cpus());
    context.setJobGroup(GROUP, "trials");
    try {
      context
          .sc()
          .runJob(
              context.parallelize(lines, lines.size()).rdd(),
              trial,
              (position, outcome) -> {
                progress.ended(tasks.get((Integer) position), outcome);
                return BoxedUnit.UNIT;
              },
              ClassTag$.MODULE$.apply(Outcome.class));
    } catch (Exception e) { // also SparkException, which no signature names
      if (!stopRequested) {
        throw SparkCluster.failure("the sweep failed; continue with the same command", e);
      }
    }
  }

  /** Runs a trial in an executor. */
  private static Outcome run(TrialTask task, String device, int threads) {
    awaitFolder(Path.of(task.folder()));
    return new TrialRun(task, share -> {})
        .run(
            Device.exactly(device),
            threads,
            data -> DATA.computeIfAbsent(data, d -> DataSources.open(d.request(), line -> {})),
            line -> {});
  }

  @SuppressWarnings("try") // held for a moment only
  private static void awaitFolder(Path folder) {
    for (int s = 0; s < LOCK_TIMEOUT_SECONDS; s++) {
      try (FolderLock free = FolderLock.take(folder, line -> {})) {
        return;
      } catch (CsdpException e) {
        if (e.exitCode() != CsdpException.USAGE) {
          return; // not held: the trial records the error
        }
      }
      try {
        Thread.sleep(1_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /**
   * Cancels the job, also one that is about to start. Spark ends its executors; the last
   * checkpoints of the trials remain.
   */
  @Override
  public void stop() {
    stopRequested = true;
    context.sc().cancelJobGroupAndFutureJobs(GROUP);
  }

  @Override
  public boolean isCurrent() {
    return true;
  }
}
