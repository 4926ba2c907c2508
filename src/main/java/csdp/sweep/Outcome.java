package csdp.sweep;

import java.io.Serializable;

/**
 * How a task ended, for progress. The results are in the run's folder.
 *
 * @param status of the task
 * @param validAccuracy best so far, in [0, 1]; null without validation
 * @param testAccuracy in [0, 1]; null if not tested
 * @param seconds that the task took here
 * @param error of a failed task; null for others
 */
public record Outcome(
    Status status, Double validAccuracy, Double testAccuracy, double seconds, String error)
    implements Serializable {
  /** Status of a task that has ended. */
  public enum Status {
    /** All epochs are completed and the end is reached. */
    DONE,
    /** Stopped with a checkpoint. */
    STOPPED,
    /** Failed; the error is recorded in the folder. */
    FAILED
  }
}
