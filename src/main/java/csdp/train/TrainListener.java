package csdp.train;

/** Receives events of training: progress, logs, checkpoints and plots are listeners. */
public interface TrainListener {
  /** Called before the first batch, also after a resume. */
  default void started(Trainer trainer) {}

  /** Called after each training batch. */
  default void batchDone(Trainer trainer) {}

  /** Called after the last batch of an epoch, before its validation. The state can be resumed. */
  default void epochTrained(Trainer trainer) {}

  /** Called after each validation batch. */
  default void validating(Trainer trainer, int images, int of) {}

  /**
   * Called after an epoch and its validation, and once before training (epoch 0).
   *
   * @param best whether these are the best parameters so far
   */
  default void epochDone(Trainer trainer, EpochMetrics metrics, boolean best) {}

  /** Called when training has stopped on request within an epoch or its validation. */
  default void stopped(Trainer trainer) {}
}
