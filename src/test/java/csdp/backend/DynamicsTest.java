package csdp.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import csdp.model.TestNetworks;
import csdp.model.TestRates;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Dynamics and plasticity of one unit, worked out on paper with numbers that are exact in float.
 */
class DynamicsTest {
  private static final Learning NO_DECAY = new Learning(0.25f, 0);

  /** dt 1, tau_m 2, trace decay 1 - 1/4; R_m 1/2, R_i 1/4, rho_b 1/8, theta 1. */
  private static NetworkSpec oneUnit(int steps) {
    Constants c =
        Constants.builder()
            .steps(steps)
            .dt(1)
            .tauM(2)
            .tauTrace(4)
            .resistance(0.5f)
            .inhibitoryResistance(0.25f)
            .thresholdRate(0.125f)
            .goodnessThreshold(1)
            .build();
    return NetworkSpec.builder(1, 2).hidden(1).constants(c).build();
  }

  private static Parameters parameters(NetworkSpec spec, float w1, float threshold) {
    Parameters p = new Parameters(spec);
    p.weights(spec.synapse("W1"))[0] = w1;
    for (Population pop : spec.integrating()) {
      java.util.Arrays.fill(p.thresholds(pop), pop.hasGoodness() ? threshold : 100f);
    }
    return p;
  }

