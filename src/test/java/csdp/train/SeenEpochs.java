package csdp.train;

import java.util.ArrayList;
import java.util.List;

/** Keeps the metrics of every epoch. */
public final class SeenEpochs implements TrainListener {
  private final List<EpochMetrics> metrics = new ArrayList<>();

  @Override
  public void epochDone(Trainer trainer, EpochMetrics m, boolean best) {
    metrics.add(m);
  }

  /** Metrics of epoch 0, which is before training, and of the others in order. */
  public List<EpochMetrics> metrics() {
    return metrics;
  }
}
