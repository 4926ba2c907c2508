package csdp.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import csdp.backend.Backend;
import csdp.backend.ReadOut;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.metrics.RidgeClassifier;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Linear probes, the usual measure of a representation: {@link RidgeClassifier} on the rate codes
 * of each hidden layer, and of all layers together. They are fitted to codes of training images
 * that are shown without labels; the network itself does not change.
 */
public final class LinearProbe {
  /**
   * Penalty of the ridge regression, relative to the mean of the diagonal of the Gram matrix.
   * Fixed, so that no images are needed to choose it.
   */
  public static final double PENALTY = 0.01;

  /** Codes of the layers from..to-1 in a row of all codes, with their classifier. */
  private record Part(String name, int from, int to, RidgeClassifier classifier) {}

  /**
   * Result of the probes.
   *
   * @param trainImages number of training images that they were fitted to
   * @param penalty of the ridge regression
   * @param accuracy share of right answers, in [0, 1], by layer ("z1"), then of all layers
   *     ("z1+z2")
   */
  public record Result(
      @JsonProperty("train_images") int trainImages, double penalty, Map<String, Double> accuracy) {
    /** Freezes the table, in its order. */
    public Result {
      accuracy = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(accuracy));
    }
  }

  private final NetworkSpec spec;
  private final int trainImages;
  private final List<Part> parts;
  private final int[] right;
  private int shown;

  private LinearProbe(NetworkSpec spec, int trainImages, List<Part> parts) {
    this.spec = spec;
    this.trainImages = trainImages;
    this.parts = parts;
    this.right = new int[parts.size()];
  }

  /**
   * Checks that the matrices fit into memory, before any work.
   *
   * @throws CsdpException environment, if they do not
   */
  public static void requireRoom(NetworkSpec spec) {
    long features = features(spec);
    long bytes = 2 * Double.BYTES * features * features; // the sums, and the matrix to be inverted
    if (features > 46_340 || bytes > Runtime.getRuntime().maxMemory() / 2) {
      throw CsdpException.environment(
          "a linear probe of %,d hidden units needs %,d MiB for its matrices: raise the limit of"
              + " %,d MiB with -Xmx, or leave the probe out",
          features, bytes >> 20, Runtime.getRuntime().maxMemory() >> 20);
    }
  }

  /**
   * Shows training images without labels and fits the probes to their codes.
   *
   * @param backend with the trained parameters
   * @param seed of the input spikes
   * @param batch images per batch; the result does not depend on it
   * @throws CsdpException bad input if the images do not fit the network, environment if memory is
   *     too small
   */
  public static LinearProbe fit(
      Backend backend, Dataset train, int seed, int batch, Evaluator.Progress progress) {
    NetworkSpec spec = backend.spec();
    requireRoom(spec);
    RidgeClassifier.Sums sums = new RidgeClassifier.Sums(features(spec), spec.classes());
    Evaluator.evaluate(
        backend,
        train,
        seed,
        batch,
        progress,
        (first, out) -> {
          for (int b = 0; b < out.size(); b++) {
            sums.add(counts(spec, out, b), train.label(first + b));
          }
        });
    List<Part> parts = new ArrayList<>();
    int at = 0;
    for (Population p : spec.populations(Role.HIDDEN)) {
      parts.add(part(p.name(), at, at + p.units(), sums));
      at += p.units();
    }
    if (parts.size() > 1) {
      String all = String.join("+", parts.stream().map(Part::name).toList());
      parts.add(part(all, 0, at, sums));
    }
    return new LinearProbe(spec, train.size(), List.copyOf(parts));
  }

  private static Part part(String name, int from, int to, RidgeClassifier.Sums sums) {
    return new Part(name, from, to, sums.fit(from, to, PENALTY));
  }

  private static int features(NetworkSpec spec) {
    return spec.populations(Role.HIDDEN).stream().mapToInt(Population::units).sum();
  }

  /** Returns the spike counts of all hidden layers in a sample: T times their rate codes. */
  private static float[] counts(NetworkSpec spec, ReadOut out, int sample) {
    float[] all = new float[features(spec)];
    int at = 0;
    for (Population p : spec.populations(Role.HIDDEN)) {
      System.arraycopy(out.hiddenSpikes(p), sample * p.units(), all, at, p.units());
      at += p.units();
    }
    return all;
  }

  /** Returns a receiver of the read-outs of an evaluation, which are compared with its labels. */
  public Evaluator.Answers answers(Dataset data) {
    return (first, out) -> {
      for (int b = 0; b < out.size(); b++) {
        float[] counts = counts(spec, out, b);
        for (int p = 0; p < parts.size(); p++) {
          Part part = parts.get(p);
          boolean hit = part.classifier.predicted(counts, part.from) == data.label(first + b);
          right[p] += hit ? 1 : 0;
        }
      }
      shown += out.size();
    };
  }

  /** Returns the accuracies on all images that {@link #answers} received. */
  public Result result() {
    Map<String, Double> accuracy = new LinkedHashMap<>();
    for (int p = 0; p < parts.size(); p++) {
      accuracy.put(parts.get(p).name, (double) right[p] / shown);
    }
    return new Result(trainImages, PENALTY, accuracy);
  }
}
