package csdp.train;

import csdp.CsdpException;
import csdp.metrics.Tally;
import java.util.List;
import java.util.Objects;

/**
 * Where training stands, beside the parameters: what a checkpoint needs to go on exactly.
 *
 * @param epoch epochs done
 * @param batch batches done of the epoch at hand
 * @param seconds of training in the epoch at hand
 * @param bestAccuracy best validation accuracy so far, -1 before the first
 * @param bestEpoch the epoch that reached it
 * @param tally measurements of the epoch at hand
 * @param history one entry an epoch, the network before training first
 */
public record TrainState(
    int epoch,
    int batch,
    double seconds,
    double bestAccuracy,
    int bestEpoch,
    Tally tally,
    List<EpochMetrics> history) {
  /** Checks what a state that was read may have wrong. */
  public TrainState {
    if (epoch < 0
        || batch < 0
        || !(seconds >= 0)
        || !(bestAccuracy >= -1 && bestAccuracy <= 1)
        || bestEpoch < 0
        || bestEpoch > epoch
        || tally == null
        || history == null
        || history.stream().anyMatch(Objects::isNull)
        || history.size() < epoch
        || history.size() > epoch + 1) {
      throw CsdpException.badInput(
          "no state of a training run: %d epochs and %d batches in %s s, accuracy %s after epoch %d,"
              + " a history of %s",
          epoch, batch, seconds, bestAccuracy, bestEpoch, history == null ? null : history.size());
    }
    history = List.copyOf(history);
  }

  /** Before training. */
  public static TrainState start() {
    return new TrainState(0, 0, 0, -1, 0, new Tally(), List.of());
  }
}
