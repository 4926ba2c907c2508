package csdp.replay;

import csdp.backend.Batch;
import csdp.error.CsdpException;
import csdp.io.NpyArray;
import csdp.io.Npz;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A recorded run of the released code: an NPZ file with {@code meta/*}, {@code init/*}, {@code
 * train/b/*}, {@code weights/KKKK/*}, {@code final/*} and {@code eval/*}. Sizes, number of hidden
 * layers, rates and constants are read from it.
 */
final class Recording implements Closeable {
  final Path file;
  final NetworkSpec spec;
  final Learning learning;
  private final Npz npz;

  private Recording(Path file, Npz npz, NetworkSpec spec, Learning learning) {
    this.file = file;
    this.npz = npz;
    this.spec = spec;
    this.learning = learning;
  }

  static Recording open(Path file) {
    Npz npz = Npz.open(file);
    try {
      Learning learning =
          new Learning(
              scalar(file, npz, "eta", Float.NaN), scalar(file, npz, "w_decay", Float.NaN));
      NetworkSpec spec = spec(file, npz);
      for (Synapse s : spec.synapses()) { // before memory is allocated for missing arrays
        npz.requireShape("init/" + s.name(), s.pre().units(), s.post().units());
      }
      return new Recording(file, npz, spec, learning);
    } catch (RuntimeException e) {
      npz.close();
      throw e;
    }
  }

  private static NetworkSpec spec(Path file, Npz npz) {
    Constants demo = Constants.demo();
    Constants constants =
        Constants.builder()
            .steps((int) scalar(file, npz, "T", demo.steps()))
            .dt(scalar(file, npz, "dt", demo.dt()))
            .tauM(scalar(file, npz, "tau_m", demo.tauM()))
            .tauTrace(scalar(file, npz, "tau_tr", demo.tauTrace()))
            .resistance(scalar(file, npz, "R_m", demo.resistance()))
            .inhibitoryResistance(scalar(file, npz, "inh_R", demo.inhibitoryResistance()))
            .thresholdRate(scalar(file, npz, "rho_b", demo.thresholdRate()))
            .goodnessThreshold(scalar(file, npz, "goodness_threshold", demo.goodnessThreshold()))
            .build();
    List<Integer> hidden = new ArrayList<>();
    while (npz.has("init/W" + (hidden.size() + 1))) {
      hidden.add(matrix(npz, "init/W" + (hidden.size() + 1)).dim(1));
    }
    if (hidden.isEmpty()) {
      throw CsdpException.badInput("%s: no array init/W1, so this is not a recorded run", file);
    }
    return NetworkSpec.builder(matrix(npz, "init/W1").dim(0), matrix(npz, "init/C2").dim(1))
        .hidden(hidden)
        .supervised(scalar(file, npz, "supervised", npz.has("init/V2y") ? 1 : 0) != 0)
        .reconstruction(npz.has("init/R1"))
        .constants(constants)
        .build();
  }

  private static NpyArray matrix(Npz npz, String name) {
    NpyArray a = npz.array(name);
    if (a.rank() != 2) {
      throw CsdpException.badInput("%s must have two dimensions", a.where());
    }
    return a;
  }

  private static float scalar(Path file, Npz npz, String key, float fallback) {
    if (npz.has("meta/" + key)) {
      return npz.array("meta/" + key, new int[0]).floats()[0];
    }
    if (Float.isNaN(fallback)) {
      throw CsdpException.badInput("%s: array meta/%s is missing", file, key);
    }
    return fallback;
  }

  /** Weights and thresholds at the start. */
  Parameters initial() {
    Parameters p = new Parameters(spec);
    for (Synapse s : spec.synapses()) {
      float[] w = finite("init/" + s.name(), s.pre().units(), s.post().units());
      System.arraycopy(w, 0, p.weights(s), 0, w.length);
    }
    for (Population pop : spec.integrating()) {
      float[] thr = finite("init/" + pop.name() + "_thr", pop.units());
      System.arraycopy(thr, 0, p.thresholds(pop), 0, thr.length);
    }
    return p;
  }

  private float[] finite(String name, int... shape) {
    NpyArray a = npz.array(name, shape);
    int bad = Parameters.firstNotFinite(a.floats());
    if (bad >= 0) {
      throw CsdpException.badInput(
          "%s: element %d is %s; nothing can start from it", a.where(), bad, a.floats()[bad]);
    }
    return a.floats();
  }

  /** A pre x post array. */
  float[] weights(String name, Synapse s) {
    return npz.array(name, s.pre().units(), s.post().units()).floats();
  }

  boolean has(String name) {
    return npz.has(name);
  }

  /** An array of a given shape. */
  NpyArray array(String name, int... shape) {
    return npz.array(name, shape);
  }

  /** Returns the number of recorded training batches. */
  int batches() {
    int b = 0;
    while (npz.has("train/" + b + "/s0")) {
      b++;
    }
    return b;
  }

  /**
   * Returns a batch with its recorded input spikes.
   *
   * @param prefix {@code train/b/} or {@code eval/}
   * @param labelled true if labels are clamped
   */
  Batch batch(String prefix, boolean labelled) {
    NpyArray s0 = npz.array(prefix + "s0");
    int steps = spec.constants().steps();
    if (s0.rank() != 3
        || s0.dim(0) != steps
        || s0.dim(1) < 1
        || s0.dim(2) != spec.input().units()) {
      throw CsdpException.badInput(
          "%s must have the shape (%d, N, %d)", s0.where(), steps, spec.input().units());
    }
    spec.requireRoom(s0.dim(1));
    byte[] spikes = s0.bytes();
    for (int i = 0; i < spikes.length; i++) {
      if (spikes[i] >>> 1 != 0) {
        throw CsdpException.badInput(
            "%s: element %d is %d; spikes are 0 or 1", s0.where(), i, spikes[i] & 0xFF);
      }
    }
    int n = s0.dim(1);
    int[] labels = new int[n];
    java.util.Arrays.fill(labels, -1);
    if (labelled) {
      NpyArray y = array(prefix + "y", n, spec.classes());
      float[] oneHot = y.floats();
      for (int b = 0; b < n; b++) {
        for (int k = 0; k < spec.classes(); k++) {
          float value = oneHot[b * spec.classes() + k];
          if (value == 1 && labels[b] < 0) {
            labels[b] = k;
          } else if (value != 0) {
            throw CsdpException.badInput("%s: row %d is not one-hot", y.where(), b);
          }
        }
      }
    }
    int positives = n;
    if (npz.has(prefix + "positive")) {
      int[] mask = array(prefix + "positive", n).ints();
      positives = 0;
      while (positives < n && mask[positives] != 0) {
        positives++;
      }
      for (int b = positives; b < n; b++) {
        if (mask[b] != 0) {
          throw CsdpException.badInput(
              "%s%s: positives must come before negatives, but sample %d is one", file, prefix, b);
        }
      }
    }
    return new Batch(n, positives, null, labels, new Batch.Recorded(spec.input().units(), spikes));
  }

  @Override
  public void close() {
    npz.close();
  }
}
