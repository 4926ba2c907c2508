package csdp.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Parameters to store, and their comparison bit for bit. */
public final class TestParameters {
  private TestParameters() {}

  /** Parameters in which every array differs from every other. */
  public static Parameters distinct(NetworkSpec spec, int seed) {
    Parameters p = Parameters.random(spec, seed);
    Parameters m = Parameters.random(spec, seed + 1);
    for (Synapse s : spec.synapses()) {
      for (int i = 0; i < s.size(); i++) {
        p.firstMoments(s)[i] = m.weights(s)[i];
        p.secondMoments(s)[i] = m.weights(s)[i] * m.weights(s)[i];
      }
    }
    p.weights(spec.synapses().get(0))[0] = -0f;
    p.weights(spec.synapses().get(0))[1] = Float.MIN_VALUE;
    p.plasticitySteps(1_234_567_890_123L);
    return p;
  }

  /** All parameters have the same bits. */
  public static void assertSame(Parameters expected, Parameters actual) {
    assertSame(expected, actual, "");
  }

  /**
   * All parameters have the same bits.
   *
   * @param where the beginning of the message of a failure
   */
  public static void assertSame(Parameters expected, Parameters actual, String where) {
    assertEquals(expected.plasticitySteps(), actual.plasticitySteps(), where);
    for (Synapse s : expected.spec().synapses()) {
      Synapse t = actual.spec().synapses().get(s.index());
      assertBits(expected.firstMoments(s), actual.firstMoments(t), where + "m of " + s.name());
      assertBits(expected.secondMoments(s), actual.secondMoments(t), where + "v of " + s.name());
    }
    assertSameState(expected, actual, where);
  }

  /** Weights and thresholds have the same bits. */
  public static void assertSameWeights(Parameters expected, Parameters actual) {
    assertSameState(expected, actual, "");
  }

  private static void assertSameState(Parameters expected, Parameters actual, String where) {
    for (Synapse s : expected.spec().synapses()) {
      Synapse t = actual.spec().synapses().get(s.index());
      assertBits(expected.weights(s), actual.weights(t), where + s.name());
    }
    for (Population p : expected.spec().integrating()) {
      Population q = actual.spec().populations().get(p.index());
      assertBits(expected.thresholds(p), actual.thresholds(q), where + p.name());
    }
  }

  private static void assertBits(float[] expected, float[] actual, String what) {
    assertArrayEquals(bits(expected), bits(actual), what);
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
