package csdp.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.data.Ink;
import csdp.error.CsdpException;
import csdp.io.AtomicFolder;
import csdp.io.Disk;
import csdp.io.Json;
import csdp.io.PythonJson;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A model folder of the released code (ngc-learn 1.2b3): {@code components.json} with structure and
 * constants, {@code ops.json}, {@code commands.json}, {@code modules.json}, and a subfolder of
 * parameters as in {@link ParameterFolder}.
 *
 * <p>That format cannot hold T, dt and the image size: they are in {@code csdp.json}, which
 * ngc-learn does not read. Without that file the released demo's T (50) and dt (3 ms) are used;
 * {@link NetworkSpec#with} sets others.
 *
 * @param parameters with their network
 * @param learning rates that the network was trained with
 * @param parameterFolder folder of the parameters
 * @param extra the content of csdp.json; null without that file
 */
public record NgcLearnModel(
    Parameters parameters, Learning learning, Path parameterFolder, Extra extra) {
  /** Name of the file for values that the released format cannot hold. */
  public static final String EXTRA_FILE = "csdp.json";

  private static final String COMPONENTS = "components.json";
  private static final String NEWER = "contextData.json";
  private static final String TRAINED = "best_params";
  private static final String UNTRAINED = "custom";
  private static final int STEPS = 50;
  private static final float DT = 3;

  /**
   * Values that the released format cannot hold.
   *
   * @param steps T of a window
   * @param dt in ms
   * @param width of the images; null if unknown
   * @param height of the images; null as the width
   * @param seed of the run, for the same input spikes
   * @param ink of the training images; null if unknown
   * @param classNames of the classes; null if they have numbers only
   * @param scalesImages whether image files were scaled to this size
   * @param recordedSteps time steps of recorded spikes; null for images
   */
  public record Extra(
      int steps,
      float dt,
      Integer width,
      Integer height,
      int seed,
      Ink ink,
      List<String> classNames,
      boolean scalesImages,
      Integer recordedSteps) {
    /** Checks the shape. */
    public Extra {
      if ((width == null) != (height == null) || (width != null && (width < 1 || height < 1))) {
        throw CsdpException.badInput("images of %s x %s pixels", width, height);
      }
    }

    /** Values of a network that nothing else is known of. */
    static Extra of(NetworkSpec spec, Integer width, Integer height, int seed) {
      Constants c = spec.constants();
      return new Extra(c.steps(), c.dt(), width, height, seed, null, null, false, null);
    }

    Extra withSeed(int other) {
      return new Extra(
          steps, dt, width, height, other, ink, classNames, scalesImages, recordedSteps);
    }

    Extra withSize(int w, int h) {
      return new Extra(steps, dt, w, h, seed, ink, classNames, scalesImages, recordedSteps);
    }

    /** Reads the file; earlier versions did not write all values. */
    private static Extra read(Path file) {
      JsonNode tree = Json.tree(file);
      Json.optional(tree, "classNames", "recordedSteps");
      if (tree instanceof ObjectNode all && !all.has("scalesImages")) {
        all.put("scalesImages", false);
      }
      return Json.value(tree, Extra.class, file);
    }

    private void requireFit(NetworkSpec spec, Path file) {
      if (width != null && (long) width * height != spec.input().units()) {
        throw CsdpException.badInput(
            "%s: images of %d x %d pixels, but the network has %d inputs",
            file, width, height, spec.input().units());
      }
      if (!RunRecord.Data.isNamed(spec.classes(), classNames)) {
        throw CsdpException.badInput(
            "%s: class names %s, but the network has %d classes", file, classNames, spec.classes());
      }
    }
  }

  /** Returns true if the parameters are those that the released code saves before training. */
  public boolean isUntrained() {
    return parameterFolder.getFileName().toString().startsWith(UNTRAINED);
  }

  /** The network. */
  public NetworkSpec spec() {
    return parameters.spec();
  }

  /** Returns true if a folder contains a model of the released code. */
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(COMPONENTS));
  }

  /** Reads a model with the parameters in one of its subfolders; null if the folder is none. */
  static NgcLearnModel ofParameters(Path folder) {
    Path absolute = folder.toAbsolutePath().normalize();
    String name = String.valueOf(absolute.getFileName()); // null for a root
    boolean named = name.startsWith(TRAINED) || name.startsWith(UNTRAINED);
    return named && isIn(absolute.getParent()) ? read(absolute.getParent(), name) : null;
  }

  /**
   * Refuses a folder that ngc-learn 3 saved: other files, names of arguments and arrays.
   *
   * @throws CsdpException bad input
   */
  static void requireNotNewer(Path folder) {
    if (Files.exists(folder.resolve(NEWER))) {
      throw newer(folder, "it has a " + NEWER);
    }
  }

  private static CsdpException newer(Path place, String why) {
    return CsdpException.badInput(
        "%s is a model of ngc-learn 3 (%s); csdp4j reads models of ngc-learn 1.2, with which the"
            + " released CSDP code runs",
        place, why);
  }

  /** Reads a model with its best parameters ({@code best_params*}, else {@code custom*}). */
  public static NgcLearnModel read(Path folder) {
    return read(folder, null);
  }

  /**
   * Reads a model. A component, argument or wiring that csdp4j cannot express is refused, so that a
   * model behaves as in the released code.
   *
   * @param folder of the model
   * @param parameterFolder name of the subfolder with the parameters; null for {@code best_params*}
   *     or else {@code custom*}
   * @throws CsdpException bad input, if something is missing, damaged or cannot be expressed
   */
  public static NgcLearnModel read(Path folder, String parameterFolder) {
    requireNotNewer(folder);
    if (!isIn(folder)) {
      throw CsdpException.badInput(
          "%s is not a model folder of ngc-learn: it has no %s", folder, COMPONENTS);
    }
    Path extraFile = folder.resolve(EXTRA_FILE);
    Extra extra = Files.exists(extraFile) ? Extra.read(extraFile) : null;
    Reader reader = new Reader(folder.resolve(COMPONENTS));
    Learning learning = reader.learning();
    NetworkSpec spec = reader.spec(extra, learning);
    if (extra != null) {
      extra.requireFit(spec, extraFile);
    }
    Path ops = folder.resolve("ops.json");
    if (Files.exists(ops)) {
      checkWiring(ops, new NgcLearnFormat(spec, learning));
    }
    Path source = parameterFolder(folder, parameterFolder);
    ParameterFolder.requireSizes(source, spec);
    Parameters parameters = new Parameters(spec);
    ParameterFolder.read(source, parameters);
    return new NgcLearnModel(parameters, learning, source, extra);
  }

  /**
   * Writes a model atomically, with its parameters in {@code best_params<seed>}.
   *
   * @param folder new or empty
   * @param learning rates that the network was trained with
   * @param seed names the parameters' subfolder; the Bernoulli cells' keys are derived from it
   * @throws CsdpException environment if it cannot be written, bad input if the folder is not
   *     empty, failed if a value is not finite
   */
  public static void write(Path folder, Parameters p, Learning learning, int seed) {
    write(folder, p, learning, Extra.of(p.spec(), null, null, seed));
  }

  /** As above, with all that is known of its training. */
  static void write(Path folder, Parameters p, Learning learning, Extra extra) {
    NgcLearnFormat form = new NgcLearnFormat(p.spec(), learning);
    Map<String, JsonNode> files = new LinkedHashMap<>();
    files.put(COMPONENTS, form.components());
    files.put("modules.json", NgcLearnFormat.modules());
    files.put("commands.json", form.commands());
    files.put("ops.json", form.ops());
    AtomicFolder.replace(
        folder,
        null,
        temporary -> {
          for (Map.Entry<String, JsonNode> file : files.entrySet()) {
            byte[] text = PythonJson.text(file.getValue()).getBytes(StandardCharsets.US_ASCII);
            Files.write(temporary.resolve(file.getKey()), text);
          }
          Files.write(temporary.resolve(EXTRA_FILE), Json.bytes(extra));
          Path parameters = Files.createDirectory(temporary.resolve(TRAINED + extra.seed()));
          ParameterFolder.write(parameters, p, extra.seed());
        });
  }

  private static Path parameterFolder(Path folder, String name) {
    if (name != null) {
      Path named = folder.resolve(name);
      if (!Files.isDirectory(named)) {
        throw CsdpException.badInput("%s has no parameter folder %s", folder, name);
      }
      return named;
    }
    List<Path> subfolders;
    try (Stream<Path> all = Files.list(folder)) {
      subfolders = all.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw Disk.unreadable(folder, e);
    }
    for (String prefix : List.of(TRAINED, UNTRAINED)) {
      List<Path> found =
          subfolders.stream().filter(p -> p.getFileName().toString().startsWith(prefix)).toList();
      if (found.size() > 1) {
        throw CsdpException.badInput(
            "%s has several parameter folders (%s): name one of them as the model, such as %s",
            folder,
            String.join(", ", found.stream().map(p -> "" + p.getFileName()).toList()),
            found.get(0));
      }
      if (found.size() == 1) {
        return found.get(0);
      }
    }
    throw CsdpException.badInput(
        "%s has no parameter folder (best_params* or custom*): copy all that was saved", folder);
  }

  /** Checks that the inputs of each membrane and synapse are those that csdp4j computes. */
  private static void checkWiring(Path file, NgcLearnFormat form) {
    Map<String, Set<String>> expected = currents(form.ops());
    Map<String, Set<String>> found = currents(Json.tree(file));
    TreeSet<String> destinations = new TreeSet<>(expected.keySet());
    destinations.addAll(found.keySet());
    for (String d : destinations) {
      Set<String> e = expected.getOrDefault(d, Set.of());
      Set<String> f = found.getOrDefault(d, Set.of());
      if (!e.equals(f)) {
        throw CsdpException.badInput(
            "%s: %s comes from %s; csdp4j can express only %s there",
            file, d, f.isEmpty() ? "nothing" : f, e.isEmpty() ? "nothing" : e);
      }
    }
  }

  private static Map<String, Set<String>> currents(JsonNode ops) {
    Map<String, Set<String>> all = new TreeMap<>();
    for (JsonNode op : ops) {
      String destination = op.path("destination").asText();
      if (destination.endsWith("/j") || destination.endsWith("/inputs")) {
        Set<String> sources = all.computeIfAbsent(destination, d -> new TreeSet<>());
        op.path("sources").forEach(s -> sources.add(s.asText()));
      }
    }
    return all;
  }

  /** Structure and constants from components.json. */
  private static final class Reader {
    private static final String RENAMED = "g_conduct_factor"; // resist_scale before version 3

    private final Path file;
    private final Map<String, JsonNode> components = new TreeMap<>();

    Reader(Path file) {
      this.file = file;
      JsonNode all = Json.tree(file).path("components");
      if (!all.isObject()) {
        throw CsdpException.badInput("%s: it has no \"components\"", file);
      }
      for (String path : (Iterable<String>) all::fieldNames) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (!all.get(path).path("kwargs").isObject()
            || components.put(name, all.get(path)) != null) {
          throw CsdpException.badInput("%s: component %s is damaged or there twice", file, path);
        }
        if (all.get(path).path("kwargs").has(RENAMED)) {
          throw newer(file, "component " + name + " has " + RENAMED);
        }
      }
    }

    Learning learning() {
      return named(() -> new Learning(number("W1", "eta"), number("W1", "w_decay")));
    }

    NetworkSpec spec(Extra extra, Learning learning) {
      List<Integer> hidden = new ArrayList<>();
      while (components.containsKey("W" + (hidden.size() + 1))) {
        hidden.add(units("z" + (hidden.size() + 1)));
      }
      if (hidden.isEmpty()) {
        throw CsdpException.badInput("%s: component W1 is missing; is this a CSDP model?", file);
      }
      boolean supervised = components.keySet().stream().anyMatch(n -> n.matches("V\\d+y"));
      Constants constants =
          named(
              () ->
                  Constants.builder()
                      .steps(extra == null ? STEPS : extra.steps())
                      .dt(extra == null ? DT : extra.dt())
                      .tauM(number("z1", "tau_m"))
                      .tauTrace(number("tr1", "tau_tr"))
                      .resistance(number("W1", "resist_scale"))
                      .contextResistance(number(supervised ? "V2y" : "W1", "resist_scale"))
                      .inhibitoryResistance(number("M1", "resist_scale"))
                      .thresholdRate(number("z1", "rho_b"))
                      .goodnessThreshold(number("g1", "threshold"))
                      .build());
      NetworkSpec spec =
          named(
              () ->
                  NetworkSpec.builder(units("z0"), units("zy"))
                      .hidden(hidden)
                      .supervised(supervised)
                      .reconstruction(components.containsKey("R1"))
                      .constants(constants)
                      .build());
      compare(new NgcLearnFormat(spec, learning).components().get("components"));
      return spec;
    }

    private <T> T named(java.util.function.Supplier<T> make) {
      try {
        return make.get();
      } catch (CsdpException e) {
        String message = e.getMessage();
        String prefix = file.toString();
        throw message.startsWith(prefix)
            ? e
            : CsdpException.badInput("%s: %s", prefix, message).because(e);
      }
    }

    private void compare(JsonNode expected) {
      Set<String> known = new TreeSet<>();
      for (String path : (Iterable<String>) expected::fieldNames) {
        String name = path.substring(NgcLearnFormat.CIRCUIT.length());
        known.add(name);
        JsonNode found = component(name);
        String type = expected.get(path).get("class").asText();
        if (!found.path("class").asText().equals(type)) {
          throw CsdpException.badInput(
              "%s: component %s is a %s; csdp4j can express only %s there",
              file, name, text(found.path("class")), type);
        }
        String difference =
            NgcLearnFormat.difference(expected.get(path).get("kwargs"), found.get("kwargs"));
        if (difference != null) {
          throw CsdpException.badInput("%s: component %s %s", file, name, difference);
        }
      }
      for (String name : components.keySet()) {
        if (!known.contains(name)) {
          throw CsdpException.badInput(
              "%s: csdp4j cannot express component %s (%s)",
              file, name, components.get(name).path("class").asText());
        }
      }
    }

    private JsonNode component(String name) {
      JsonNode c = components.get(name);
      if (c == null) {
        throw CsdpException.badInput("%s: component %s is missing", file, name);
      }
      return c;
    }

    private int units(String name) {
      JsonNode n = component(name).get("kwargs").path("n_units");
      if (!n.isInt()) {
        throw CsdpException.badInput(
            "%s: component %s needs a whole number n_units, not %s", file, name, text(n));
      }
      return n.intValue();
    }

    private float number(String name, String argument) {
      JsonNode n = component(name).get("kwargs").path(argument);
      if (!n.isNumber()) {
        throw CsdpException.badInput(
            "%s: component %s needs a number %s, not %s", file, name, argument, text(n));
      }
      return n.floatValue();
    }

    private static String text(JsonNode n) {
      return n.isMissingNode() ? "nothing" : n.toString();
    }
  }
}
