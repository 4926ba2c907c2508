package csdp.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import csdp.error.CsdpException;
import csdp.metrics.Evaluation;
import java.util.Map;
import java.util.Objects;

/**
 * The record of an epoch: a line of metrics.jsonl.
 *
 * @param epoch from 1; 0 is the network before training
 * @param seconds of training, without validation
 * @param trainAccuracy not meaningful when supervised: the true label is clamped as context
 * @param validAccuracy without labels; this and the other validation values are null without
 *     validation images
 */
public record EpochMetrics(
    int epoch,
    double seconds,
    @JsonProperty("images_per_second") Double imagesPerSecond,
    @JsonProperty("train_accuracy") Double trainAccuracy,
    @JsonProperty("train_nll") Double trainNll,
    @JsonProperty("train_bce") Double trainBce,
    @JsonProperty("train_mse") Double trainMse,
    @JsonProperty("valid_accuracy") Double validAccuracy,
    @JsonProperty("valid_nll") Double validNll,
    @JsonProperty("valid_bce") Double validBce,
    @JsonProperty("valid_mse") Double validMse,
    @JsonProperty("spikes_per_sample_and_step") Map<String, Double> spikes) {
  /** Rejects a record with missing values, as read from a file. */
  public EpochMetrics {
    if (epoch < 0 || spikes == null || spikes.values().stream().anyMatch(Objects::isNull)) {
      throw CsdpException.badInput(
          "invalid record of an epoch: epoch %d, spikes %s", epoch, spikes);
    }
  }

  static EpochMetrics of(int epoch, double seconds, Evaluation train, Evaluation valid) {
    return new EpochMetrics(
        epoch,
        seconds,
        train == null ? null : train.n() / seconds,
        train == null ? null : train.accuracy(),
        train == null ? null : train.nll(),
        train == null ? null : train.bce(),
        train == null ? null : train.mse(),
        valid == null ? null : valid.accuracy(),
        valid == null ? null : valid.nll(),
        valid == null ? null : valid.bce(),
        valid == null ? null : valid.mse(),
        train != null ? train.spikes() : valid != null ? valid.spikes() : Map.of());
  }
}
