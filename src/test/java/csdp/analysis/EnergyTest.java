package csdp.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.analysis.plots.StepRecord;
import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.config.TrainOptions;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox.Purpose;
import csdp.model.Population;
import csdp.model.TestNetworks;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Events that can be counted on paper, and records that must agree with the read-out. */
class EnergyTest {
  private static final int T = 7;

  private static NetworkSpec spec(int inputs) {
    return TestNetworks.lopsided(inputs, 2, T).hidden(4, 3).build();
  }

  private static Batch batch(NetworkSpec spec, int n, int positives, int label, float pixel) {
    float[] x = new float[n * spec.input().units()];
    Arrays.fill(x, pixel);
    int[] labels = new int[n];
    Arrays.fill(labels, label);
    return new Batch(
        n,
        positives,
        new Batch.Given(spec.input().units(), x),
        labels,
        new Batch.RandomSpikes(1, Purpose.TRAIN_SPIKES, 0, 0));
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Device#everywhere")
  void silentNetworkWithWhiteImages(Device device) {
    NetworkSpec spec = spec(5);
    try (Backend backend = device.open(spec, 1)) {
      // Weights of zero: only the input spikes, every unit at every step, and with labels the
      // context.
      backend.restore(new Parameters(spec));
      StepRecord shown = StepRecord.of(backend, batch(spec, 3, 3, -1, 1), false);
      StepRecord contrast = StepRecord.of(backend, batch(spec, 4, 2, 1, 1), false);
      TrainOptions options = TrainOptions.epochs(1).withBatch(10);
      Energy e = Energy.of(shown, contrast, options);
      assertEquals((T - 1) * 5 * 4, e.inference());
      // W1, V2, M1, W2, M2, C2, C3, R1; the context's are left out.
      int weights = 5 * 4 + 3 * 4 + 4 * 4 + 4 * 3 + 3 * 3 + 4 * 2 + 3 * 2 + 4 * 5;
      assertEquals(T * weights, e.inferenceDense());
      // Two samples an image; one context spike a step reaches 4 + 3 units.
      assertEquals(2 * (T - 1) * (5 * 4 + 4 + 3), e.training());
      int context = 2 * 4 + 2 * 3;
      assertEquals(2 * T * (weights + context), e.trainingDense());
      assertEquals(2 * (T - 1) * (5 * 4 + 4 + 3), e.plasticity());
      int error = 4 * 2 + 3 * 2 + 4 * 5; // learn from positives only
      assertEquals(T * (2 * (weights + context) - error), e.plasticityDense());
      assertEquals(T * (weights + context) / 10.0, e.updates());
      // The third window of an image.
      for (TrainOptions more :
          List.of(options.withHardNegatives(true), options.withUnlabelledHead(true))) {
        Energy again = Energy.of(shown, contrast, more);
        assertEquals(e.training() + e.inference(), again.training());
        assertEquals(e.trainingDense() + e.inferenceDense(), again.trainingDense());
        assertEquals(e.plasticity(), again.plasticity()); // hidden units are silent
        assertEquals(e.plasticityDense(), again.plasticityDense());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Device#everywhere")
  void recordAgreesWithTheReadOut(Device device) {
    NetworkSpec spec = spec(60);
    try (Backend backend = device.open(spec, 1)) {
      backend.restore(Parameters.random(spec, 3));
      StepRecord r = StepRecord.of(backend, batch(spec, 6, 3, 0, 0.6f), true);
      for (Population p : spec.populations()) {
        long counted = 0;
        for (int t = 0; t < T; t++) {
          for (int b = 0; b < 6; b++) {
            int spikes = 0;
            for (int i = 0; i < p.units(); i++) {
              spikes += r.spiked(p, t, b, i) ? 1 : 0;
            }
            assertEquals(spikes, r.spikes(p, t, b));
            counted += spikes;
          }
        }
        assertEquals(r.out().spikes()[p.index()], counted, p.name());
      }
      // The first spikes of a layer put its traces to 1: goodness is their number.
      Population z1 = spec.populations().get(1);
      int first = 0;
      while (r.spikes(z1, first, 0) == 0) {
        first++;
      }
      assertEquals(r.spikes(z1, first, 0), r.goodness(z1, first, 0));
    }
  }
}
