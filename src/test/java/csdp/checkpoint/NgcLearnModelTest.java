package csdp.checkpoint;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.SharedFiles;
import csdp.data.Ink;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.io.Npz;
import csdp.io.NpzWriter;
import csdp.io.PythonJson;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.TestNetworks;
import csdp.model.TestParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NgcLearnModelTest {
  private static final Learning LEARNING = Learning.forBatch(100);
  @TempDir Path dir;

  private Path exported() {
    Path folder = dir.resolve("model");
    NgcLearnModel.write(
        folder, TestParameters.distinct(TestNetworks.tiny(5, 4).build(), 1), LEARNING, 1234);
    return folder;
  }

  private static void refused(Path folder, String part) {
    assertFails(CsdpException.USAGE, () -> NgcLearnModel.read(folder), part);
  }

  private static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertTrue(text.contains(from), from);
    int at = text.indexOf(from);
    Files.writeString(file, text.substring(0, at) + to + text.substring(at + from.length()));
  }

  @Test
  void readsTheReleasedModel() {
    NgcLearnModel model = NgcLearnModel.read(SharedFiles.releasedModel());
    NetworkSpec spec = model.spec();
    assertEquals("784-128-64-10 supervised, with reconstruction", spec.toString());
    assertEquals(Constants.demo(), spec.constants());
    assertEquals(LEARNING, model.learning());
    assertEquals("best_params1234", model.parameterFolder().getFileName().toString());
  }

  @Test
  void writesTheReleasedModelByteForByte() throws IOException {
    Path source = SharedFiles.releasedModel();
    Path copy = dir.resolve("copy");
    NgcLearnModel model = NgcLearnModel.read(source);
    NgcLearnModel.write(copy, model.parameters(), model.learning(), 1234);
    List<Path> files;
    try (Stream<Path> all = Files.walk(source)) {
      files =
          all.filter(Files::isRegularFile)
              .map(source::relativize)
              .filter(f -> !f.toString().endsWith(".md"))
              .toList();
    }
    assertTrue(files.size() >= 20, files.toString());
    for (Path file : files) {
      if (file.endsWith("z0.npz") || file.endsWith("z3.npz")) {
        // The keys are from another generator.
        try (Npz npz = Npz.open(copy.resolve(file))) {
          assertEquals(2, npz.array("key").expectShape(2).longs().length);
        }
      } else if (file.toString().endsWith(".json")) {
        assertEquals(
            Files.readString(source.resolve(file)),
            Files.readString(copy.resolve(file)),
            "" + file);
      } else {
        assertArrayEquals(
            Files.readAllBytes(source.resolve(file)),
            Files.readAllBytes(copy.resolve(file)),
            "" + file);
      }
    }
  }

  @Test
  void everyNetworkComesBackBitForBit() {
    int i = 0;
    for (NetworkSpec kind : TestNetworks.kinds()) {
      Path folder = dir.resolve("model" + i++);
      Constants c =
          Constants.builder()
              .tauM(99.9f)
              .tauTrace(13.7f)
              .resistance(0.3f)
              .contextResistance(kind.supervised() ? 0.7f : 0.3f)
              .inhibitoryResistance(1 / 3f)
              .thresholdRate(1e-7f)
              .goodnessThreshold(9.99f)
              .build();
      Learning learning = new Learning(1.1e-3f, 3.3e-5f);
      Parameters p = TestParameters.distinct(kind.with(c), i);
      NgcLearnModel.write(folder, p, learning, i);
      NgcLearnModel read = NgcLearnModel.read(folder);
      assertEquals(p.spec().toString(), read.spec().toString());
      assertEquals(c, read.spec().constants());
      assertEquals(learning, read.learning());
      TestParameters.assertSameWeights(p, read.parameters());
      assertEquals(0, read.parameters().plasticitySteps());
    }
  }

  @Test
  void numbersAreWrittenAsPythonDoes() {
    assertEquals("6e-05", PythonJson.number(6e-5));
    assertEquals("1.5e-07", PythonJson.number(1.5e-7));
    assertEquals("0.0001", PythonJson.number(1e-4));
    assertEquals("-1.0", PythonJson.number(-1));
    assertEquals("100.0", PythonJson.number(100));
    assertEquals("0.0", PythonJson.number(0));
    assertEquals("1000000000000000.0", PythonJson.number(1e15));
    assertEquals("1e+16", PythonJson.number(1e16));
  }

  /** Names and layout of ngc-learn 3.2 with ngcsimlib 3.1, from their sources. */
  @Test
  void modelsOfNgcLearn3AreNamed() throws IOException {
    Path folder = Files.createDirectories(dir.resolve("new"));
    Files.writeString(
        folder.resolve("contextData.json"),
        "{\"types\": [\"component\", \"process\"], \"path\": \"Circuit\"}");
    Files.writeString(folder.resolve("connections.json"), "{}");
    Files.createDirectories(folder.resolve("component/custom"));
    Files.writeString(
        folder.resolve("component/roots.json"),
        "{\"W1\": {\"args\": [], \"kwargs\": {\"name\": \"W1\", \"g_conduct_factor\": 0.1}}}");
    refused(folder, "is a model of ngc-learn 3 (it has a contextData.json)");
    assertFails(
        CsdpException.USAGE, () -> SavedModel.open(folder, false), "is a model of ngc-learn 3");

    Path renamed = exported();
    edit(renamed.resolve("components.json"), "\"resist_scale\"", "\"g_conduct_factor\"");
    refused(renamed, "is a model of ngc-learn 3 (component");

    Path arrays = dir.resolve("arrays");
    NgcLearnModel.write(
        arrays, TestParameters.distinct(TestNetworks.tiny(5, 4).build(), 1), LEARNING, 1);
    try (NpzWriter out = new NpzWriter(arrays.resolve("best_params1/W1.npz"))) {
      out.add("weights", new int[] {6, 5}, new float[30]);
      out.add("gate", new int[] {1, 5}, new float[] {1, 1, 1, 1, 1});
    }
    refused(arrays, "has an array gate, which csdp4j cannot express");
  }

  @Test
  void whatHasNoEqualIsRefused() throws IOException {
    String[][] edits = {
      {"\"optim_type\": \"adam\"", "\"optim_type\": \"sgd\"", "W1 has optim_type \"sgd\""},
      {"\"soft_bound\": false", "\"soft_bound\": true", "W1 has soft_bound true"},
      {"\"refract_time\": 0.0", "\"refract_time\": 2.0", "z1 has refract_time 2.0"},
      {"\"resist_m\": 1.0", "\"resist_m\": 5.0", "z1 has resist_m 5.0"},
      {"\"eta\": 0.001", "\"eta\": 0.002", "W2 has eta 0.001"},
      {"\"eta\": 0.001", "\"eta\": \"fast\"", "W1 needs a number eta, not \"fast\""},
      {"\"eta\": 0.001", "\"eta\": -1", "learning-rate must be"},
      {"\"bias_init\": null", "\"bias_init\": {}", "W1 has bias_init {}"},
      {"\"sticky_spikes\": false,", "", "z1 lacks sticky_spikes"},
      {"\"sticky_spikes\"", "\"v_rest\": -65, \"sticky_spikes\"", "z1 has v_rest -65, which"},
      {"\"class\": \"VarTrace\"", "\"class\": \"ExpTrace\"", "tr0 is a \"ExpTrace\""},
      {"/Circuit/M2", "/Circuit/N2", "component M2 is missing"},
      {"\"n_units\": 6", "\"n_units\": 0", "population z0 must have"},
      {"\"n_units\": 6", "\"n_units\": 1e300", "z0 needs a whole number n_units"},
      {
        "\"components\": {",
        "\"components\": {\"/Circuit/S1\": {\"class\": \"STDPSynapse\", \"kwargs\": {}},",
        "cannot express component S1 (STDPSynapse)"
      },
      {"\"components\": {", "\"components\": {,", "components.json, line 2"},
      {"\"components\"", "\"parts\"", "it has no \"components\""},
    };
    Path folder = exported();
    Path file = folder.resolve("components.json");
    String good = Files.readString(file);
    for (String[] e : edits) {
      edit(file, e[0], e[1]);
      refused(folder, e[2]);
      Files.writeString(file, good);
    }
    edit(file, "\"batch_size\": 1", "\"batch_size\": 500");
    edit(file, "\"soft_bound\": false", "\"soft_bound\": false, \"new_option\": null");
    NgcLearnModel.read(folder);
  }

  @Test
  void otherWiringIsRefused() throws IOException {
    Path folder = exported();
    edit(folder.resolve("ops.json"), "\"M1/outputs\",", "");
    refused(folder, "z1/j comes from [V2/outputs, V2y/outputs, W1/outputs]; csdp4j can express");
  }

  @Test
  void extraFieldsAreInAFileOfTheirOwn() throws IOException {
    Parameters p = TestParameters.distinct(TestNetworks.tiny(5, 4).build(), 1);
    Constants c = p.spec().constants();
    Path folder = dir.resolve("extra");
    Ink ink = new Ink(0.25, 0, 0.5);
    List<String> names = IntStream.range(0, p.spec().classes()).mapToObj(k -> "c" + k).toList();
    NgcLearnModel.Extra extra =
        new NgcLearnModel.Extra(c.steps(), c.dt(), 3, 2, 77, ink, names, true, 20);
    NgcLearnModel.write(folder, p, LEARNING, extra);
    SavedModel model = SavedModel.open(folder, false, line -> fail(line));
    assertEquals(3, model.width());
    assertEquals(2, model.height());
    assertEquals(77, model.seed());
    assertEquals(ink, model.ink());
    assertEquals(c, model.spec().constants());
    assertEquals(names, model.classNames());
    assertTrue(model.scalesImages());
    SavedModel recorded = model;
    assertFails(CsdpException.USAGE, () -> recorded.requireImages("predict"), "recorded spikes");
    Path file = folder.resolve(NgcLearnModel.EXTRA_FILE);
    String good = Files.readString(file);
    edit(file, "\"width\" : 3", "\"width\" : 4");
    refused(folder, "4 x 2 pixels, but the network has 6 inputs");
    Files.writeString(file, good);
    edit(file, "\"steps\" : " + c.steps(), "\"steps\" : 0");
    refused(folder, "steps");
    Files.writeString(file, good);
    edit(file, "\"c1\"", "\"c1\", \"c1\"");
    refused(folder, "class names [c0, c1, c1");
    Files.writeString(file, good);
    edit(file, "{", "{ \"more\" : 1,");
    refused(folder, "more");
    Files.writeString(file, good);
    ObjectNode earlier = (ObjectNode) Json.tree(file);
    earlier.remove(List.of("classNames", "scalesImages", "recordedSteps"));
    Files.write(file, Json.bytes(earlier));
    model = SavedModel.open(folder, false, line -> fail(line));
    assertEquals("1", model.className(1));
    model.requireImages("predict");
    // Without it the released demo's are assumed, and a line says so.
    Files.delete(file);
    List<String> said = new ArrayList<>();
    model = SavedModel.open(folder, false, said::add);
    assertEquals(50, model.spec().constants().steps());
    assertEquals(6, model.width());
    assertNull(model.ink());
    assertEquals(1, said.size());
    assertTrue(said.get(0).contains("T 50, dt 3.0 ms, 6 x 1 pixels"), said.get(0));
    // The start of a run of the released code is no result of training.
    Files.move(folder.resolve("best_params77"), folder.resolve("custom"));
    said.clear();
    SavedModel.open(folder, false, said::add);
    assertEquals(2, said.size());
    assertTrue(said.get(0).contains("only untrained parameters (custom)"), said.get(0));
  }

  @Test
  void findsTheParameters() throws IOException {
    refused(dir, "is not a model folder");
    Path folder = exported();
    Path custom = folder.resolve("custom");
    Files.move(folder.resolve("best_params1234"), custom);
    assertEquals(custom, NgcLearnModel.read(folder).parameterFolder());
    Path best = Files.createDirectory(folder.resolve("best_params7"));
    refused(folder, best.resolve("W1.npz") + " does not exist");
    NgcLearnModel.read(folder, "custom");
    CsdpException e = assertThrows(CsdpException.class, () -> NgcLearnModel.read(folder, "none"));
    assertTrue(e.getMessage().contains("no parameter folder none"), e.getMessage());
    Files.createDirectory(folder.resolve("best_params8"));
    refused(
        folder,
        "several parameter folders (best_params7, best_params8): name one of them as the model,"
            + " such as "
            + best);
    // One of them as the model.
    SavedModel model = SavedModel.open(custom, false, line -> {});
    assertEquals(custom, model.folder());
    assertArrayEquals(
        NgcLearnModel.read(folder, "custom").parameters().weights(model.spec().synapses().get(0)),
        model.parameters().weights(model.spec().synapses().get(0)));
    Files.delete(folder.resolve("best_params8"));
    Files.delete(best);
    Files.move(custom, folder.resolve("other"));
    refused(folder, "no parameter folder (best_params*");
  }

  @Test
  void neverWritesOverSomethingElse() {
    Path folder = exported();
    CsdpException e = assertThrows(CsdpException.class, this::exported);
    assertTrue(e.getMessage().contains("name a new or an empty folder"), e.getMessage());
    NgcLearnModel.read(folder);
  }
}
