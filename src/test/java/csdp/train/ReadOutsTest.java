package csdp.train;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.reference.ReferenceBackend;
import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox.Purpose;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.TestNetworks;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Read-outs besides the head: linear probes and goodness. */
class ReadOutsTest {
  private static final int SEED = 77;
  private static final DataRequest DIGITS = DataRequest.of("digits", 0, 1_000);
  private static final Dataset TRAIN = DataSources.split(DIGITS, Split.TRAIN, line -> {});
  private static final Dataset TEST = DataSources.split(DIGITS, Split.TEST, line -> {}).limit(50);
  private static Backend backend;

  private static NetworkSpec spec() {
    return TestNetworks.digits(50).hidden(100, 40).build();
  }

  @BeforeAll
  static void train() {
    backend = new CpuBackend(spec(), 1);
    backend.restore(Parameters.random(backend.spec(), 3));
    TrainOptions options = TrainOptions.epochs(4).withBatch(50);
    new Trainer(backend, TRAIN, null, options, TrainState.start(), List.of()).run();
  }

  @AfterAll
  static void close() {
    backend.close();
  }

  private static LinearProbe.Result probe(Backend of, int batch) {
    LinearProbe probe = LinearProbe.fit(of, TRAIN, SEED, batch, (done, all) -> {});
    Evaluator.evaluate(of, TEST, SEED, batch, (done, all) -> {}, probe.answers(TEST));
    return probe.result();
  }

  @Test
  void probesDoNotDependOnTheBatchAndBeatChance() {
    LinearProbe.Result result = probe(backend, 500);
    assertEquals(result, probe(backend, 7));
    assertEquals(List.of("z1", "z2", "z1+z2"), List.copyOf(result.accuracy().keySet()));
    assertEquals(1_000, result.trainImages());
    result.accuracy().forEach((layer, share) -> assertTrue(share > 0.4, layer + " " + share));
  }

  @Test
  void probeOfASilentLayerGivesTheMostFrequentClass() {
    try (Backend silent = new CpuBackend(spec(), 1)) {
      Parameters parameters = backend.parameters();
      java.util.Arrays.fill(parameters.weights(spec().synapses().get(0)), -1);
      silent.restore(parameters);
      LinearProbe.Result result = probe(silent, 500);
      int[] counts = new int[10];
      for (int i = 0; i < TRAIN.size(); i++) {
        counts[TRAIN.label(i)]++;
      }
      int most = 0;
      for (int k = 0; k < 10; k++) {
        most = counts[k] > counts[most] ? k : most;
      }
      int right = 0;
      for (int i = 0; i < TEST.size(); i++) {
        right += TEST.label(i) == most ? 1 : 0;
      }
      double share = (double) right / TEST.size();
      result.accuracy().forEach((layer, accuracy) -> assertEquals(share, accuracy, layer));
    }
  }

  @Test
  void matricesThatDoNotFitIntoMemoryAreRefused() {
    NetworkSpec large = TestNetworks.digits(2).hidden(40_000, 20_000).build();
    assertFails(3, () -> LinearProbe.requireRoom(large), "60,000 hidden units", "-Xmx");
    LinearProbe.requireRoom(spec());
  }

  /** Goodness of an image with a label, from the traces of the reference backend. */
  private static double goodness(Backend reference, int image, int label) {
    float[] pixels = new float[64];
    TEST.copyImage(image, pixels, 0);
    Batch batch =
        new Batch(
            1,
            1,
            new Batch.Given(64, pixels),
            new int[] {label},
            new Batch.RandomSpikes(SEED, Purpose.EVALUATION_SPIKES, 0, image));
    double[] sum = new double[1];
    reference.run(
        batch,
        null,
        new ReadOut(spec()),
        view -> {
          for (Population p : spec().populations(Role.HIDDEN)) {
            for (float z : view.traces(view(reference, p))) {
              sum[0] += z * z;
            }
          }
        });
    return sum[0];
  }

  private static Population view(Backend reference, Population p) {
    return reference.spec().populations().get(p.index());
  }

  @Test
  void highestGoodnessOfAllLabelsIsTheAnswer() {
    int right = 0;
    try (Backend reference = new ReferenceBackend(spec())) {
      reference.restore(backend.parameters());
      for (int i = 0; i < TEST.size(); i++) {
        int best = 0;
        double highest = -1;
        for (int k = 0; k < 10; k++) {
          double goodness = goodness(reference, i, k);
          if (goodness > highest) {
            highest = goodness;
            best = k;
          }
        }
        right += best == TEST.label(i) ? 1 : 0;
      }
    }
    double accuracy = (double) right / TEST.size();
    assertTrue(accuracy > 0.3, "no better than chance: nothing is tested, " + accuracy);
    for (int batch : new int[] {500, 7}) {
      assertEquals(
          accuracy, GoodnessReadOut.accuracy(backend, TEST, SEED, batch, (done, all) -> {}), 0.021);
    }
  }

  @Test
  void goodnessNeedsLabelsAsContext() {
    NetworkSpec unsupervised = TestNetworks.digits(2).hidden(5).supervised(false).build();
    try (Backend other = new CpuBackend(unsupervised, 1)) {
      assertFails(
          2,
          () -> GoodnessReadOut.accuracy(other, TEST, SEED, 500, (done, all) -> {}),
          "no label context",
          "unsupervised");
    }
  }
}
