package csdp.config;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.data.BuiltIn;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.FolderOptions;
import csdp.data.ImageSize;
import csdp.data.ValidationSize;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Configuration of a training run: immutable, validated, printed with every run and written to
 * config.json.
 *
 * @param network layout
 * @param training schedule and rates
 * @param data requested data
 * @param constants of the dynamics
 */
public record RunConfig(Network network, TrainOptions training, Data data, Constants constants) {
  private static final List<String> RATES = List.of("learningRate", "weightDecay");

  /** Checks that nothing is missing. */
  public RunConfig {
    Json.required("network", network);
    Json.required("training", training);
    Json.required("data", data);
    Json.required("constants", constants);
  }

  /**
   * Layout of the network; inputs and classes come from the data.
   *
   * @param hidden units of hidden layers 1..L
   * @param supervised whether labels act as context in training
   * @param reconstruction whether the input is reconstructed
   */
  public record Network(List<Integer> hidden, boolean supervised, boolean reconstruction) {
    /** Checks and copies. */
    public Network {
      Json.required("hidden", hidden).forEach(units -> Json.required("hidden", units));
      hidden = List.copyOf(hidden);
      if (hidden.isEmpty()) {
        throw CsdpException.badInput("a network needs at least one hidden layer");
      }
    }

    /** A supervised network with reconstruction, as in the released demo. */
    public static Network of(List<Integer> hidden) {
      return new Network(hidden, true, true);
    }

    /** Returns a copy with other hidden layers. */
    public Network withHidden(List<Integer> units) {
      return new Network(units, supervised, reconstruction);
    }

    /** Returns a copy that is supervised or not. */
    public Network withSupervised(boolean on) {
      return new Network(hidden, on, reconstruction);
    }

    /** Returns a copy with or without reconstruction. */
    public Network withReconstruction(boolean on) {
      return new Network(hidden, supervised, on);
    }
  }

  /**
   * The requested data.
   *
   * @param name a named set or a folder; null for the default, or with files
   * @param valid number of last training images used for validation; null for the default
   * @param defaultValid the default, a tenth of the training images if there are fewer than five
   *     times as many
   * @param trainLimit number of training images, 0 for all
   * @param size that image files are scaled to, like 28x28; null for their own
   * @param splitSeed of the split of a tree of image files; null for the default
   * @param window part of each recording of events that is used, ms; null for the format's
   */
  public record Data(
      String name,
      String trainX,
      String trainY,
      String validX,
      String validY,
      String testX,
      String testY,
      Integer valid,
      int defaultValid,
      int trainLimit,
      String size,
      Integer splitSeed,
      Float window) {
    /** Returns the request for the data package. */
    @JsonIgnore
    public DataRequest request() {
      return new DataRequest(
          name,
          path(trainX),
          path(trainY),
          path(validX),
          path(validY),
          path(testX),
          path(testY),
          valid == null ? ValidationSize.byDefault(defaultValid) : ValidationSize.exactly(valid),
          trainLimit,
          new FolderOptions(ImageSize.parse(size), splitSeed, window));
    }

    /**
     * Returns a copy with the numbers of images of another one. A default that is the number of
     * this one counts as that number.
     */
    public Data sizedAs(Data other) {
      boolean same = other.valid == null && valid != null && valid.intValue() == other.defaultValid;
      return new Data(
          name,
          trainX,
          trainY,
          validX,
          validY,
          testX,
          testY,
          same ? valid : other.valid,
          other.defaultValid,
          other.trainLimit,
          size,
          splitSeed,
          window);
    }

    private static Path path(String p) {
      return p == null ? null : DataSources.path(p);
    }
  }

  /** Named configurations; flags override single values. */
  public enum Preset {
    /** About a minute on two cores; more epochs for digits, of which there are few. */
    QUICK,
    /** The released demo: 3000,600 units, 10 epochs, batches of 500. */
    DEMO,
    /**
     * More accurate than the demo at its size and epochs; for digits, than {@link #QUICK}.
     * Supervised, for images.
     */
    TUNED;

    /** Returns the configuration of the preset for MNIST-like data. */
    public RunConfig config() {
      return config(null);
    }

    /**
     * Returns the configuration of the preset.
     *
     * @param builtIn name of a built-in data set, which the configuration then names; null for
     *     other data
     */
    public RunConfig config(String builtIn) {
      boolean digits = BuiltIn.DIGITS.label().equals(builtIn);
      return switch (this) {
        case QUICK ->
            digits
                ? of(builtIn, List.of(500, 100), 20, 98, 0, 0)
                : of(builtIn, List.of(500, 100), 3, 200, 2_000, 24_000);
        case DEMO -> of(builtIn, List.of(3000, 600), 10, 500, 10_000, 0);
        case TUNED ->
            digits // of 8 x 8 pixels: a shift by one is large
                ? QUICK.config(builtIn).tuned(0)
                : DEMO.config(builtIn).tuned(1);
      };
    }