  /** The input spikes at every step. */
  private static Batch alwaysOn(int steps, int positives) {
    byte[] spikes = new byte[steps];
    java.util.Arrays.fill(spikes, (byte) 1);
    return new Batch(
        1,
        positives,
        new Batch.Given(1, new float[] {1}),
        new int[] {-1},
        new Batch.Recorded(1, spikes));
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void membraneThresholdAndTrace(Nets.Maker maker) {
    NetworkSpec spec = oneUnit(6);
    Population z1 = spec.populations(Role.HIDDEN).get(0);
    List<Float> v = new ArrayList<>();
    List<Float> thr = new ArrayList<>();
    List<Float> z = new ArrayList<>();
    List<Float> goodness = new ArrayList<>();
    List<Integer> s = new ArrayList<>();
    try (Backend b = maker.make().apply(spec)) {
      b.restore(parameters(spec, 1, 0.8125f));
      b.run(
          alwaysOn(6, 1),
          null,
          new ReadOut(spec),
          view -> {
            v.add(view.membranes(z1)[0]);
            thr.add(view.thresholds(z1)[0]);
            z.add(view.traces(z1)[0]);
            goodness.add(view.goodness(z1)[0]);
            s.add((int) view.spikes(z1)[0]);
          });
    }
    // j is 0 at t = 1 (spikes of t-1), then 1/2. v' = (v + j) / 2.
    // The threshold falls by 1/8 in a step without a spike and stays after a single spike:
    // 13/16, 11/16, 9/16, 7/16, then v' = 7/16 at t = 4 is not above 7/16, 15/32 > 5/16 at t = 5.
    assertEquals(List.of(0f, 0.25f, 0.375f, 0.4375f, 0f, 0.25f), v);
    assertEquals(List.of(0.6875f, 0.5625f, 0.4375f, 0.3125f, 0.3125f, 0.1875f), thr);
    assertEquals(List.of(0, 0, 0, 0, 1, 0), s);
    assertEquals(List.of(0f, 0f, 0f, 0f, 1f, 0.75f), z);
    assertEquals(List.of(0f, 0f, 0f, 0f, 1f, 0.5625f), goodness);
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void thresholdNeverFallsBelowItsFloor(Nets.Maker maker) {
    NetworkSpec spec = oneUnit(3);
    Population z1 = spec.populations(Role.HIDDEN).get(0);
    List<Float> thr = new ArrayList<>();
    try (Backend b = maker.make().apply(spec)) {
      b.restore(parameters(spec, -1, 0.25f));
      b.run(alwaysOn(3, 1), null, new ReadOut(spec), v -> thr.add(v.thresholds(z1)[0]));
    }
    assertEquals(List.of(0.125f, 0.025f, 0.025f), thr);
  }

  /**
   * The unit spikes first at t = 2: v' = 1/4 over a threshold that has fallen to 1/8. Goodness 1
   * equals theta, so p = 1/2 and d = 2 z (p - pos) / N = -1 for a positive. U of W1 is R_m d =
   * -1/2.
   */
  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void contrastiveUpdate(Nets.Maker maker) {
    NetworkSpec spec = oneUnit(2);
    Population z1 = spec.populations(Role.HIDDEN).get(0);
    Parameters p = parameters(spec, 1, 0.25f);
    p.weights(spec.synapse("W1"))[0] = 0.5f; // j = 1/4, v' = 1/8
    java.util.Arrays.fill(p.thresholds(z1), 0.1875f); // 1/16 at t = 2
    p.weights(spec.synapse("M1"))[0] = 0.75f; // hollow: zero after the first step
    float[] signal = new float[1];
    Parameters after = new Parameters(spec);
    try (Backend b = maker.make().apply(spec)) {
      b.restore(p);
      Learning rates = new Learning(0.25f, 0.0625f);
      b.run(alwaysOn(2, 1), rates, new ReadOut(spec), v -> signal[0] = v.signals(z1)[0]);
      b.snapshot(after);
    }
    assertEquals(-1f, signal[0]);
    assertEquals(2, after.plasticitySteps());
    Synapse w1 = spec.synapse("W1");
    assertEquals(0.1f * -0.5f, after.firstMoments(w1)[0]);
    assertEquals(0.001f * 0.25f, after.secondMoments(w1)[0]);
    // m^ = -0.05 / (1 - 0.9^2), v^ = 0.00025 / (1 - 0.999^2); the input spiked, so nothing decays.
    double step = 0.25 * (-0.05 / 0.19) / (Math.sqrt(0.00025 / 0.001999) + 1e-8);
    assertEquals(0.5 - step, after.weights(w1)[0], 1e-5);
    // No presynaptic spike at M1 and V2y: M1 is hollow; V2y only decays, by one spike of z1.
    assertArrayEquals(new float[] {0}, after.weights(spec.synapse("M1")));
    assertArrayEquals(new float[] {-0.0625f, -0.0625f}, after.weights(spec.synapse("V2y")));
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void negativesPushTheOtherWayAndErrorsLearnFromPositivesOnly(Nets.Maker maker) {
    NetworkSpec spec = oneUnit(2);
    Population z1 = spec.populations(Role.HIDDEN).get(0);
    Parameters p = parameters(spec, 0.5f, 0.1875f);
    float[] signal = new float[1];
    Parameters after = new Parameters(spec);
    try (Backend b = maker.make().apply(spec)) {
      b.restore(p);
      b.run(alwaysOn(2, 0), NO_DECAY, new ReadOut(spec), v -> signal[0] = v.signals(z1)[0]);
      b.snapshot(after);
    }
    assertEquals(1f, signal[0]);
    assertEquals(0.1f * 0.5f, after.firstMoments(spec.synapse("W1"))[0]);
    assertArrayEquals(new float[2], after.weights(spec.synapse("C2")));
    assertArrayEquals(new float[1], after.weights(spec.synapse("R1")));
  }

  /** eR = 2 (s0 - sR) / N+ = 2 at t = 2; R1 learns from the new spike: U = -(R_m eR)(1 - |w|). */
  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void reconstructionUpdate(Nets.Maker maker) {
    NetworkSpec spec = oneUnit(2);
    Parameters p = parameters(spec, 0.5f, 0.1875f);
    Synapse r1 = spec.synapse("R1");
    p.weights(r1)[0] = -0.25f;
    Parameters after = new Parameters(spec);
    try (Backend b = maker.make().apply(spec)) {
      b.restore(p);
      b.run(alwaysOn(2, 1), NO_DECAY, new ReadOut(spec), null);
      b.snapshot(after);
    }
    assertEquals(0.1f * -0.75f, after.firstMoments(r1)[0]);
    Adam adam = Adam.at(2, 0.25f);
    assertEquals(0.25 / 0.19, adam.rate(), 1e-5);
    double step = 0.25 * (-0.075 / 0.19) / (Math.sqrt(0.001 * 0.5625 / 0.001999) + 1e-8);
    assertEquals(-0.25 - step, after.weights(r1)[0], 1e-5);
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void sameBitsTwice(Nets.Maker maker) {
    NetworkSpec spec = TestNetworks.lopsided(30, 4, 10).hidden(20, 9).build();
    float[][] weights = new float[2][];
    for (int k = 0; k < 2; k++) {
      try (Backend b = maker.make().apply(spec)) {
        b.restore(Parameters.random(spec, 1));
        b.run(Nets.batch(spec, 6, 6, 2), TestRates.LEARNING, new ReadOut(spec), null);
        Parameters after = new Parameters(spec);
        b.snapshot(after);
        weights[k] = after.weights(spec.synapses().get(0));
      }
    }
    assertArrayEquals(weights[0], weights[1], 0f);
  }
}
