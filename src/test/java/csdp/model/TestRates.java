package csdp.model;

/** Strong currents and fast, asymmetric learning, to expose errors within a few steps. */
public final class TestRates {
  /** A learning rate and a weight decay far above the demo's. */
  public static final Learning LEARNING = new Learning(0.01f, 3e-3f);

  private TestRates() {}

  /** {@link #LEARNING} for a run that learns, null for inference. */
  public static Learning when(boolean learns) {
    return learns ? LEARNING : null;
  }

  /** Constants for windows of T steps. */
  public static Constants constants(int steps) {
    return Constants.builder()
        .steps(steps)
        .resistance(0.4f)
        .contextResistance(0.7f)
        .inhibitoryResistance(0.03f)
        .thresholdRate(0.002f)
        .goodnessThreshold(2f)
        .build();
  }
}
