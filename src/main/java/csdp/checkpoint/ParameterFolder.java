package csdp.checkpoint;

import csdp.error.CsdpException;
import csdp.io.Npz;
import csdp.io.NpzWriter;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox;
import csdp.model.Population;
import csdp.model.Synapse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Weights and thresholds in ngc-learn's format: {@code W1.npz} with {@code weights} (pre, post) f4
 * for each synapse, {@code z1.npz} with {@code threshold} (1, units) f4 for each population that
 * integrates, and {@code z0.npz} with {@code key} (2,) u4 for each Bernoulli cell (input and
 * context).
 */
public final class ParameterFolder {
  private ParameterFolder() {}

  /** Opens the file of a name for writing. */
  @FunctionalInterface
  interface Opener {
    OutputStream open(String file) throws IOException;
  }

  /**
   * Writes weights, thresholds and keys into an existing folder; not atomically.
   *
   * @param seed from which the keys of the Bernoulli cells are derived
   * @throws CsdpException failed, naming the position, if a value is not finite
   */
  public static void write(Path folder, Parameters p, int seed) throws IOException {
    Opener opener = file -> Files.newOutputStream(folder.resolve(file));
    write(opener, p);
    for (Population pop : p.spec().populations()) {
      if (!pop.integrates()) {
        Philox.Stream words = Philox.stream(seed, Philox.Purpose.TRAIN_SPIKES, pop.index(), 0, 0);
        int[] key = {words.nextWord(), words.nextWord()};
        try (NpzWriter out = new NpzWriter(opener.open(pop.name() + ".npz"))) {
          out.addUnsigned("key", new int[] {2}, key);
        }
      }
    }
  }

  /** Writes weights and thresholds. */
  static void write(Opener opener, Parameters p) throws IOException {
    for (Synapse s : p.spec().synapses()) {
      try (NpzWriter out = new NpzWriter(opener.open(s.name() + ".npz"))) {
        add(out, s.name(), "weights", shape(s), p.weights(s));
      }
    }
    for (Population pop : p.spec().integrating()) {
      try (NpzWriter out = new NpzWriter(opener.open(pop.name() + ".npz"))) {
        add(out, pop.name(), "threshold", shape(pop), p.thresholds(pop));
      }
    }
  }

  /** Adds an array of finite values. */
  static void add(NpzWriter out, String owner, String array, int[] shape, float[] values)
      throws IOException {
    int bad = Parameters.firstNotFinite(values);
    if (bad >= 0) {
      throw CsdpException.failed(
          "%s of %s is %s at [%d, %d]: training diverged, nothing was written; lower the learning"
              + " rate",
          array, owner, values[bad], bad / shape[1], bad % shape[1]);
    }
    out.add(array, shape, values);
  }

  /**
   * Reads weights and thresholds; the rest of {@code into} is unchanged.
   *
   * @throws CsdpException bad input, naming file and shapes, if a file is missing or damaged, an
   *     array is missing or of another shape, or a value is not finite or out of range
   */
  public static void read(Path folder, Parameters into) {
    float bound =
        Constants.WEIGHT_BOUND; // also of lateral weights, until the first step clips them
    for (Synapse s : into.spec().synapses()) {
      read(file(folder, s.name()), "weights", shape(s), -bound, bound, into.weights(s));
      requireNothingElse(file(folder, s.name()), "weights");
    }
    float most = Float.MAX_VALUE;
    for (Population p : into.spec().integrating()) {
      read(file(folder, p.name()), "threshold", shape(p), -most, most, into.thresholds(p));
      requireNothingElse(file(folder, p.name()), "threshold");
    }
  }

  /** Refuses additional arrays, except biases of zero, which have no effect. */
  private static void requireNothingElse(Path file, String array) {
    try (Npz npz = Npz.open(file)) {
      for (String name : npz.names()) {
        if (name.equals(array)) {
          continue;
        }
        boolean zero = name.equals("biases");
        if (zero) {
          for (float v : npz.array(name).floats()) {
            zero &= v == 0;
          }
        }
        if (!zero) {
          throw CsdpException.badInput(
              "%s has an array %s%s, which csdp4j cannot express; expected only %s (ngc-learn 3"
                  + " saves more arrays than the 1.2 of the released code)",
              file, name, name.equals("biases") ? " that is not zero" : "", array);
        }
      }
    }
  }

  /** Reads an array and checks the range of its values; NaN is out of range. */
  static void read(Path file, String array, int[] shape, float low, float high, float[] into) {
    try (Npz npz = Npz.open(file)) {
      float[] values = npz.array(array, shape).floats();
      for (int i = 0; i < values.length; i++) {
        if (!(values[i] >= low && values[i] <= high)) {
          throw CsdpException.badInput(
              "%s (%s) is %s at [%d, %d]; the model is damaged or its training diverged",
              file, array, values[i], i / shape[1], i % shape[1]);
        }
      }
      System.arraycopy(values, 0, into, 0, values.length);
    }
  }

  /**
   * Refuses a folder whose array headers do not fit a network, before memory is allocated for the
   * sizes of a damaged description.
   *
   * @throws CsdpException bad input, as {@link #read(Path, Parameters)}
   */
  static void requireSizes(Path folder, NetworkSpec spec) {
    for (Synapse s : spec.synapses()) {
      try (Npz npz = Npz.open(file(folder, s.name()))) {
        npz.requireShape("weights", shape(s));
      }
    }
    for (Population p : spec.integrating()) {
      try (Npz npz = Npz.open(file(folder, p.name()))) {
        npz.requireShape("threshold", shape(p));
      }
    }
  }

  private static Path file(Path folder, String name) {
    return folder.resolve(name + ".npz");
  }

  /** Names of the files that {@link #read} needs. */
  static List<String> files(NetworkSpec spec) {
    List<String> names = new ArrayList<>();
    spec.synapses().forEach(s -> names.add(s.name() + ".npz"));
    spec.integrating().forEach(p -> names.add(p.name() + ".npz"));
    return names;
  }

  static int[] shape(Synapse s) {
    return new int[] {s.pre().units(), s.post().units()};
  }

  private static int[] shape(Population p) {
    return new int[] {1, p.units()};
  }
}
