package csdp.backend;

/** Receives the state after every step, for replays and plots. Slow. */
@FunctionalInterface
public interface StepObserver {
  /** Called after each step, plasticity included. */
  void afterStep(StepView view);
}
