package csdp.backend;

import csdp.model.NetworkSpec;
import csdp.model.Parameters;

/**
 * Runs a network: holds its parameters and state wherever it computes, and takes a batch through
 * its whole time window. Not for use by several threads at once.
 *
 * <p>All backends draw the same input spikes. The same seed and backend give the same bits,
 * whatever the number of threads.
 */
public interface Backend extends AutoCloseable {
  /** Short name, as the {@code --device} option takes it. */
  String name();

  /** One line for people: what it runs on and how. */
  String description();

  /** The network. */
  NetworkSpec spec();

  /** Copies parameters in. */
  void restore(Parameters from);

  /** Copies parameters out. */
  void snapshot(Parameters into);

  /**
   * Shows a batch for T steps, from rest.
   *
   * @param learn whether plasticity acts, at every step
   * @param out receives the sums over the window
   * @param observer is shown every step; null for none
   */
  void run(Batch batch, boolean learn, ReadOut out, StepObserver observer);

  /** Frees what it holds. */
  @Override
  void close();
}
