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
    /** The clamped one-hot label; all zero in windows without labels. */
    CONTEXT
  }

  /**
   * Returns true if the units integrate a current: they have membrane potential, threshold and
   * trace.
   */
  public boolean integrates() {
    return switch (role) {
      case INPUT, CONTEXT -> false;
      case HIDDEN, HEAD, RECONSTRUCTION -> true;
    };
  }

  /** Returns true if the threshold adapts to the population's activity. */
  public boolean adaptive() {
    return switch (role) {
      case HIDDEN, HEAD -> true;
      case INPUT, RECONSTRUCTION, CONTEXT -> false;
    };
  }

  /** Returns true if driven by spikes of the same step (t) rather than the previous one (t-1). */
  public boolean fedByNewSpikes() {
    return switch (role) {
      case RECONSTRUCTION -> true;
      case INPUT, HIDDEN, HEAD, CONTEXT -> false;
    };
  }

  /** True if it has a goodness and learns by a modulator made from it. */
  public boolean hasGoodness() {
    return switch (role) {
      case HIDDEN -> true;
      case INPUT, HEAD, RECONSTRUCTION, CONTEXT -> false;
    };
  }

  /** True if its spikes are drawn from the image. */
  public boolean drawnFromImage() {
    return switch (role) {
      case INPUT -> true;
      case HIDDEN, HEAD, RECONSTRUCTION, CONTEXT -> false;
    };
  }

  /** True if it can spike when no labels are given. */
  public boolean spikesWithoutLabels() {
    return switch (role) {
      case INPUT, HIDDEN, HEAD, RECONSTRUCTION -> true;
      case CONTEXT -> false;
    };
  }
}
