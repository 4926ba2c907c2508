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

  /** Thresholds of a population that integrates, for the next step. */
  float[] thresholds(Population p);

  /** Traces z of a population that integrates. */
  float[] traces(Population p);

  /**
   * The postsynaptic signal of plasticity: the modulator d of a hidden layer, or the error e of
   * head or reconstruction. Only while learning.
   */
  float[] signals(Population p);

  /** Goodness G of each sample in a hidden layer, N. */
  float[] goodness(Population hidden);

  /** Copies the parameters after this step. */
  void snapshot(Parameters into);
}
