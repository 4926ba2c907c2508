package csdp.checkpoint;

import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.Hdf5;
import csdp.io.Version;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import io.jhdf.exceptions.HdfException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The classifier of a network as a graph in the Neuromorphic Intermediate Representation (NIR, <a
 * href="https://doi.org/10.1038/s41467-024-52259-9">Pedersen et al., 2024</a>), in an HDF5 file as
 * the reference package {@code nir} 1.0.7 writes it:
 *
 * <pre>
 * input -> input_delay -> W1 -> z1 -> z1_delay -> W2 -> z2 -> z2_delay -> C3 -> zy -> output
 *                               z1_delay -> M1 -> z1          z2_delay -> M2 -> z2
 *                               z1_delay -> C2 -> zy          z2_delay -> V2 -> z1
 * </pre>
 *
 * <p>{@code z} are LIF nodes; the others Linear nodes, with the resistances in their weights, and
 * Delay nodes of one step, since spikes act in the step after. Times are in ms. The metadata of the
 * graph hold T and the image size.
 *
 * <p>NIR has no threshold that follows the spikes of its layer: each unit keeps its initial
 * threshold, which changes the answers. Labels, reconstruction and plasticity are left out.
 */
final class NirFile {
  private static final String NIR_VERSION = "1.0.7";
  private static final String DELAY = "_delay";
  private static final int STEPS = 50;

  /**
   * A network of a file.
   *
   * @param width of the images, pixels; 0 if the file does not say it
   * @param height as the width
   * @param stepsKnown false if the file does not say T
   */
  record Content(Parameters parameters, int width, int height, boolean stepsKnown) {}

  private NirFile() {}

  // ---- structure

  /** Synapses that act without labels and contribute to the answer. */
  private static List<Synapse> synapses(NetworkSpec spec) {
    return spec.synapses().stream()
        .filter(s -> s.pre().spikesWithoutLabels() && s.post().adaptive())
        .toList();
  }

  /** Populations whose spikes act on others. */
  private static List<Population> sources(NetworkSpec spec) {
    return synapses(spec).stream().map(Synapse::pre).distinct().toList();
  }

  private static String name(Population p) {
    return p.role() == Role.INPUT ? "input" : p.name();
  }

  private static List<List<String>> edges(NetworkSpec spec) {
    List<List<String>> edges = new ArrayList<>();
    for (Population p : sources(spec)) {
      edges.add(List.of(name(p), name(p) + DELAY));
    }
    for (Synapse s : synapses(spec)) {
      edges.add(List.of(name(s.pre()) + DELAY, s.name()));
      edges.add(List.of(s.name(), name(s.post())));
    }
    edges.add(List.of(name(spec.head()), "output"));
    return edges;
  }

  /** Returns the type of each node. */
  private static Map<String, String> nodes(NetworkSpec spec) {
    Map<String, String> nodes = new TreeMap<>(Map.of("input", "Input", "output", "Output"));
    spec.integrating().stream()
        .filter(Population::adaptive)
        .forEach(p -> nodes.put(name(p), "LIF"));
    synapses(spec).forEach(s -> nodes.put(s.name(), "Linear"));
    sources(spec).forEach(p -> nodes.put(name(p) + DELAY, "Delay"));
    return nodes;
  }

  // ---- writing

