package csdp.train;

/** Is told how training goes: progress, logs, checkpoints and plots are listeners. */
public interface TrainListener {
  /** Before the first batch, after a resume too. */
  default void started(Trainer trainer) {}

  /** After each training batch. */
  default void batchDone(Trainer trainer) {}

  /** After the last batch of an epoch, before its validation: a state that can be resumed. */
  default void epochTrained(Trainer trainer) {}

  /** While validation images are shown. */
  default void validating(Trainer trainer, int images, int of) {}

  /**
   * After an epoch and its validation; also once before training (epoch 0).
   *
   * @param best whether these are the best parameters so far
   */
  default void epochDone(Trainer trainer, EpochMetrics metrics, boolean best) {}

  /** Training was asked to stop in the middle of an epoch or its validation and did. */
  default void stopped(Trainer trainer) {}
}
