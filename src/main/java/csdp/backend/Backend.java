package csdp.backend;

import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;

/**
 * Executes a network: holds its parameters and state, and simulates a batch for a whole time
 * window. Not thread-safe.
 *
 * <p>All backends draw the same input spikes. For the same seed, a backend's results are
 * bit-identical for any number of threads.
 */
public interface Backend extends AutoCloseable {
  /** Returns the short name, as in the {@code --device} option. */
  String name();

  /** Returns one line that describes device and implementation. */
  String description();

  /** The network. */
  NetworkSpec spec();

  /** Copies parameters in; {@link #run} refuses non-finite ones. */
  void restore(Parameters from);

  /** Copies parameters out. */
  void snapshot(Parameters into);

  /** Returns a copy of the parameters. */
  default Parameters parameters() {
    Parameters copy = new Parameters(spec());
    snapshot(copy);
    return copy;
  }

  /**
   * Simulates a batch for T steps, from rest.
   *
   * <p>Fails if a weight, moment, membrane potential, threshold, trace or goodness is NaN or
   * infinite, checked before clip, floor or reset could hide it. The error names the first such
   * step and its first owner: populations before synapses, each in table order. A device may throw
   * at the end of the window, but names the same step. Parameters from {@link #restore} are checked
   * too and count as step 1. After the error the parameters are invalid: restore others.
   *
   * @param learning rates of the plasticity, which acts at every step, and the synapses that learn;
   *     null for inference
   * @param out receives the sums over the window
   * @param observer is called after every step; null for none
   * @throws csdp.error.CsdpException failed (exit code 1), from {@link NotFinite#failure}
   */
  void run(Batch batch, Learning learning, ReadOut out, StepObserver observer);

  /** Releases all resources. */
  @Override
  void close();
}
