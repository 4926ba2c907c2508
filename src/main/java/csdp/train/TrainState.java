package csdp.train;

import csdp.metrics.Tally;
import java.util.List;

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
  /** Before training. */
  public static TrainState start() {
    return new TrainState(0, 0, 0, -1, 0, new Tally(), List.of());
  }
}
