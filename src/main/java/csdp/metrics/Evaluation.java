package csdp.metrics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/**
 * Means over samples.
 *
 * @param n number of samples
 * @param accuracy share of right answers, in [0, 1]
 * @param nll cross-entropy of the true class under softmax of the head's spike counts, in nats
 * @param bce binary cross-entropy between image and reconstruction, summed over pixels, in nats;
 *     null without reconstruction
 * @param mse squared error of the reconstruction, summed over pixels; null without reconstruction
 * @param spikes spikes per sample and step of each population, negatives included in training
 * @param confusion counts, true class x answer
 */
public record Evaluation(
    long n,
    double accuracy,
    double nll,
    Double bce,
    Double mse,
    @JsonProperty("spikes_per_sample_and_step") Map<String, Double> spikes,
    long[][] confusion) {}
