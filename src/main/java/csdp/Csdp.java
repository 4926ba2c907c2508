package csdp;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.checkpoint.NgcLearnModel;
import csdp.checkpoint.SavedModel;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.io.Version;
import csdp.metrics.Evaluation;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.train.Evaluator;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Entry point of the library: a spiking network on a device, trained with
 * contrastive-signal-dependent plasticity.
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
 * <p>Not thread-safe. Errors that a user can correct are {@link CsdpException}s.
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
   * Result of classifying one image.
   *
   * @param label class with the most head spikes; the lowest index wins a tie
   * @param probabilities softmax of the classes' spike counts
   */
  public record Prediction(int label, double[] probabilities) {
    /** Returns true if all classes are equally likely, so the label is arbitrary. */
    public boolean isUndecided() {
      return probabilities.length > 1
          && Arrays.stream(probabilities).allMatch(p -> p == probabilities[0]);
    }
  }

  /**
   * Answer and rate codes of an image.
   *
   * @param prediction the head's answer
   * @param codes [layer][unit] of the hidden layers in order: spikes / T, in [0, 1]
   */
  public record Encoding(Prediction prediction, float[][] codes) {}

  /** Returns the version of this library. */
  public static String version() {
    return Version.text();
  }

  /**
   * Returns a builder of a network with random weights.
   *
   * @param inputs number of pixels
   * @param classes number of classes
   */
  public static Builder builder(int inputs, int classes) {
    return new Builder(inputs, classes);
  }

  /**
   * Loads a trained network: the best parameters of a run, or a model folder of the released code.
   *
   * @throws CsdpException if the folder holds no complete model
   */
  public static Csdp load(Path folder) {
    return of(SavedModel.open(folder, false), Device.of("auto", false, line -> {}), 0);
  }

  /**
   * Opens a trained network on a device.
   *
   * @param threads CPU threads, 0 for one per core
   */
  public static Csdp of(SavedModel model, Device device, int threads) {
    Backend backend = device.open(model.spec(), threads);
    return new Csdp(backend, model.parameters(), model.learning(), model.seed());
  }

  /** Settings of a new network. */
  public static final class Builder {
    private final NetworkSpec.Builder network;
    private int seed = 1234;
    private String device = "auto";
    private int threads;

    private Builder(int inputs, int classes) {
      network = NetworkSpec.builder(inputs, classes);
    }

    /** Sets the units of each hidden layer. Default: 3000, 600. */
    public Builder hidden(int... units) {
      network.hidden(units);
      return this;
    }

    /** Sets whether labels act as context in training. Default: true. */
    public Builder supervised(boolean on) {
      network.supervised(on);
      return this;
    }

    /** Sets whether the network reconstructs its input. Default: true. */
    public Builder reconstruction(boolean on) {
      network.reconstruction(on);
      return this;
    }

    /** Sets the constants of the dynamics. Default: those of the released demo. */
    public Builder constants(Constants c) {
      network.constants(c);
      return this;
    }

    /** Sets the seed of the weights. Default: 1234. */
    public Builder seed(int s) {
      seed = s;
      return this;
    }

    /** Sets the device by its command-line name: auto, reference, cpu or a CUDA device's index. */
    public Builder device(String name) {
      device = name;
      return this;
    }

    /** Sets the number of CPU threads; 0 for one per core. */
    public Builder threads(int n) {
      threads = n;
      return this;
    }

    /** Creates the network on its device. */
    public Csdp build() {
      NetworkSpec spec = network.build();
      Backend backend = Device.of(device, false, line -> {}).open(spec, threads);
      return new Csdp(backend, Parameters.random(spec, seed), Learning.forBatch(500), seed);
    }
  }

  /** Returns populations, synapses and constants. */
  public NetworkSpec spec() {
    return backend.spec();
  }

  /** Returns weights, thresholds and Adam's moments, copied from the device. */
  public Parameters parameters() {
    return backend.parameters();
  }

  /** Returns the backend, which stays the same for the lifetime of the network. */
  public Backend backend() {
    return backend;
  }

  /**
   * Trains the network; afterwards it has the parameters of the last epoch. Listeners are called
   * after every batch and epoch; {@link csdp.checkpoint.RunFolder} is a listener that writes
   * checkpoints.
   *
   * @param valid images to validate after every epoch, or null
   * @return state with one history entry per epoch; the first is the network before training
   */
  public TrainState train(
      Dataset train, Dataset valid, TrainOptions options, TrainListener... listeners) {
    Trainer trainer =
        new Trainer(backend, train, valid, options, TrainState.start(), List.of(listeners));
    learning = options.learning();
    trainer.run();
    return trainer.state();
  }

  /** Measures the network on images without showing their labels. */
  public Evaluation evaluate(Dataset data) {
    return Evaluator.evaluate(backend, data, seed, EVALUATION_BATCH, (done, of) -> {});
  }

  /**
   * Classifies an image.
   *
   * @param image pixels in [0, 1], row-major
   */
  public Prediction classify(float[] image) {
    return classify(new float[][] {image}).get(0);
  }

  /** Classifies images; their indices are 0, 1, ... */
  public List<Prediction> classify(float[][] images) {
    return classify(images, 0);
  }

  /**
   * Classifies images that are part of a sequence. The input spikes of an image depend on its index
   * in the sequence, so a sequence gives the same answers in one call or in several.
   *
   * @param images n images of n_0 pixels in [0, 1], row-major
   * @param first index of the first image, from 0
   * @throws CsdpException bad input: another number of pixels, or an index below 0 or above 2^31 -
   *     1
   */
  public List<Prediction> classify(float[][] images, int first) {
    List<Prediction> answers = new ArrayList<>();
    ReadOut out = new ReadOut(spec(), false);
    run(images, first, out, b -> answers.add(prediction(out, b)));
    return answers;
  }

  /**
   * Classifies images that are part of a sequence, and returns the rate codes of all hidden layers.
   * Indices and errors as for {@link #classify(float[][], int)}.
   *
   * @param images n images of n_0 pixels in [0, 1], row-major
   * @param first index of the first image, from 0
   */
  public List<Encoding> encode(float[][] images, int first) {
    List<Encoding> encodings = new ArrayList<>();
    ReadOut out = new ReadOut(spec());
    run(images, first, out, b -> encodings.add(encoding(out, b)));
    return encodings;
  }

  /**
   * Classifies recorded spikes, and returns the rate codes of all hidden layers.
   *
   * @param recordings n recordings of T x n_0 bytes, 0 or 1
   * @throws CsdpException bad input: another number of bytes, or other values
   */
  public List<Encoding> encodeSpikes(byte[][] recordings) {
    List<Encoding> encodings = new ArrayList<>();
    ReadOut out = new ReadOut(spec());
    int units = spec().input().units();
    int steps = spec().constants().steps();
    long fit = Batch.Recorded.MOST_UNIT_STEPS / ((long) steps * units);
    long most = Math.max(1, Math.min(EVALUATION_BATCH, fit));
    for (int from = 0; from < recordings.length; from += (int) most) {
      int n = (int) Math.min(most, recordings.length - from);
      byte[] spikes = new byte[steps * n * units];
      for (int b = 0; b < n; b++) {
        byte[] one = recordings[from + b];
        if (one.length != (long) steps * units) {
          throw CsdpException.badInput(
              "recording %d has %d bytes, but the network has %d steps and %d inputs",
              from + b, one.length, steps, units);
        }
        for (byte spike : one) {
          if (spike != 0 && spike != 1) {
            throw CsdpException.badInput(
                "recording %d has a value of %d; spikes are 0 or 1", from + b, spike);
          }
        }
        for (int t = 0; t < steps; t++) {
          System.arraycopy(one, t * units, spikes, (t * n + b) * units, units);
        }
      }
      int[] none = new int[n];
      Arrays.fill(none, -1);
      backend.run(new Batch(n, n, null, none, new Batch.Recorded(units, spikes)), null, out, null);
      for (int b = 0; b < n; b++) {
        encodings.add(encoding(out, b));
      }
    }
    return encodings;
  }

  private Encoding encoding(ReadOut out, int sample) {
    List<Population> layers = spec().populations(Role.HIDDEN);
    float[][] codes = layers.stream().map(p -> out.rateCode(p, sample)).toArray(float[][]::new);
    return new Encoding(prediction(out, sample), codes);
  }

  private static Prediction prediction(ReadOut out, int sample) {
    return new Prediction(out.predicted(sample), out.probabilities(sample));
  }

  /**
   * Shows images in batches.
   *
   * @param answer called for each sample of a batch, while its read-out is valid
   */
  private void run(float[][] images, int first, ReadOut out, IntConsumer answer) {
    if (first < 0 || first > Integer.MAX_VALUE - images.length) {
      throw CsdpException.badInput(
          "%d images from index %d; indices are 0..%d", images.length, first, Integer.MAX_VALUE);
    }
    int pixels = spec().input().units();
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
      Batch batch = Evaluator.unlabelled(new Batch.Given(pixels, flat), n, seed, first + from);
      backend.run(batch, null, out, null);
      for (int b = 0; b < n; b++) {
        answer.accept(b);
      }
    }
  }

  /**
   * Writes the network to a new folder in the released code's format, which {@link #load} reads.
   */
  public void save(Path folder) {
    NgcLearnModel.write(folder, parameters(), learning, seed);
  }

  /** Releases the device. */
  @Override
  public void close() {
    backend.close();
  }
}
