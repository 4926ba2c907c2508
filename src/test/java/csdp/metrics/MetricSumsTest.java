package csdp.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.io.Json;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Philox.Purpose;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricSumsTest {
  private static NetworkSpec spec(boolean reconstruction) {
    Constants c = Constants.demo().withSteps(4);
    return NetworkSpec.builder(2, 2).hidden(3).reconstruction(reconstruction).constants(c).build();
  }

  private static void add(
      MetricSums sums,
      NetworkSpec spec,
      float[] images,
      int[] labels,
      float[] counts,
      float[] recon) {
    int n = labels.length;
    ReadOut out = new ReadOut(spec);
    out.reset(n);
    System.arraycopy(counts, 0, out.classSpikes(), 0, counts.length);
    if (recon != null) {
      System.arraycopy(recon, 0, out.reconstruction(), 0, recon.length);
    }
    out.spikes()[1] = 6L * n;
    Batch.RandomSpikes drawn = new Batch.RandomSpikes(1, Purpose.EVALUATION_SPIKES, 0, 0);
    sums.add(spec, new Batch(n, n, new Batch.Given(2, images), new int[n], drawn), out, labels);
  }

  @Test
  void meansOverSamplesNotBatches() {
    NetworkSpec spec = spec(true);
    MetricSums sums = new MetricSums();
    // Sum of traces over T = 4 steps: reconstructed pixels are 1/2, 1/4 and so on.
    add(
        sums,
        spec,
        new float[] {1, 0, 0, 1},
        new int[] {0, 1},
        new float[] {3, 1, 3, 1},
        new float[] {2, 1, 4, 2});
    add(sums, spec, new float[] {0.5f, 1}, new int[] {1}, new float[] {2, 2}, new float[] {2, 4});
    Evaluation e = sums.result(4);
    assertEquals(3, e.n());
    assertEquals(1 / 3.0, e.accuracy()); // a tie goes to the lowest class
    double nll = Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(2)) + Math.log(2);
    assertEquals(nll / 3, e.nll(), 1e-12);
    double first = -Math.log(0.5) - Math.log(0.75);
    double second = -Math.log(1e-7) - Math.log(0.5); // pixel 0 against 1, clipped
    double third = Math.log(2) - Math.log(1 - 1e-7);
    assertEquals((first + second + third) / 3, e.bce(), 1e-8);
    assertEquals((0.25 + 0.0625 + 1 + 0.25 + 0 + 0) / 3, e.mse(), 1e-12);
    assertEquals(6 / 4.0, e.spikes().get("z1"), 1e-12);
    assertArrayEquals(new long[] {1, 0}, e.confusion()[0]);
    assertArrayEquals(new long[] {2, 0}, e.confusion()[1]);
  }

  @Test
  void aProbabilityOfNothingIsFlooredAsInTheReleasedCode() {
    MetricSums sums = new MetricSums();
    // softmax(40, 0): the second class has 4e-18.
    add(sums, spec(false), new float[2], new int[] {1}, new float[] {40, 0}, null);
    assertEquals(-Math.log(1e-7), sums.result(4).nll(), 1e-12);
  }

  @Test
  void figuresThatSayLittleAreNoted() {
    NetworkSpec spec = spec(true);
    MetricSums sums = new MetricSums();
    add(sums, spec, new float[4], new int[] {1, 1}, new float[] {0, 0, 0, 0}, new float[4]);
    List<String> notes = sums.result(4).notes(spec);
    assertEquals(3, notes.size(), notes.toString());
    assertTrue(notes.get(0).startsWith("no unit of z0, "), notes.get(0)); // z1 spikes in add()
    assertFalse(notes.get(0).contains("z1"), notes.get(0));
    assertTrue(notes.get(1).contains("all images are of class 1"), notes.get(1));
    assertTrue(notes.get(2).contains("all 2 answers are class 0"), notes.get(2));
    add(sums, spec, new float[2], new int[] {0}, new float[] {0, 3}, new float[2]);
    assertEquals(1, sums.result(4).notes(spec).size());
  }

  @Test
  void withoutReconstructionThereIsNoReconstructionError() {
    MetricSums sums = new MetricSums();
    add(sums, spec(false), new float[2], new int[] {0}, new float[] {1, 0}, null);
    assertNull(sums.result(4).bce());
    assertNull(sums.result(4).mse());
  }

  @Test
  void goesOnAfterBeingSaved() throws Exception {
    NetworkSpec spec = spec(true);
    MetricSums whole = new MetricSums();
    MetricSums half = new MetricSums();
    float[] x = {0.1f, 0.7f};
    for (MetricSums t : new MetricSums[] {whole, half}) {
      add(t, spec, x, new int[] {1}, new float[] {3, 1}, new float[] {2.3f, 1.1f});
    }
    MetricSums read =
        Json.value(Json.tree(half), MetricSums.class, java.nio.file.Path.of("in memory"));
    for (MetricSums t : new MetricSums[] {whole, read}) {
      add(t, spec, x, new int[] {0}, new float[] {1, 5}, new float[] {0.3f, 3.1f});
    }
    assertEquals(Json.line(whole.result(4)), Json.line(read.result(4)));
  }
}
