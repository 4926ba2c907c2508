package csdp.backend;

import csdp.model.Parameters;
import csdp.model.Population;

/** The state of a network after a step. Arrays are copies, N x units, row-major. */
public interface StepView {
  /** Steps done in this window: 1..T. */
  int step();

  /** Spikes of this step, 0 or 1. */
  byte[] spikes(Population p);

  /** Membrane potentials v of a population that integrates. */
  float[] membranes(Population p);

  /** Thresholds of a population that integrates, as the next step will use them. */
  float[] thresholds(Population p);

  /** Traces z of a population that integrates. */
  float[] traces(Population p);

  /**
   * What plasticity gets from the postsynaptic side: the modulator d of a hidden layer, the error e
   * of the head or of the reconstruction. Only while learning.
   */
  float[] signals(Population p);

  /** Goodness G of each sample in a hidden layer, N. */
  float[] goodness(Population hidden);

  /** Copies the parameters as they are after this step. */
  void snapshot(Parameters into);
}
