package csdp.checkpoint;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import csdp.model.TestNetworks;
import csdp.model.TestParameters;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NirFileTest {
  private static final int SAMPLES = 20;
  private static final int STEPS = 40;

  @TempDir Path dir;

  /** Powers of two as resistances: products and quotients with them are exact. */
  private static NetworkSpec exact(NetworkSpec spec) {
    return spec.with(
        Constants.builder()
            .steps(STEPS)
            .dt(2)
            .tauM(16)
            .resistance(0.5f)
            .inhibitoryResistance(0.25f)
            .build());
  }

  private static byte[] spikes(NetworkSpec spec) {
    Random random = new Random(7);
    byte[] spikes = new byte[STEPS * SAMPLES * spec.input().units()];
    for (int i = 0; i < spikes.length; i++) {
      spikes[i] = (byte) (random.nextInt(3) == 0 ? 1 : 0);
    }
    return spikes;
  }

  private static ReadOut answers(Parameters p, NetworkSpec as, byte[] spikes) {
    ReadOut out = new ReadOut(as);
    try (Backend backend = Device.CPU.open(as, 1)) {
      Parameters same = new Parameters(as);
      for (Synapse s : as.synapses()) {
        System.arraycopy(p.weights(p.spec().synapse(s.name())), 0, same.weights(s), 0, s.size());
      }
      for (Population layer : as.integrating()) {
        float[] thresholds = p.thresholds(p.spec().population(layer.name()));
        System.arraycopy(thresholds, 0, same.thresholds(layer), 0, layer.units());
      }
      backend.restore(same);
      int[] none = new int[SAMPLES];
      Arrays.fill(none, -1);
      Batch batch =
          new Batch(SAMPLES, SAMPLES, null, none, new Batch.Recorded(as.input().units(), spikes));
      backend.run(batch, null, out, null);
    }
    return out;
  }

  private static float[] total(ReadOut out) {
    return out.classSpikes().clone();
  }

  private Path written(Parameters p) {
    Path file = dir.resolve("network" + p.spec().hidden().length + ".nir");
    NirFile.write(file, p, 3, 2);
    return file;
  }

  @Test
  void networksComeBackWithConstantThresholds() throws IOException {
    int seen = 0;
    for (NetworkSpec kind : TestNetworks.kinds()) {
      NetworkSpec spec = exact(kind);
      Parameters p = Parameters.random(spec, 3);
      Path file = written(p);
      NirFile.Content read = NirFile.read(file);
      Files.delete(file);
      assertEquals(3, read.width());
      assertEquals(2, read.height());
      assertTrue(read.stepsKnown());
      NetworkSpec found = read.parameters().spec();
      assertEquals(STEPS, found.constants().steps());
      assertEquals(2, found.constants().dt());
      assertEquals(16, found.constants().tauM());
      byte[] spikes = spikes(spec);
      NetworkSpec constant =
          NetworkSpec.builder(6, 3)
              .hidden(spec.hidden())
              .supervised(false)
              .reconstruction(false)
              .constants(spec.constants().toBuilder().thresholdRate(0).build())
              .build();
      float[] expected = total(answers(p, constant, spikes));
      assertArrayEquals(expected, total(answers(read.parameters(), found, spikes)));
      seen += Arrays.equals(expected, new float[expected.length]) ? 0 : 1;
    }
    assertTrue(seen >= 12, seen + " networks spike");
  }

  /** A simulator that knows nothing of CSDP: NumPy, by nodes and edges. */
  @Test
  void anotherSimulatorCountsTheSameSpikes() throws Exception {
    for (int[] hidden : new int[][] {{5}, {5, 4}, {5, 4, 7}}) {
      NetworkSpec spec = exact(TestNetworks.tiny(hidden).build());
      Path file = written(Parameters.random(spec, 5));
      byte[] spikes = spikes(spec);
      Path input = dir.resolve("spikes.npy");
      Npy.write(input, new int[] {STEPS, SAMPLES, 6}, spikes);
      Path rewritten = dir.resolve("rewritten" + hidden.length + ".nir");
      Child python =
          Child.pythonWith(
              "h5py",
              Duration.ofMinutes(1),
              "src/test/resources/python/nir_lif.py",
              file.toString(),
              input.toString(),
              rewritten.toString());
      assertEquals(0, python.code(), python.said());
      List<Float> counts = new ArrayList<>();
      for (JsonNode row : Json.tree(python.out().getBytes(StandardCharsets.UTF_8), file)) {
        row.forEach(count -> counts.add(count.floatValue()));
      }
      // A file that h5py wrote.
      Parameters read = NirFile.read(rewritten).parameters();
      float[] ours = total(answers(read, read.spec(), spikes));
      assertEquals(counts.toString(), Arrays.toString(ours));
      assertTrue(counts.stream().anyMatch(c -> c > 0), "silent");
      assertTrue(counts.stream().distinct().count() > 1, "constant");
      TestParameters.assertSameWeights(NirFile.read(file).parameters(), read);
    }
  }

  /** A change of a graph that is about to be written. */
  private interface Change {
    void to(WritableGroup graph, WritableGroup nodes);
  }

  private void refused(Change change, String... words) {
    Path good = dir.resolve("good.nir");
    Path bad = dir.resolve("bad.nir");
    NirFile.write(good, TestParameters.distinct(TestNetworks.tiny(5, 4).build(), 1), 3, 2);
    try (HdfFile in = new HdfFile(good);
        WritableHdfFile out = HdfFile.write(bad)) {
      WritableGroup graph = out.putGroup("node");
      copy((io.jhdf.api.Group) in.getChild("node"), graph, change);
    }
    assertFails(CsdpException.USAGE, () -> NirFile.read(bad), words);
    bad.toFile().delete();
    good.toFile().delete();
  }

  private static void copy(io.jhdf.api.Group from, WritableGroup to, Change change) {
    for (io.jhdf.api.Node node : from.getChildren().values()) {
      if (node instanceof io.jhdf.api.Group g) {
        copy(g, to.putGroup(node.getName()), null);
      } else {
        to.putDataset(node.getName(), ((io.jhdf.api.Dataset) node).getData());
      }
    }
    if (change != null) {
      change.to(to, (WritableGroup) to.getChild("nodes"));
    }
  }

  private static void put(WritableGroup nodes, String node, String field, Object value) {
    ((WritableGroup) nodes.getChild(node)).putDataset(field, value);
  }

  @Test
  void otherGraphsAreRefused() {
    refused((g, n) -> g.putDataset("type", "LIF"), "is not a NIR graph");
    refused((g, n) -> n.putGroup("x").putDataset("type", "IF"), "cannot express the node x (IF)");
    refused((g, n) -> put(n, "z1", "type", "CubaLIF"), "cannot express the node z1 (CubaLIF)");
    refused((g, n) -> put(n, "z2", "v_reset", new float[] {0, 0, 0, 1}), "v_reset is 1.0");
    refused((g, n) -> put(n, "z2", "tau", new float[] {100, 100, 100, 9}), "tau is 9.0");
    refused((g, n) -> put(n, "z1_delay", "delay", new float[] {3, 3, 3, 3, 6}), "delay is 6.0");
    refused((g, n) -> put(n, "W2", "weight", new float[5][4]), "weight has the shape [5, 4]");
    refused((g, n) -> put(n, "W2", "weight", new int[4][5]), "no floating-point numbers");
    refused(
        (g, n) -> put(n, "zy", "v_threshold", new float[] {0, Float.NaN, 0}), "element 1", "NaN");
    refused(
        (g, n) -> g.putDataset("edges", new String[][] {{"input", "output"}}),
        "cannot express the edge input -> output");
    refused(
        (g, n) -> g.putDataset("edges", new String[][] {{"zy", "output"}}),
        "has no edge [C2 -> zy");
  }
}