  /**
   * Writes a file atomically.
   *
   * @throws CsdpException environment if it cannot be written
   */
  static void write(Path file, Parameters p, int width, int height) {
    AtomicFile.write(
        file,
        temporary -> {
          try (WritableHdfFile out = HdfFile.write(temporary)) {
            out.putDataset("version", NIR_VERSION);
            WritableGroup graph = out.putGroup("node");
            graph.putDataset("type", "NIRGraph");
            describe(graph.putGroup("metadata"), p.spec().constants(), width, height);
            List<List<String>> edges = edges(p.spec());
            graph.putDataset(
                "edges",
                edges.stream().map(e -> e.toArray(String[]::new)).toArray(String[][]::new));
            WritableGroup nodes = graph.putGroup("nodes");
            nodes(p.spec()).forEach((name, type) -> nodes.putGroup(name).putDataset("type", type));
            fill(nodes, p);
          } catch (HdfException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e);
          }
        });
  }

  private static void describe(WritableGroup metadata, Constants c, int width, int height) {
    metadata.putDataset("csdp4j", Version.text());
    metadata.putDataset("time_unit", "ms");
    metadata.putDataset("steps", new int[] {c.steps()});
    metadata.putDataset("image_width", new int[] {width});
    metadata.putDataset("image_height", new int[] {height});
    metadata.putDataset(
        "left_out",
        "adaptive threshold: after each step the threshold of every unit of a layer is max(thr + "
            + c.thresholdRate()
            + " (spikes of the layer - 1), "
            + Constants.THRESHOLD_FLOOR
            + ")");
  }

  private static void fill(WritableGroup nodes, Parameters p) {
    NetworkSpec spec = p.spec();
    Constants c = spec.constants();
    group(nodes, "input").putDataset("shape", new long[] {spec.input().units()});
    group(nodes, "output").putDataset("shape", new long[] {spec.classes()});
    for (Population source : sources(spec)) {
      group(nodes, name(source) + DELAY).putDataset("delay", all(source.units(), c.dt()));
    }
    for (Synapse s : synapses(spec)) {
      int rows = s.post().units();
      float[] w = p.weights(s);
      float[][] weight = new float[rows][s.pre().units()];
      for (int i = 0; i < w.length; i++) {
        weight[i % rows][i / rows] = s.currentScale() * w[i];
      }
      group(nodes, s.name()).putDataset("weight", weight);
    }
    for (Population layer : spec.integrating()) {
      if (layer.adaptive()) {
        WritableGroup node = group(nodes, name(layer));
        node.putDataset("tau", all(layer.units(), c.tauM()));
        node.putDataset("r", all(layer.units(), 1));
        node.putDataset("v_leak", all(layer.units(), 0));
        node.putDataset("v_reset", all(layer.units(), 0));
        node.putDataset("v_threshold", p.thresholds(layer).clone());
      }
    }
  }

  private static WritableGroup group(WritableGroup nodes, String name) {
    return (WritableGroup) nodes.getChild(name);
  }

  private static float[] all(int units, float value) {
    float[] values = new float[units];
    java.util.Arrays.fill(values, value);
    return values;
  }

  // ---- reading

  /**
   * Reads a graph of the structure above, whoever wrote it. Resistances are 1, weights those of the
   * file, thresholds constant.
   *
   * @throws CsdpException bad input if it is damaged, or a node or edge is not of that structure
   */
  static Content read(Path file) {
    try (Hdf5 in = Hdf5.open(file)) {
      if (!in.has("node/type") || !in.text("node/type").equals("NIRGraph")) {
        throw CsdpException.badInput("%s is not a NIR graph: it has no node of that type", file);
      }
      NetworkSpec spec = spec(in);
      requireStructure(in, spec);
      Parameters p = new Parameters(spec);
      for (Synapse s : synapses(spec)) {
        int rows = s.post().units();
        float[] weight = in.floats(at(s.name(), "weight"), rows, s.pre().units());
        float[] w = p.weights(s);
        for (int i = 0; i < w.length; i++) {
          w[i] = weight[i % rows * s.pre().units() + i / rows] / s.currentScale();
        }
      }
      for (Population layer : spec.integrating()) {
        float[] thresholds = in.floats(at(name(layer), "v_threshold"), layer.units());
        System.arraycopy(thresholds, 0, p.thresholds(layer), 0, layer.units());
      }
      int width = in.has("node/metadata/image_width") ? in.integer("node/metadata/image_width") : 0;
      int height = width == 0 ? 0 : in.integer("node/metadata/image_height");
      if (width != 0 && (long) width * height != spec.input().units()) {
        throw CsdpException.badInput(
            "%s: images of %d x %d pixels, but the network has %d inputs",
            file, width, height, spec.input().units());
      }
      return new Content(p, width, height, in.has("node/metadata/steps"));
    }
  }

  private static String at(String node, String field) {
    return "node/nodes/" + node + "/" + field;
  }

  private static NetworkSpec spec(Hdf5 in) {
    List<Integer> hidden = new ArrayList<>();
    for (String layer = "z1"; in.has(at(layer, "v_threshold")); layer = "z" + (hidden.size() + 1)) {
      hidden.add(in.size(at(layer, "v_threshold")));
    }
    for (String needed :
        List.of(at("z1", "tau"), at("input" + DELAY, "delay"), at("zy", "v_threshold"))) {
      if (!in.has(needed)) {
        throw CsdpException.badInput(
            "%s: the graph has no %s; csdp4j reads graphs of CSDP networks only, as csdp export"
                + " writes them",
            in.file(), needed);
      }
    }
    int steps = in.has("node/metadata/steps") ? in.integer("node/metadata/steps") : STEPS;
    int inputs = in.size(at("input" + DELAY, "delay"));
    Constants constants =
        Constants.builder()
            .steps(steps)
            .dt(in.floats(at("input" + DELAY, "delay"), inputs)[0])
            .tauM(in.floats(at("z1", "tau"), hidden.get(0))[0])
            .resistance(1)
            .inhibitoryResistance(1)
            .thresholdRate(0)
            .build();
    return NetworkSpec.builder(inputs, in.size(at("zy", "v_threshold")))
        .hidden(hidden)
        .supervised(false)
        .reconstruction(false)
        .constants(constants)
        .build();
  }

  /** Refuses another node, edge or constant than {@link #write} gives the network. */
  private static void requireStructure(Hdf5 in, NetworkSpec spec) {
    Map<String, String> expected = nodes(spec);
    for (String name : in.names("node/nodes")) {
      String type = in.has(at(name, "type")) ? in.text(at(name, "type")) : "nothing";
      if (!type.equals(expected.remove(name))) {
        throw CsdpException.badInput(
            "%s: csdp4j cannot express the node %s (%s)", in.file(), name, type);
      }
    }
    if (!expected.isEmpty()) {
      throw CsdpException.badInput("%s: the graph has no node %s", in.file(), expected);
    }
    Set<String> edges = new TreeSet<>();
    edges(spec).forEach(e -> edges.add(String.join(" -> ", e)));
    String[] ends = in.texts("node/edges");
    for (int i = 0; i + 1 < ends.length; i += 2) {
      String edge = ends[i] + " -> " + ends[i + 1];
      if (!edges.remove(edge)) {
        throw CsdpException.badInput("%s: csdp4j cannot express the edge %s", in.file(), edge);
      }
    }
    if (!edges.isEmpty()) {
      throw CsdpException.badInput("%s: the graph has no edge %s", in.file(), edges);
    }
    Constants c = spec.constants();
    for (Population source : sources(spec)) {
      requireAll(in, at(name(source) + DELAY, "delay"), source.units(), c.dt());
    }
    for (Population layer : spec.integrating()) {
      requireAll(in, at(name(layer), "tau"), layer.units(), c.tauM());
      requireAll(in, at(name(layer), "r"), layer.units(), 1);
      requireAll(in, at(name(layer), "v_leak"), layer.units(), 0);
      if (in.has(at(name(layer), "v_reset"))) { // older files have none; it is 0 then
        requireAll(in, at(name(layer), "v_reset"), layer.units(), 0);
      }
    }
  }

  private static void requireAll(Hdf5 in, String path, int units, float expected) {
    for (float value : in.floats(path, units)) {
      if (value != expected) {
        throw CsdpException.badInput(
            "%s: %s is %s; csdp4j can express only %s there", in.file(), path, value, expected);
      }
    }
  }
}
