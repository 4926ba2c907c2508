package csdp.sweep;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Mean, spread and interval of repeated measurements.
 *
 * @param n number of measurements
 * @param mean arithmetic
 * @param sd standard deviation of the sample (n - 1); null for one measurement
 * @param low lower end of the 95 % interval of the mean, from Student's t distribution with n - 1
 *     degrees of freedom; null for one measurement
 * @param high upper end
 */
public record Statistics(
    int n,
    double mean,
    Double sd,
    @JsonProperty("low95") Double low,
    @JsonProperty("high95") Double high) {
  private static final double TAIL = 0.025;

  /** Returns the statistics of at least one measurement. */
  public static Statistics of(double... values) {
    int n = values.length;
    double mean = Arrays.stream(values).sum() / n;
    if (n == 1) {
      return new Statistics(n, mean, null, null, null);
    }
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double sd = Math.sqrt(squares / (n - 1));
    double t = TDistribution.of(n - 1).inverseSurvivalProbability(TAIL);
    double half = t * sd / Math.sqrt(n);
    return new Statistics(n, mean, sd, mean - half, mean + half);
  }
}
