package csdp.model;

/**
 * A dense synapse between two populations: a row of the table of synapses. Its weights are {@code
 * pre.units() x post.units()}, row-major.
 *
 * @param index position in {@link NetworkSpec#synapses()}
 * @param name as in the released code (W1, V2, M1, V2y, C2, R1, ...)
 * @param pre presynaptic population; acts by its spikes of t-1, or of t if {@code
 *     post.fedByNewSpikes()}
 * @param post postsynaptic population
 * @param rule plasticity rule
 * @param currentScale signed factor of its current
 * @param learningScale R_S, factor of the postsynaptic signal in its update
 * @param lower smallest weight
 * @param upper largest weight
 * @param hollow true if the diagonal is kept at zero
 */
public record Synapse(
    int index,
    String name,
    Population pre,
    Population post,
    Rule rule,
    float currentScale,
    float learningScale,
    float lower,
    float upper,
    boolean hollow) {
  /** Plasticity rule of a synapse. */
  public enum Rule {
    /** Contrastive: presynaptic spikes times the goodness modulator, Adam, decay, clip. */
    CONTRASTIVE,
    /** Error-driven Hebbian with soft bounds on positives, Adam, clip. */
    ERROR
  }

  /** Number of weights. */
  public int size() {
    return pre.units() * post.units();
  }
}
