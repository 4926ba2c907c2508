package csdp.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import csdp.error.CsdpException;
import csdp.metrics.MetricSums;
import java.util.List;
import java.util.Objects;

/**
 * Progress of training: all state besides the parameters that an exact resume needs.
 *
 * @param epoch completed epochs
 * @param batch completed batches of the current epoch
 * @param seconds of training in the current epoch
 * @param bestAccuracy best validation accuracy so far, -1 before the first
 * @param bestEpoch epoch with that accuracy
 * @param sums measurements of the current epoch
 * @param history one entry per epoch; the first is the network before training
 */
public record TrainState(
    int epoch,
    int batch,
    double seconds,
    double bestAccuracy,
    int bestEpoch,
    @JsonProperty("tally") MetricSums sums,
    List<EpochMetrics> history) {
  /** Rejects an inconsistent state, as read from a file. */
  public TrainState {
    if (epoch < 0
        || batch < 0
        || !(seconds >= 0)
        || !(bestAccuracy >= -1 && bestAccuracy <= 1)
        || bestEpoch < 0
        || bestEpoch > epoch
        || sums == null
        || history == null
        || history.stream().anyMatch(Objects::isNull)
        || history.size() < epoch
        || history.size() > epoch + 1) {
      throw CsdpException.badInput(
          "invalid state of a training run: %d epochs and %d batches in %s s, accuracy %s after"
              + " epoch %d, a history of %s",
          epoch, batch, seconds, bestAccuracy, bestEpoch, history == null ? null : history.size());
    }
    history = List.copyOf(history);
  }

  /** Returns the state before training. */
  public static TrainState start() {
    return new TrainState(0, 0, 0, -1, 0, new MetricSums(), List.of());
  }
}
