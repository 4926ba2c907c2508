package csdp.sweep;

import java.util.List;

/** Runs the tasks of trials, many at once. */
public interface Engine {
  /** Receives the progress, from any thread. */
  interface Progress {
    /** Called when a task starts. */
    default void started(TrialTask task) {}

    /**
     * Called occasionally.
     *
     * @param share completed share of the task, in [0, 1]
     */
    default void advanced(TrialTask task, double share) {}

    /** Called when a task has ended. */
    default void ended(TrialTask task, Outcome outcome) {}
  }

  /**
   * Runs tasks in any order, and returns when all have ended. A task that fails does not stop the
   * others. After {@link #stop}, running tasks end with a checkpoint and no other starts.
   */
  void run(List<TrialTask> tasks, Progress progress);

  /** Requests a stop, now and for later tasks. Thread-safe. */
  void stop();

  /** Returns true if a process that ends now loses at most a batch or validation of each task. */
  boolean isCurrent();
}
