package csdp.model;

/**
 * A dense bundle of synapses between two populations: a row of the network's table. Its weights are
 * {@code pre.units() x post.units()}, row-major.
 *
 * @param index position in {@link NetworkSpec#synapses()}
 * @param name as in the released code (W1, V2, M1, V2y, C2, R1, ...)
 * @param pre presynaptic population; its spikes of t-1 act, or of t where {@code
 *     post.fedByNewSpikes()}
 * @param post postsynaptic population
 * @param rule how it learns
 * @param currentScale signed factor of its current
 * @param learningScale R_S, factor of the postsynaptic signal in its update
 * @param lower smallest weight
 * @param upper largest weight
 * @param hollow whether its diagonal is kept at zero
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
  /** How a synapse learns. */
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
