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
    return switch (role) {
      case INPUT, CONTEXT -> false;
      case HIDDEN, HEAD, RECONSTRUCTION -> true;
    };
  }

  /** Whether its threshold follows its activity. */
  public boolean adaptive() {
    return switch (role) {
      case HIDDEN, HEAD -> true;
      case INPUT, RECONSTRUCTION, CONTEXT -> false;
    };
  }

  /** Whether its currents come from the spikes of this very step (t) rather than of t-1. */
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
