package csdp.model;

/**
 * Adam at one plasticity step: m = b1 m + (1-b1) U; v = b2 v + (1-b2) U^2; w -= rate m / (sqrt(v
 * secondScale) + eps), where {@code rate} is eta / (1 - b1^k) and {@code secondScale} 1 / (1 -
 * b2^k). Epsilon is outside the root and after bias correction. With U = 0, w still changes through
 * m.
 *
 * @param rate learning rate with the first moment's bias correction
 * @param secondScale bias correction of the second moment
 */
public record Adam(float rate, float secondScale) {
  /** 1 - b1. */
  public static final float GAIN1 = 0.1f;

  /** 1 - b2. */
  public static final float GAIN2 = 0.001f;

  /**
   * Returns the corrections of a step. As in the released code, the betas are rounded to float
   * before they are raised to the k-th power: 1 - 0.999f is 5e-5 (relative) larger than 0.001.
   *
   * @param k plasticity steps including this one, from 1
   */
  public static Adam at(long k, float learningRate) {
    float first = 1f - (float) StrictMath.pow(Constants.BETA1, (double) k);
    float second = 1f - (float) StrictMath.pow(Constants.BETA2, (double) k);
    return new Adam(learningRate / first, 1f / second);
  }
}
