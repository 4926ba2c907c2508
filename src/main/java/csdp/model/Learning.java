package csdp.model;

import csdp.error.CsdpException;
import java.util.Objects;

/**
 * How fast synapses learn. Both rates have no unit.
 *
 * @param learningRate eta of Adam
 * @param weightDecay decay of a weight for each postsynaptic spike without a presynaptic one
 * @param synapses that learn; the others stay as they are
 */
public record Learning(float learningRate, float weightDecay, Synapses synapses) {
  /** Groups of synapses. */
  public enum Synapses {
    /** Every synapse. */
    ALL,
    /** Those onto the head. */
    HEADS,
    /** Every synapse but those onto the head. */
    ALL_BUT_HEADS;

    /** Returns whether a synapse belongs to the group. */
    public boolean contains(Synapse s) {
      boolean head = s.post().role() == Population.Role.HEAD;
      return switch (this) {
        case ALL -> true;
        case HEADS -> head;
        case ALL_BUT_HEADS -> !head;
      };
    }
  }

  /** Checks every value. */
  public Learning {
    Objects.requireNonNull(synapses, "synapses");
    notNegative("learning-rate", learningRate);
    notNegative("weight-decay", weightDecay);
  }

  /** Rates at which every synapse learns. */
  public Learning(float learningRate, float weightDecay) {
    this(learningRate, weightDecay, Synapses.ALL);
  }

  /** The same rates for a group of synapses. */
  public Learning of(Synapses group) {
    return new Learning(learningRate, weightDecay, group);
  }

  /**
   * The released demo's rates; they follow the batch size there.
   *
   * @param batch raw batch size B (positives only)
   */
  public static Learning forBatch(int batch) {
    if (batch >= 200) {
      return new Learning(0.002f, 5e-5f);
    } else if (batch >= 100) {
      return new Learning(0.001f, 6e-5f);
    } else if (batch >= 50) {
      return new Learning(0.001f, 7e-5f);
    } else if (batch >= 20) {
      return new Learning(0.00075f, 8e-5f);
    } else if (batch >= 10) {
      return new Learning(0.00055f, 9e-5f);
    }
    return new Learning(0.0004f, 1e-4f);
  }

  static void notNegative(String name, float value) {
    if (!(value >= 0) || Float.isInfinite(value)) {
      throw CsdpException.badInput("%s must be zero or a positive number, not %s", name, value);
    }
  }
}
