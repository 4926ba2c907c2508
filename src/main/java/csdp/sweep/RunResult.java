package csdp.sweep;

import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.io.Json;
import csdp.metrics.Evaluation;
import csdp.run.TrainingRun.End;
import csdp.train.EpochMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The results in the folder of a run.
 *
 * @param record configuration and origin; null if no run was started
 * @param history one entry per epoch; the first is the network before training
 * @param test null if not tested
 * @param failure null if the run did not fail
 */
record RunResult(RunRecord record, List<EpochMetrics> history, Evaluation test, Failure failure) {
  /** Names of the measurements in tables. */
  static final List<String> METRICS =
      List.of(
          "valid_accuracy",
          "valid_nll",
          "valid_bce",
          "last_valid_accuracy",
          "test_accuracy",
          "test_nll",
          "test_bce",
          "test_mse",
          "test_spikes");

  private static final long MAX_TEST = 256L << 20; // it holds the confusion matrix

  static RunResult read(Path run) {
    RunFolder folder = new RunFolder(run);
    Path file = folder.test();
    return new RunResult(
        folder.isRun() ? folder.record() : null,
        folder.history(),
        Files.exists(file)
            ? Json.value(Json.tree(Json.bytes(file, MAX_TEST), file), Evaluation.class, file)
            : null,
        Failure.in(run));
  }

  /** Returns the number of completed epochs. */
  int epochs() {
    return history.isEmpty() ? 0 : history.get(history.size() - 1).epoch();
  }

  /** Returns true if a number of epochs is completed and the end is reached. */
  boolean isDone(int epochs, End end) {
    boolean trained = record != null && !history.isEmpty() && epochs() >= epochs;
    return switch (end) {
      case NO_TEST -> trained;
      case TEST -> trained && (test != null || record.seen().test() == null);
    };
  }

  /**
   * Returns the epoch whose parameters are the best, as training selects it; null before the first.
   *
   * @param epochs later ones do not count
   */
  EpochMetrics best(int epochs) {
    EpochMetrics best = null;
    for (EpochMetrics m : history) {
      if (m.epoch() <= epochs && (best == null || accuracy(m) >= accuracy(best))) {
        best = m;
      }
    }
    return best;
  }

  /** Returns the validation accuracy, -1 without validation. */
  static double accuracy(EpochMetrics m) {
    return m.validAccuracy() == null ? -1 : m.validAccuracy();
  }

  /** Returns the seconds of training, without validation and test. */
  double seconds() {
    return history.stream().mapToDouble(EpochMetrics::seconds).sum();
  }

  /**
   * Returns the measurements by the names of {@link #METRICS}; null for those not measured. Values
   * of the best epoch, except last_valid_accuracy.
   */
  Map<String, Double> metrics() {
    EpochMetrics best = best(epochs());
    Map<String, Double> m = new LinkedHashMap<>();
    m.put("valid_accuracy", best == null ? null : best.validAccuracy());
    m.put("valid_nll", best == null ? null : best.validNll());
    m.put("valid_bce", best == null ? null : best.validBce());
    EpochMetrics last = history.isEmpty() ? null : history.get(history.size() - 1);
    m.put("last_valid_accuracy", last == null ? null : last.validAccuracy());
    m.put("test_accuracy", test == null ? null : test.accuracy());
    m.put("test_nll", test == null ? null : test.nll());
    m.put("test_bce", test == null ? null : test.bce());
    m.put("test_mse", test == null ? null : test.mse());
    m.put("test_spikes", test == null ? null : hiddenSpikes());
    return m;
  }

  /** Returns the spikes of all hidden layers, per sample and step. */
  private double hiddenSpikes() {
    double sum = 0;
    for (int layer = 1; layer <= record.run().network().hidden().size(); layer++) {
      sum += test.spikes().getOrDefault("z" + layer, 0.0);
    }
    return sum;
  }
}
