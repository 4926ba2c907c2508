package csdp.sweep;

import csdp.backend.Device;
import csdp.checkpoint.RunFolder;
import csdp.config.RunConfig;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.metrics.Evaluation;
import csdp.run.TrainingRun;
import csdp.run.TrainingRun.Start;
import csdp.sweep.Outcome.Status;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.Function;

/** Runs a task in this process. It goes on where an earlier process ended. */
public final class TrialRun implements TrainingRun.Watch {
  /** Work of a test, relative to an epoch. */
  private static final double TEST_WORK = 0.1;

  private final TrialTask task;
  private final RunFolder folder;
  private final DoubleConsumer advanced;
  private volatile boolean stopRequested;
  private volatile Trainer trainer; // null before the first batch
  private double from; // epochs, with their part, that were completed before
  private Evaluation tested;

  /**
   * Prepares a run.
   *
   * @param advanced receives the completed share of the task
   */
  public TrialRun(TrialTask task, DoubleConsumer advanced) {
    this.task = task;
    this.folder = new RunFolder(Path.of(task.folder()), task.checkpointEvery());
    this.advanced = advanced;
  }

  /** Ends {@link #run} during the test. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Runs the task on the calling thread. An error is recorded in the folder, not thrown.
   *
   * @param threads CPU threads; results do not depend on it
   * @param data opens the data of a configuration
   * @param warning receives one line for a guarantee that the file system does not give
   */
  public Outcome run(
      Device device, int threads, Function<RunConfig.Data, Splits> data, Consumer<String> warning) {
    long start = System.nanoTime();
    Status status;
    String error = null;
    try {
      status = train(device, threads, data, warning) ? Status.DONE : Status.STOPPED;
    } catch (Stopped e) {
      status = Status.STOPPED;
    } catch (CsdpException e) {
      status = Status.FAILED;
      error = record(Failure.of(e));
    } catch (OutOfMemoryError e) {
      status = Status.FAILED;
      error = record(new Failure(noMemory(), true));
    } catch (RuntimeException | Error e) { // a defect here must not end the other trials
      StackTraceElement[] trace = e.getStackTrace();
      String place = trace.length == 0 ? "" : " at " + trace[0];
      status = Status.FAILED;
      error = record(Failure.of(CsdpException.environment("internal error: %s%s", e, place)));
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    return new Outcome(status, validAccuracy(), testAccuracy(), seconds, error);
  }

  private boolean train(
      Device device, int threads, Function<RunConfig.Data, Splits> data, Consumer<String> warning) {
    Splits splits = data.apply(task.config().data());
    if (!splits.train().sha256().equals(task.trainSha256())) {
      throw CsdpException.environment(
          "%s, which was found here, has other images than the data of the sweep", splits.name());
    }
    Start how = folder.isRun() ? Start.RESUME : Start.NEW;
    TrainingRun training = new TrainingRun(folder, device, threads, how, warning);
    return training.run(task.config(), splits, task.end(), this);
  }

  private static String noMemory() {
    return "not enough memory (Java may use "
        + (Runtime.getRuntime().maxMemory() >> 20)
        + " MiB): run fewer trials at once with --jobs, or raise the limit: -Xmx, on Spark"
        + " spark.executor.memory";
  }

  private String record(Failure failure) {
    try {
      failure.write(folder.path());
    } catch (CsdpException e) {
      // The disk itself may have failed. The outcome still has the error.
    }
    return failure.error();
  }

  private Double validAccuracy() {
    double best = trainer == null ? -1 : trainer.state().bestAccuracy();
    return best < 0 ? null : Double.valueOf(best);
  }

  private Double testAccuracy() {
    return tested == null ? null : Double.valueOf(tested.accuracy());
  }

  /** Requests a stop after the current batch. Thread-safe. */
  public void requestStop() {
    stopRequested = true;
    Trainer running = trainer;
    if (running != null) {
      running.requestStop();
    }
  }

  /** Returns true if a process that ends now loses at most the current batch or validation. */
  public boolean isCurrent() {
    return folder.isCurrent();
  }

  @Override
  public void started(Trainer started) {
    from = epochs(started);
    trainer = started;
    if (stopRequested) {
      started.requestStop();
    }
  }

  @Override
  public void batchDone(Trainer at) {
    double all = at.options().epochs() - from + TEST_WORK;
    advanced.accept((epochs(at) - from) / all);
  }

  private static double epochs(Trainer at) {
    TrainState state = at.state();
    return state.epoch() + (double) state.batch() / at.batches();
  }

  @Override
  public void testing(int images, int of) {
    if (stopRequested) {
      throw new Stopped();
    }
  }

  @Override
  public void tested(Trainer at, Evaluation result) {
    tested = result;
  }
}
