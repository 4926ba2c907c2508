package csdp;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.checkpoint.NgcLearnModel;
import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.metrics.Evaluation;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.train.Evaluator;
import csdp.train.TrainListener;
import csdp.train.TrainOptions;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The library's front door: a spiking network that is trained with contrastive-signal-dependent
 * plasticity, on a device.
 *
 * <pre>{@code
 * try (Csdp net = Csdp.builder(28 * 28, 10).hidden(500, 100).build()) {
 *   net.train(train, valid, TrainOptions.epochs(2).withBatch(100));
 *   System.out.println(net.evaluate(test).accuracy());
 *   System.out.println(net.classify(image).label());
 *   net.save(Path.of("model"));
 * }
 * }</pre>
 *
 * <p>A network must not be used by several threads at once. Errors that a user can mend are {@link
 * CsdpException}.
 */
public final class Csdp implements AutoCloseable {
  private static final int EVALUATION_BATCH = 500;

  private final Backend backend;
  private final int seed;
  private Learning learning; // of the last training

  private Csdp(Backend backend, Parameters parameters, Learning learning, int seed) {
    this.backend = backend;
    this.learning = learning;
    this.seed = seed;
    backend.restore(parameters);
  }

  /**
   * An answer.
   *
   * @param label the class with most spikes, ties to the lowest
   * @param probabilities softmax of the classes' spike counts
   */
  public record Prediction(int label, double[] probabilities) {
    /** Whether all of several classes are equally likely, so that the label says nothing. */
    public boolean isUndecided() {
      return probabilities.length > 1
          && Arrays.stream(probabilities).allMatch(p -> p == probabilities[0]);
    }
  }

  /** The version of this library. */
  public static String version() {
    String v = Csdp.class.getPackage().getImplementationVersion();
    return v == null ? "0.1.0" : v;
  }

  /**
   * A new network with random weights.
   *
   * @param inputs number of pixels
   * @param classes number of classes
   */
  public static Builder builder(int inputs, int classes) {
    return new Builder(inputs, classes);
  }

  /**
   * A trained network: the best parameters of a run, or a model folder of the released code.
   *
   * @throws CsdpException when there is no complete model
   */
  public static Csdp load(Path folder) {
    return of(SavedModel.open(folder, false), Device.of("auto", false, line -> {}), 0);
  }

  /**
   * A trained network on a device.
   *
   * @param threads CPU threads, 0 for one per core
   */
  public static Csdp of(SavedModel model, Device device, int threads) {
    Backend backend = device.open(model.spec(), threads);
    return new Csdp(backend, model.parameters(), model.learning(), model.seed());
  }

  /** What a new network is to be. */
  public static final class Builder {
    private final NetworkSpec.Builder network;
    private int seed = 1234;
    private String device = "auto";
    private int threads;

    private Builder(int inputs, int classes) {
      network = NetworkSpec.builder(inputs, classes);
    }

    /** Units of each hidden layer; 3000, 600 unless set. */
    public Builder hidden(int... units) {
      network.hidden(units);
      return this;
    }

    /** Whether labels act as context in training; they do unless set. */
    public Builder supervised(boolean on) {
      network.supervised(on);
      return this;
    }

    /** Whether the input is reconstructed; it is unless set. */
    public Builder reconstruction(boolean on) {
      network.reconstruction(on);
      return this;
    }

    /** Constants of the dynamics; the released demo's unless set. */
    public Builder constants(Constants c) {
      network.constants(c);
      return this;
    }

    /** Seed of the weights; 1234 unless set. */
    public Builder seed(int s) {
      seed = s;
      return this;
    }

    /** Device as the command line names it: auto, reference, cpu or a CUDA device's index. */
    public Builder device(String name) {
      device = name;
      return this;
    }

    /** CPU threads; 0 for one per core. */
    public Builder threads(int n) {
      threads = n;
      return this;
    }

    /** The network, on its device. */
    public Csdp build() {
      NetworkSpec spec = network.build();
      Backend backend = Device.of(device, false, line -> {}).open(spec, threads);
      return new Csdp(backend, Parameters.random(spec, seed), Learning.forBatch(500), seed);
    }
  }

  /** Populations, synapses and constants. */
  public NetworkSpec spec() {
    return backend.spec();
  }

  /** Weights, thresholds and Adam's moments, copied from the device. */
  public Parameters parameters() {
    Parameters p = new Parameters(spec());
    backend.snapshot(p);
    return p;
  }

  /** What it runs on; the same object for the network's whole life. */
  public Backend backend() {
    return backend;
  }

  /**
   * Trains, and leaves the network with its last parameters. Listeners see every batch and epoch;
   * {@link csdp.checkpoint.RunFolder} is one that writes checkpoints.
   *
   * @param valid images that are validated after every epoch, or null
   * @return one entry an epoch, the network before training first
   */
  public TrainState train(
      Dataset train, Dataset valid, TrainOptions options, TrainListener... listeners) {
    Trainer trainer =
        new Trainer(backend, train, valid, options, TrainState.start(), List.of(listeners));
    learning = options.learning();
    trainer.run();
    return trainer.state();
  }

  /** Shows images without labels and measures the answers. */
  public Evaluation evaluate(Dataset data) {
    return Evaluator.evaluate(backend, data, seed, EVALUATION_BATCH, (done, of) -> {});
  }

  /**
   * Classifies an image.
   *
   * @param image its pixels in [0, 1], row by row
   */
  public Prediction classify(float[] image) {
    return classify(new float[][] {image}).get(0);
  }

  /** Classifies images. */
  public List<Prediction> classify(float[][] images) {
    int pixels = spec().input().units();
    List<Prediction> answers = new ArrayList<>();
    ReadOut out = new ReadOut(spec(), false);
    for (int from = 0; from < images.length; from += EVALUATION_BATCH) {
      int n = Math.min(EVALUATION_BATCH, images.length - from);
      float[] flat = new float[n * pixels];
      for (int b = 0; b < n; b++) {
        float[] image = images[from + b];
        if (image.length != pixels) {
          throw CsdpException.badInput(
              "image %d has %d pixels, but the network has %d inputs",
              from + b, image.length, pixels);
        }
        System.arraycopy(image, 0, flat, b * pixels, pixels);
      }
      Batch batch = Evaluator.unlabelled(new Batch.Given(pixels, flat), n, seed, from);
      backend.run(batch, null, out, null);
      for (int b = 0; b < n; b++) {
        answers.add(new Prediction(out.predicted(b), out.probabilities(b)));
      }
    }
    return answers;
  }

  /**
   * Writes the network into a new folder, in the form of the released code; {@link #load} reads it.
   */
  public void save(Path folder) {
    NgcLearnModel.write(folder, parameters(), learning, seed);
  }

  /** Frees the device. */
  @Override
  public void close() {
    backend.close();
  }
}
