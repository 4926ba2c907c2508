package csdp.run;

import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.checkpoint.Checkpoint;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.config.RunConfig;
import csdp.data.Dataset;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.FolderLock;
import csdp.io.Json;
import csdp.io.Version;
import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.train.Evaluator;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The run of a training in its folder: locks the folder, begins or resumes, trains with
 * checkpoints, and tests the best parameters.
 */
public final class TrainingRun {
  /** How a run starts in a folder. */
  public enum Start {
    /** A new run; a folder that holds one is refused. */
    NEW,
    /** The run of the folder goes on, bit-exactly. */
    RESUME,
    /** A new run replaces that of the folder. */
    REPLACE
  }

  /** Whether the best parameters are tested after the last epoch. */
  public enum End {
    /** They are, and {@code test.json} is written. */
    TEST,
    /** They are not. */
    NO_TEST
  }

  /** Receives the events of a run. */
  public interface Watch extends TrainListener {
    /** Called when the network is on its device. The folder is unchanged so far. */
    default void opened(Backend backend, Splits splits, RunConfig config) {}

    /** Called before the files of an earlier run are removed. */
    default void replacing(RunFolder earlier) {}

    /** Called after each batch of the test. */
    default void testing(int images, int of) {}

    /**
     * Called after the test.
     *
     * @param result null without test images
     */
    default void tested(Trainer trainer, Evaluation result) {}
  }

  /** State of a unit and sample on the CPU, about. */
  private static final long STATE_BYTES = 48;

  /** Scratch space, independent of sizes, about. */
  private static final long FIXED_BYTES = 8 << 20;

  private final RunFolder folder;
  private final Device device;
  private final int threads;
  private final Start start;
  private final Consumer<String> warning;
  private final List<TrainListener> listeners = new ArrayList<>();

  /**
   * Prepares a run; nothing is opened or written.
   *
   * @param threads CPU threads, 0 for one per core
   * @param warning receives one line for a guarantee that the file system does not give
   */
  public TrainingRun(
      RunFolder folder, Device device, int threads, Start start, Consumer<String> warning) {
    this.folder = folder;
    this.device = device;
    this.threads = threads;
    this.start = start;
    this.warning = warning;
    listeners.add(folder);
  }

  /** Adds a listener that each event reaches before a checkpoint is written. */
  public void listen(TrainListener listener) {
    listeners.add(0, listener);
  }

  /**
   * Trains. The calling thread opens, uses and closes the device.
   *
   * @return true if all epochs are completed and the end is reached, false after a stop
   * @throws CsdpException bad input: the folder is in use, holds other files, or a run that does
   *     not fit; environment: device, disk; failed: a value is not finite, and the last checkpoint
   *     is kept
   */
  @SuppressWarnings("try") // the lock is held while open; the variable is not used
  public boolean run(RunConfig config, Splits data, End end, Watch watch) {
    folder.requireOurs();
    Splits splits = data.inSteps(config.constants().steps());
    NetworkSpec network = config.spec(splits.train().pixels(), splits.train().classes());
    RunRecord record = record(config, splits);
    try (FolderLock lock = folder.lock(warning)) {
      return train(network, record, splits, end, watch);
    }
  }

  private boolean train(NetworkSpec network, RunRecord asked, Splits splits, End end, Watch watch) {
    if (start == Start.NEW) {
      folder.requireNoRun();
    }
    RunRecord record = start == Start.RESUME ? continued(folder.record(), asked) : asked;
    RunConfig config = record.run();
    boolean goOn = start == Start.RESUME && folder.canResume();
    if (goOn) {
      requireGoingOn(network, config);
    }
    folder.requireSpace(network, start == Start.REPLACE);
    try (Backend backend = device.open(network, threads)) {
      TrainState state = begin(backend, goOn ? folder : null, config);
      watch.opened(backend, splits, config);
      listeners.add(watch);
      Trainer trainer =
          new Trainer(backend, splits.train(), splits.valid(), config.training(), state, listeners);
      if (start == Start.REPLACE) {
        watch.replacing(folder);
        folder.clear();
      }
      folder.write(record);
      if (!trainer.run()) {
        return false;
      }
      switch (end) {
        case TEST -> test(trainer, splits, watch);
        case NO_TEST -> {}
      }
      return true;
    }
  }

