package csdp.backend;

import csdp.model.Learning;
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

  /** Copies parameters in; {@link #run} refuses those that are not finite. */
  void restore(Parameters from);

  /** Copies parameters out. */
  void snapshot(Parameters into);

  /**
   * Shows a batch for T steps, from rest.
   *
   * <p>Stops as soon as a weight, moment, membrane potential, threshold, trace or goodness is NaN
   * or infinite, by the value that was computed, before clip, floor or reset could hide it. The
   * failure names the first such step and in it the first owner, populations before synapses, each
   * in the network's table order. A device that looks only at the end of the window may throw then,
   * but names that step. Parameters that {@link #restore} brought are looked through too, and count
   * as step 1. After the failure the parameters are not to be kept: restore others before going on.
   *
   * @param learning rates of the plasticity, which acts at every step; null for inference
   * @param out receives the sums over the window
   * @param observer is shown every step; null for none
   * @throws csdp.error.CsdpException failed (exit code 1), from {@link NotFinite#failure}
   */
  void run(Batch batch, Learning learning, ReadOut out, StepObserver observer);

  /** Frees what it holds. */
  @Override
  void close();
}
