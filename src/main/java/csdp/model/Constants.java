package csdp.model;

import csdp.error.CsdpException;

/**
 * Constants of the dynamics, as in the released demo (Ororbia, Science Advances 10, eadn6076,
 * 2024). Times are in milliseconds; potentials and weights have no unit.
 *
 * @param steps time steps T of a stimulus window
 * @param dt integration step, ms
 * @param tauM membrane time constant, ms
 * @param tauTrace trace time constant, ms
 * @param resistance input resistance R_m, of all excitatory currents into hidden layers but those
 *     of the context
 * @param contextResistance R_c, of the currents of the label context; in the demo R_m
 * @param inhibitoryResistance R_i, of lateral currents
 * @param thresholdRate rho_b, how fast the adaptive threshold follows the layer's spike count
 * @param goodnessThreshold theta, the goodness at which the probability of a positive sample is 0.5
 */
public record Constants(
    int steps,
    float dt,
    float tauM,
    float tauTrace,
    float resistance,
    float contextResistance,
    float inhibitoryResistance,
    float thresholdRate,
    float goodnessThreshold) {

  /** Mean of the initial thresholds. */
  public static final float THRESHOLD = 0.055f;

  /** Half width of the uniform jitter of the initial thresholds. */
  public static final float THRESHOLD_JITTER = 0.025f;

  /** Lower limit of adaptive thresholds. */
  public static final float THRESHOLD_FLOOR = 0.025f;

  /** Largest absolute weight. */
  public static final float WEIGHT_BOUND = 1f;

  /** Adam's decay of the first moment. */
  public static final float BETA1 = 0.9f;

  /** Adam's decay of the second moment. */
  public static final float BETA2 = 0.999f;

  /** Adam's epsilon: outside the root, after bias correction. */
  public static final float EPSILON = 1e-8f;

  /** Checks every value. */
  public Constants {
    if (steps < 1 || steps > 10_000) {
      throw CsdpException.badInput("steps must be in 1..10000, not %d", steps);
    }
    positive("dt", dt);
    positive("tau-m", tauM);
    positive("tau-trace", tauTrace);
    Learning.notNegative("resistance", resistance);
    Learning.notNegative("context-resistance", contextResistance);
    Learning.notNegative("inhibitory-resistance", inhibitoryResistance);
    Learning.notNegative("threshold-rate", thresholdRate);
    Learning.notNegative("goodness-threshold", goodnessThreshold);
    if (dt > tauTrace || dt > tauM) {
      throw CsdpException.badInput(
          "dt (%s ms) must not exceed tau-m (%s ms) or tau-trace (%s ms)", dt, tauM, tauTrace);
    }
  }

  /** The released demo's constants. */
  public static Constants demo() {
    return new Builder().build();
  }

  /** A builder that starts from the released demo's constants. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that starts from these constants. R_c follows R_m if the two are equal here. */
  public Builder toBuilder() {
    Builder to =
        new Builder()
            .steps(steps)
            .dt(dt)
            .tauM(tauM)
            .tauTrace(tauTrace)
            .resistance(resistance)
            .inhibitoryResistance(inhibitoryResistance)
            .thresholdRate(thresholdRate)
            .goodnessThreshold(goodnessThreshold);
    return contextResistance == resistance ? to : to.contextResistance(contextResistance);
  }

  /** The same constants with another number of time steps T. */
  public Constants withSteps(int n) {
    return toBuilder().steps(n).build();
  }

  /** 1 / tau_m, rounded once to float as in the released code. */
  public float inverseTauM() {
    return (float) (1.0 / tauM);
  }

  /** gamma = 1 - dt / tau_trace: factor of a trace in a step without a spike. */
  public float traceDecay() {
    return (float) (1.0 - (double) dt / tauTrace);
  }

  private static void positive(String name, float value) {
    if (!(value > 0) || Float.isInfinite(value)) {
      throw CsdpException.badInput("%s must be a positive number, not %s", name, value);
    }
  }

  /** Sets single constants; values are checked together by {@link #build}. */
  public static final class Builder {
    private int steps = 50;
    private float dt = 3f;
    private float tauM = 100f;
    private float tauTrace = 13f;
    private float resistance = 0.1f;
    private Float contextResistance; // null for R_m
    private float inhibitoryResistance = 0.01f;
    private float thresholdRate = 0.001f;
    private float goodnessThreshold = 10f;

    private Builder() {}

    /** Time steps T of a stimulus window; 50 in the demo. */
    public Builder steps(int value) {
      steps = value;
      return this;
    }

    /** Integration step, ms; 3 in the demo. */
    public Builder dt(float value) {
      dt = value;
      return this;
    }

    /** Membrane time constant, ms; 100 in the demo. */
    public Builder tauM(float value) {
      tauM = value;
      return this;
    }

    /** Trace time constant, ms; 13 in the demo. */
    public Builder tauTrace(float value) {
      tauTrace = value;
      return this;
    }

    /** R_m; 0.1 in the demo. */
    public Builder resistance(float value) {
      resistance = value;
      return this;
    }

    /** R_c; R_m unless set. */
    public Builder contextResistance(float value) {
      contextResistance = value;
      return this;
    }

    /** R_i; 0.01 in the demo. */
    public Builder inhibitoryResistance(float value) {
      inhibitoryResistance = value;
      return this;
    }

    /** rho_b; 0.001 in the demo. */
    public Builder thresholdRate(float value) {
      thresholdRate = value;
      return this;
    }

    /** theta; 10 in the demo. */
    public Builder goodnessThreshold(float value) {
      goodnessThreshold = value;
      return this;
    }

    /**
     * The constants.
     *
     * @throws CsdpException bad input, naming a value that is out of range
     */
    public Constants build() {
      return new Constants(
          steps,
          dt,
          tauM,
          tauTrace,
          resistance,
          contextResistance == null ? resistance : contextResistance,
          inhibitoryResistance,
          thresholdRate,
          goodnessThreshold);
    }
  }
}
