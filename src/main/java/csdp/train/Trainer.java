package csdp.train;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.metrics.Evaluation;
import csdp.metrics.MetricSums;
import csdp.model.Learning;
import csdp.model.Learning.Synapses;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import java.util.ArrayList;
import java.util.List;

/** The training loop. */
public final class Trainer {
  private final Backend backend;
  private final Dataset train;
  private final Dataset valid; // null for none
  private final TrainOptions options;
  private final List<TrainListener> listeners;
  private final Batches batches;
  private final List<EpochMetrics> history;
  private volatile boolean stopRequested;
  private int epoch;
  private int batch;
  private double seconds;
  private double bestAccuracy;
  private int bestEpoch;
  private MetricSums sums;
  private Evaluation validated; // null before the first validation of this process

  /**
   * Creates a training loop that starts at a state.
   *
   * @param backend with the parameters that belong to the state
   * @param valid images that select the best epoch, or null
   * @param from {@link TrainState#start()} or the state of a checkpoint
   */
  public Trainer(
      Backend backend,
      Dataset train,
      Dataset valid,
      TrainOptions options,
      TrainState from,
      List<? extends TrainListener> listeners) {
    this.backend = backend;
    this.train = train;
    this.valid = valid;
    this.options = options;
    this.listeners = List.copyOf(listeners);
    check(backend.spec(), train, valid, options);
    this.batches = new Batches(backend.spec(), train, options);
    if (from.batch() > batches.count() || !from.sums().fits(backend.spec())) {
      throw CsdpException.badInput(
          "this is not the state of a run of %s with %d batches an epoch",
          backend.spec(), batches.count());
    }
    this.epoch = from.epoch();
    this.batch = from.batch();
    this.seconds = from.seconds();
    this.bestAccuracy = from.bestAccuracy();
    this.bestEpoch = from.bestEpoch();
    this.sums = from.sums();
    this.history = new ArrayList<>(from.history());
  }

  /**
   * Refuses images and options that do not fit a network, now rather than after an epoch.
   *
   * @param valid null for none
   * @throws CsdpException bad input
   */
  public static void check(NetworkSpec spec, Dataset train, Dataset valid, TrainOptions options) {
    Evaluator.requireFit(spec, train);
    Batches.check(spec, train, options);
    if (valid != null) {
      Evaluator.requireFit(spec, valid);
      spec.requireRoom(Math.min(options.batch(), valid.size()));
    }
  }

  /**
   * Trains until all epochs are completed or a stop is requested.
   *
   * @return true if all epochs are completed
   * @throws CsdpException failed, naming epoch and batch, if parameters, state or measurements are
   *     not finite; listeners never see that state, so the last checkpoint is valid
   */
  public boolean run() {
    listeners.forEach(l -> l.started(this));
    try {
      runEpochs();
      return true;
    } catch (Stopped e) {
      listeners.forEach(l -> l.stopped(this));
      return false;
    }
  }

  private void runEpochs() {
    if (history.isEmpty()) {
      endEpoch(0, null);
    }
    ReadOut out = new ReadOut(backend.spec(), false);
    while (epoch < options.epochs()) {
      while (batch < batches.count()) {
        stopIfRequested();
        long start = System.nanoTime();
        Batch shown = batches.get(epoch, batch);
        try {
          Learning learning = options.learning(epoch + (double) batch / batches.count());
          if (options.unlabelledHead()) {
            backend.run(batches.unlabelled(), learning.of(Synapses.HEADS), out, null);
            learning = learning.of(Synapses.ALL_BUT_HEADS);
          } else if (options.hardNegatives()) {
            backend.run(batches.unlabelled(), null, out, null);
          }
          if (options.hardNegatives()) {
            batches.harden(out);
          }
          backend.run(shown, learning, out, null);
          sums.add(backend.spec(), shown, out, batches.labels());
        } catch (CsdpException e) {
          throw e.in("epoch %d, batch %d of %d", epoch + 1, batch + 1, batches.count());
        }
        seconds += (System.nanoTime() - start) * 1e-9;
        batch++;
        listeners.forEach(l -> l.batchDone(this));
      }
      if (valid != null) {
        listeners.forEach(l -> l.epochTrained(this));
      }
      endEpoch(epoch + 1, sums.result(backend.spec().constants().steps()));
    }
  }

  /** Ends {@link #run} with a state that can be resumed. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private void stopIfRequested() {
    if (stopRequested) {
      throw new Stopped();
    }
  }

  /**
   * Validates, records the metrics and starts a new epoch. A stop during validation leaves the
   * epoch trained but not recorded.
   */
  private void endEpoch(int done, Evaluation trained) {
    validated = valid == null ? null : validate(done);
    epoch = done;
    double accuracy =
        validated == null
            ? -1
            : validated.accuracy(); // without validation images the last epoch is best
    boolean best = accuracy >= bestAccuracy;
    if (best) {
      bestAccuracy = accuracy;
      bestEpoch = epoch;
    }
    EpochMetrics metrics = EpochMetrics.of(epoch, seconds, trained, validated);
    history.add(metrics);
    batch = 0;
    seconds = 0;
    sums = new MetricSums();
    listeners.forEach(l -> l.epochDone(this, metrics, best));
  }

  private Evaluation validate(int after) {
    stopIfRequested();
    try {
      return Evaluator.evaluate(
          backend,
          valid,
          options.seed(),
          2 * options.batch(),
          (done, of) -> {
            listeners.forEach(l -> l.validating(this, done, of));
            if (done < of) {
              stopIfRequested();
            }
          });
    } catch (CsdpException e) {
      throw e.in(after == 0 ? "before training" : "validation after epoch %d", after);
    }
  }

  /** Requests a stop after the current training or validation batch. Thread-safe. */
  public void requestStop() {
    stopRequested = true;
  }

  /** Returns the progress of training. */
  public TrainState state() {
    return new TrainState(
        epoch, batch, seconds, bestAccuracy, bestEpoch, sums, List.copyOf(history));
  }

  /** Returns the network. */
  public NetworkSpec spec() {
    return backend.spec();
  }

  /** Returns a copy of the parameters as they are now. */
  public Parameters parameters() {
    return backend.parameters();
  }

  /** Returns the backend. */
  public Backend backend() {
    return backend;
  }

  /** Returns the schedule. */
  public TrainOptions options() {
    return options;
  }

  /** Returns the training images. */
  public Dataset train() {
    return train;
  }

  /** Returns the validation images, or null. */
  public Dataset valid() {
    return valid;
  }

  /** Returns the number of batches per epoch. */
  public int batches() {
    return batches.count();
  }

  /**
   * Returns the last validation of this process; null before the first, and without validation
   * images.
   */
  public Evaluation validated() {
    return validated;
  }

  /** Returns the measurements of the current epoch. */
  public MetricSums sums() {
    return sums;
  }
}
