package csdp.model;

/**
 * A population of units: a row of the network's table.
 *
 * @param index position in {@link NetworkSpec#populations()}
 * @param name as in the released code: z0, z1, ..., zy, zR; the context of L hidden layers is
 *     z(L+1)
 * @param units number of units
 * @param role what drives it and what it is for
 * @param layer hidden layer 1..L; 0 for the others
 */
public record Population(int index, String name, int units, Role role, int layer) {
  /** What drives a population and what it is for. */
  public enum Role {
    /** Bernoulli spikes drawn from the image. */
    INPUT,
    /** Leaky integrate-and-fire units with goodness. */
    HIDDEN,
    /** Leaky integrate-and-fire read-out of the class. */
    HEAD,
    /** Leaky integrate-and-fire reconstruction of the input, with a constant threshold. */
    RECONSTRUCTION,
    /** The clamped one-hot label; all zero at inference. */
    CONTEXT
  }

  /** Whether its units integrate a current: they have a membrane, a threshold and a trace. */
  public boolean integrates() {
    return role != Role.INPUT && role != Role.CONTEXT;
  }

  /** Whether its threshold follows its activity. */
  public boolean adaptive() {
    return role == Role.HIDDEN || role == Role.HEAD;
  }

  /** Whether its currents come from the spikes of this very step (t) rather than of t-1. */
  public boolean fedByNewSpikes() {
    return role == Role.RECONSTRUCTION;
  }
}
