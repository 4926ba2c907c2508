package csdp.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.cpu.CpuBackend;
import csdp.bench.StepPart.Kind;
import csdp.bench.Work.Firing;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox.Purpose;
import csdp.model.Synapse;
import csdp.model.TestRates;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Counts against small cases that were worked out by hand. */
class WorkTest {
  // W1: 5 x 3, contrastive. C2: 3 x 2, error-driven. R1: 3 x 5.
  private final NetworkSpec spec = NetworkSpec.builder(5, 2).hidden(3).build();
  private final Synapse w1 = spec.synapse("W1");
  private final Synapse c2 = spec.synapse("C2");

  /** Three samples, two of them positive: units 0 and 4; 4; none. */
  private final Firing pre =
      Firing.of(new byte[] {1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}, 3, 2);

  /** Three units: all of sample 0; none; the last of sample 2. */
  private final Firing post = Firing.of(new byte[] {1, 1, 1, 0, 0, 0, 0, 0, 1}, 3, 2);

  @Test
  void firing() {
    assertEquals(3, pre.spikes());
    assertEquals(3, pre.positiveSpikes());
    assertEquals(2, pre.samples());
    assertEquals(2, pre.units());
    assertArrayEquals(new int[] {2, 1, 0}, pre.bySample());
    assertEquals(4, post.spikes());
    assertEquals(3, post.positiveSpikes());
  }

  @Test
  void currents() {
    // Two rows of three floats and three list entries; 3 spikes x 3 columns added, and two samples
    // scaled and added.
    assertEquals(new Work(2 * 3 * 4 + 3 * 4, 3 * 3 + 2 * 2 * 3), Work.currents(w1, pre));
    assertEquals(new Work(3 * 3 * 4 * 2, 0), Work.currentsStored(w1, 3, true));
    assertEquals(new Work(3 * 3 * 4, 0), Work.currentsStored(w1, 3, false));
  }

  @Test
  void integration() {
    // 9 units: v, thr and z read and written; four list entries; 8 operations each.
    assertEquals(new Work(9 * 6 * 4 + 4 * 4, 9 * 8), Work.integrate(w1.post(), post, 3));
    // The reconstruction's threshold is only read, and does not move.
    assertEquals(
        new Work(15 * 5 * 4 + 4 * 4, 15 * 6), Work.integrate(spec.reconstruction(), post, 3));
  }

  @Test
  void contrastivePlasticity() {
    // Coincidences: 2 x 3 in sample 0, none elsewhere. Traces of the two samples with spikes.
    assertEquals(
        new Work(15 * 24 + 2 * 3 * 4 + (3 + 4) * 4, 3 * 3 * 3 + 6 + 15 * 17),
        Work.contrastive(w1, pre, post, 3));
  }

  @Test
  void errorPlasticity() {
    // Sample 2 is no positive one.
    Firing hidden = Firing.of(new byte[] {1, 1, 1, 0, 0, 0, 0, 0, 1}, 3, 2);
    assertEquals(
        new Work(6 * 24 + 1 * 2 * 4 + 3 * 4, 2 * 3 * 2 + 6 * 19), Work.error(c2, hidden, 2));
  }

  /** A window of one step: the first acts on nothing, as all spikes are zero before it. */
  @Test
  void activityOfAWindow() {
    Constants noCurrents =
        Constants.builder().steps(2).resistance(0).inhibitoryResistance(0).thresholdRate(0).build();
    NetworkSpec one = spec.with(noCurrents);
    float[] images = new float[15];
    images[0] = 1; // spikes always: unit 0 of sample 0, unit 4 of sample 2; all others never
    images[14] = 1;
    Batch batch =
        new Batch(
            3,
            2,
            new Batch.Given(5, images),
            new int[] {0, 1, 1},
            new Batch.RandomSpikes(1, Purpose.TRAIN_SPIKES, 0, 0));
    try (Backend backend = new CpuBackend(one, 1)) {
      Parameters silent = new Parameters(one);
      for (var p : one.integrating()) {
        Arrays.fill(silent.thresholds(p), 1000);
      }
      backend.restore(silent);
      Activity a = new Activity(one, batch, true);
      backend.run(batch, TestRates.LEARNING, new ReadOut(one), a);
      // One block of four pixels in sample 0, one (of a single pixel) in sample 2.
      assertEquals(new Work(2 * 16 + 2 * 4, 2 * 84), a.of(StepPart.ENCODE));
      assertEquals(new Work(2 * 4 + 2 * 4, 2 * 84), a.of(StepPart.ENCODE_STORED));
      // Two spikes in two rows, in the second step only.
      assertEquals(
          new Work((2 * 3 * 4 + 2 * 4) / 2.0, (2 * 3 + 2 * 2 * 3) / 2.0),
          a.of(StepPart.of(Kind.CURRENTS, one.synapse("W1"))));
      assertEquals(new Work(0, 0), a.of(StepPart.of(Kind.CURRENTS, one.synapse("M1"))));
      assertEquals(
          new Work(15 * 24 + (2 * 3 * 4 + 2 * 4) / 2.0, 15 * 17 + 3 * 2 * 3 / 2.0),
          a.of(StepPart.of(Kind.PLASTICITY, one.synapse("W1"))));
      assertEquals(new Work(2 * 4 * 2, 2), a.of(StepPart.of(Kind.LISTS, one.input())));
    }
  }

  @Test
  void spread() {
    assertEquals(new Spread(3, 1.4, 4.6, 5), Spread.of(5, 1, 3, 2, 4));
    assertEquals(new Spread(2.5, 1.3, 3.7, 4), Spread.of(4, 1, 3, 2));
    assertEquals(new Spread(7, 7, 7, 1), Spread.of(7));
  }
}