  /** Tests the best parameters if there are test images. */
  private void test(Trainer trainer, Splits splits, Watch watch) {
    if (splits.test() == null) {
      watch.tested(trainer, null);
      return;
    }
    Backend backend = trainer.backend();
    backend.restore(folder.parameters(backend.spec(), false));
    int seed = trainer.options().seed();
    Evaluation result =
        Evaluator.evaluate(backend, splits.test(), seed, Evaluator.BATCH, watch::testing);
    watch.tested(trainer, result);
    AtomicFile.write(folder.test(), Json.bytes(result));
  }

  /** Checks, before any large allocation, that the checkpoint fits and that epochs remain. */
  private void requireGoingOn(NetworkSpec network, RunConfig config) {
    Checkpoint.requireFit(folder.last(), network);
    int done = Checkpoint.readState(folder.last(), TrainState.class).epoch();
    if (done > config.training().epochs()) {
      throw CsdpException.badInput(
          "%d epochs are already completed in %s: --epochs must be at least that",
          done, folder.path());
    }
  }

  /**
   * Loads the initial parameters into the backend.
   *
   * @param resumed folder of parameters and state to resume; null for a new run
   */
  private static TrainState begin(Backend backend, RunFolder resumed, RunConfig config) {
    if (resumed == null) {
      backend.restore(Parameters.random(backend.spec(), config.training().seed()));
      return TrainState.start();
    }
    Parameters parameters = new Parameters(backend.spec());
    TrainState state = resumed.resume(parameters);
    backend.restore(parameters);
    return state;
  }

  /**
   * Estimates the heap that a training needs besides its data: parameters with their moments on the
   * device and in a copy for checkpoints, and state and recorded spikes of the samples of a batch.
   *
   * @param train training images or recordings
   * @param batch positive samples of a batch
   * @return bytes
   */
  public static long heap(NetworkSpec spec, Dataset train, int batch, Device.Kind kind) {
    long parameters = 3L * Float.BYTES * spec.weightCount();
    long units = spec.populations().stream().mapToLong(Population::units).sum();
    long samples = Math.max(2L * batch, Evaluator.BATCH);
    long recorded = samples * train.steps() * train.pixels(); // 0 for images
    return switch (kind) {
      case REFERENCE, CPU ->
          2 * parameters + samples * units * STATE_BYTES + recorded + FIXED_BYTES;
      case CUDA -> parameters + recorded + FIXED_BYTES; // the rest is on the device
    };
  }

  /** Returns the advice after a run that failed. */
  public String advice() {
    String again = "start again with --force, after NaN or infinity with a lower --learning-rate";
    if (!folder.canResume()) {
      return String.format(Locale.ROOT, "there is no checkpoint yet: %s", again);
    }
    TrainState kept = Checkpoint.readState(folder.last(), TrainState.class);
    return String.format(
        Locale.ROOT,
        "the checkpoint after epoch %d%s is kept: continue from it with train --resume --out %s;"
            + " if it fails again, %s",
        kept.epoch(),
        kept.batch() == 0 ? "" : " and " + kept.batch() + " batches",
        folder.path(),
        again);
  }

  private RunRecord record(RunConfig config, Splits splits) {
    return new RunRecord(
        Version.text(),
        System.getProperty("java.version"),
        device.toString(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        RunRecord.Data.of(splits),
        config);
  }

  /**
   * Refuses a run that a folder's earlier run cannot become by a resume.
   *
   * @throws CsdpException bad input, naming the first difference
   */
  public void requireContinues(RunConfig config, Splits splits) {
    continued(folder.record(), record(config, splits.inSteps(config.constants().steps())));
  }

  /**
   * Returns the record of a resumed run. Only the number of epochs and the location of the data may
   * change.
   */
  private RunRecord continued(RunRecord earlier, RunRecord now) {
    RunConfig before = earlier.run();
    RunConfig asked = now.run();
    RunConfig comparable =
        new RunConfig(
            asked.network(),
            asked.training().withEpochs(before.training().epochs()),
            before.data().sizedAs(asked.data()),
            asked.constants());
    if (!comparable.equals(before)) {
      throw CsdpException.badInput(
          "--resume continues the run in %s with its original configuration, but %s: remove that"
              + " flag",
          folder.path(), Json.difference(Json.tree(before), Json.tree(comparable)));
    }
    if (!earlier.seen().sameContent(now.seen())) {
      throw CsdpException.badInput(
          "the data differs from that of the run in %s (%s, training images %s): resume with the"
              + " same data",
          folder.path(), earlier.seen().name(), earlier.seen().train().sha256().substring(0, 12));
    }
    return new RunRecord(
        earlier.csdp4j(), earlier.java(), earlier.device(), earlier.started(), now.seen(), asked);
  }
}
