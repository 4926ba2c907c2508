package csdp.backend;

/** Is shown the state after every step; for replays and plots, not for training at full speed. */
@FunctionalInterface
public interface StepObserver {
  /** Called after each step, plasticity included. */
  void afterStep(StepView view);
}
