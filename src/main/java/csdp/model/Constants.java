package csdp.model;

import csdp.CsdpException;

/**
 * The constants of the dynamics and of plasticity, as in the released demo (Ororbia, Science
 * Advances 10, eadn6076, 2024). Times are in milliseconds, potentials and weights have no unit.
 *
 * @param steps time steps T of a stimulus window
 * @param dt integration step, ms
 * @param tauM membrane time constant, ms
 * @param tauTrace trace time constant, ms
 * @param resistance input resistance R_m, of all excitatory currents into hidden layers
 * @param inhibitoryResistance R_i, of lateral currents
 * @param thresholdRate rho_b, how fast the adaptive threshold follows the layer's spike count
 * @param goodnessThreshold theta, the goodness at which the probability of a positive sample is 0.5
 * @param learningRate eta of Adam
 * @param weightDecay decay of a weight for each postsynaptic spike without a presynaptic one
 */
public record Constants(
    int steps,
    float dt,
    float tauM,
    float tauTrace,
    float resistance,
    float inhibitoryResistance,
    float thresholdRate,
    float goodnessThreshold,
    float learningRate,
    float weightDecay) {

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
    notNegative("resistance", resistance);
    notNegative("inhibitory-resistance", inhibitoryResistance);
    notNegative("threshold-rate", thresholdRate);
    notNegative("goodness-threshold", goodnessThreshold);
    notNegative("learning-rate", learningRate);
    notNegative("weight-decay", weightDecay);
    if (dt > tauTrace || dt > tauM) {
      throw CsdpException.badInput(
          "dt (%s ms) must not exceed tau-m (%s ms) or tau-trace (%s ms)", dt, tauM, tauTrace);
    }
  }

  /**
   * Returns the constants of the released demo, where learning rate and weight decay depend on the
   * batch size.
   *
   * @param batch raw batch size B (positives only)
   */
  public static Constants forBatch(int batch) {
    float eta;
    float decay;
    if (batch >= 200) {
      eta = 0.002f;
      decay = 5e-5f;
    } else if (batch >= 100) {
      eta = 0.001f;
      decay = 6e-5f;
    } else if (batch >= 50) {
      eta = 0.001f;
      decay = 7e-5f;
    } else if (batch >= 20) {
      eta = 0.00075f;
      decay = 8e-5f;
    } else if (batch >= 10) {
      eta = 0.00055f;
      decay = 9e-5f;
    } else {
      eta = 0.0004f;
      decay = 1e-4f;
    }
    return new Constants(50, 3f, 100f, 13f, 0.1f, 0.01f, 0.001f, 10f, eta, decay);
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

  private static void notNegative(String name, float value) {
    if (!(value >= 0) || Float.isInfinite(value)) {
      throw CsdpException.badInput("%s must be zero or a positive number, not %s", name, value);
    }
  }
}
