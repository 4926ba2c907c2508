package csdp.model;

/**
 * A population of units: a row of the table of populations.
 *
 * @param index position in {@link NetworkSpec#populations()}
 * @param name as in the released code: z0, z1, ..., zy, zR; the context of L hidden layers is
 *     z(L+1)
 * @param units number of units
 * @param role its input and function
 * @param layer hidden layer 1..L; 0 for the others
 */
public record Population(int index, String name, int units, Role role, int layer) {
  /** Input and function of a population. */
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

  /**
   * Returns true if the units integrate a current: they have membrane potential, threshold and
   * trace.
   */
  public boolean integrates() {
    return role != Role.INPUT && role != Role.CONTEXT;
  }

  /** Returns true if the threshold adapts to the population's activity. */
  public boolean adaptive() {
    return role == Role.HIDDEN || role == Role.HEAD;
  }

  /** Returns true if driven by spikes of the same step (t) rather than the previous one (t-1). */
  public boolean fedByNewSpikes() {
    return role == Role.RECONSTRUCTION;
  }
}