    private static RunConfig of(
        String data, List<Integer> hidden, int epochs, int batch, int valid, int limit) {
      return new RunConfig(
          Network.of(hidden),
          TrainOptions.epochs(epochs).withBatch(batch),
          new Data(data, null, null, null, null, null, null, null, valid, limit, null, null, null),
          Constants.demo());
    }
  }

  /**
   * Returns a copy with the recipe of {@link Preset#TUNED}.
   *
   * @param shift of the images, pixels
   */
  private RunConfig tuned(int shift) {
    return new RunConfig(
        network,
        training
            .withAnneal(training.epochs())
            .withShift(shift)
            .withHardNegatives(true)
            .withUnlabelledHead(true),
        data,
        constants.toBuilder().goodnessThreshold(6).contextResistance(0.4f).build());
  }

  /**
   * Brings a configuration that an earlier version wrote up to date: fields that it did not have
   * get their defaults, and the rates of plasticity move from the constants to the training
   * options. Sizes of the network have no default.
   */
  public static void complete(ObjectNode run) {
    if (run.path("training") instanceof ObjectNode training) {
      if (run.path("constants") instanceof ObjectNode constants) {
        for (String rate : RATES) {
          if (constants.has(rate) && !training.has(rate)) {
            training.set(rate, constants.remove(rate));
          }
        }
        if (constants.has("resistance") && !constants.has("contextResistance")) {
          constants.set("contextResistance", constants.get("resistance"));
        }
      }
      int batch = training.path("batch").asInt();
      Learning rates = Learning.forBatch(batch > 0 ? batch : Preset.DEMO.config().training.batch());
      putMissing(training, ((ObjectNode) Json.tree(rates)).retain(RATES));
    }
    if (run.path("data") instanceof ObjectNode data
        && !data.has("defaultValid")
        && data.path("valid").isInt()) {
      data.set("defaultValid", data.get("valid"));
    }
    JsonNode defaults = Json.tree(Preset.DEMO.config());
    for (Map.Entry<String, JsonNode> part : defaults.properties()) {
      if (run.path(part.getKey()) instanceof ObjectNode given) {
        putMissing(given, part.getValue());
      }
    }
  }

  private static void putMissing(ObjectNode given, JsonNode defaults) {
    for (Map.Entry<String, JsonNode> field : defaults.properties()) {
      if (!given.has(field.getKey()) && !field.getKey().equals("hidden")) {
        given.set(field.getKey(), field.getValue());
      }
    }
  }

  /** Returns schedule and constants in one line. */
  public String summary() {
    TrainOptions t = training;
    Constants c = constants;
    String negatives =
        network.supervised()
            ? ""
            : String.format(Locale.ROOT, ", mix %s%s", t.mix(), t.rotate() ? ", rotated" : "");
    return String.format(
        Locale.ROOT,
        "%d epochs, batch %d, seed %d%s, T %d, dt %s ms, tau_m %s ms, tau_trace %s ms, R_m %s%s,"
            + " R_i %s, rho_b %s, theta %s, eta %s, decay %s%s%s%s%s",
        t.epochs(),
        t.batch(),
        t.seed(),
        negatives,
        c.steps(),
        c.dt(),
        c.tauM(),
        c.tauTrace(),
        c.resistance(),
        c.contextResistance() == c.resistance() ? "" : ", R_c " + c.contextResistance(),
        c.inhibitoryResistance(),
        c.thresholdRate(),
        c.goodnessThreshold(),
        t.learningRate(),
        t.weightDecay(),
        t.anneal() == 0 ? "" : ", falling to 2 % in " + t.anneal() + " epochs",
        t.shift() == 0 ? "" : ", shifted by up to " + t.shift() + " pixels",
        t.hardNegatives() ? ", hard negatives" : "",
        t.unlabelledHead() ? ", head learns without labels as context" : "");
  }

  /** Returns the network for data of the given sizes. */
  public NetworkSpec spec(int inputs, int classes) {
    return NetworkSpec.builder(inputs, classes)
        .hidden(network.hidden())
        .supervised(network.supervised())
        .reconstruction(network.reconstruction())
        .constants(constants)
        .build();
  }
}
