package csdp.metrics;

import com.fasterxml.jackson.annotation.JsonProperty;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntBinaryOperator;

/**
 * Measurements of a data set: means over samples.
 *
 * @param n number of samples
 * @param accuracy share of correct answers, in [0, 1]
 * @param nll cross-entropy of the true class under softmax of the head's spike counts, in nats
 * @param bce binary cross-entropy between image and reconstruction, summed over pixels, in nats;
 *     null without reconstruction
 * @param mse squared error of the reconstruction, summed over pixels; null without reconstruction
 * @param spikes spikes per sample and step of each population; in training including negatives
 * @param confusion counts, true class x predicted class
 */
public record Evaluation(
    long n,
    double accuracy,
    double nll,
    Double bce,
    Double mse,
    @JsonProperty("spikes_per_sample_and_step") Map<String, Double> spikes,
    long[][] confusion) {

  /**
   * Returns warnings about the measurements, one line each: populations without a spike, images of
   * one class only, equal answers.
   *
   * @param spec of the network that was measured, on images without labels
   */
  public List<String> notes(NetworkSpec spec) {
    List<String> notes = new ArrayList<>();
    List<String> silent =
        spec.populations().stream()
            .filter(p -> p.spikesWithoutLabels() && spikes.getOrDefault(p.name(), 0.0) == 0)
            .map(Population::name)
            .toList();
    if (!silent.isEmpty()) {
      notes.add(
          "no unit of "
              + String.join(", ", silent)
              + " spiked for any image"
              + meaning(spec, silent));
    }
    List<Integer> shown = classes((k, answer) -> k);
    List<Integer> answered = classes((k, answer) -> answer);
    if (shown.size() == 1 && n > 1) {
      notes.add(
          "all images are of class " + shown.get(0) + ", so the accuracy is that of one class");
    }
    if (answered.size() == 1 && n > 1) {
      notes.add("all " + n + " answers are class " + answered.get(0) + ", whatever the image");
    }
    return notes;
  }

  private static String meaning(NetworkSpec spec, List<String> silent) {
    return silent.contains(spec.input().name())
        ? ": the images are black"
        : silent.contains(spec.head().name())
            ? ": every answer is a tie, which goes to class 0"
            : "";
  }

  /** Returns the true or predicted classes that occur. */
  private List<Integer> classes(IntBinaryOperator pick) {
    SortedSet<Integer> found = new TreeSet<>();
    for (int k = 0; k < confusion.length; k++) {
      for (int answer = 0; answer < confusion[k].length; answer++) {
        if (confusion[k][answer] > 0) {
          found.add(pick.applyAsInt(k, answer));
        }
      }
    }
    return List.copyOf(found);
  }
}
