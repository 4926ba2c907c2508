package csdp.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Median and spread of repeated measurements.
 *
 * @param median the 50th percentile
 * @param p10 the 10th percentile
 * @param p90 the 90th percentile
 * @param repeats number of measurements
 */
public record Spread(double median, double p10, double p90, int repeats) {
  /** Returns the spread of at least one finite value. */
  public static Spread of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    if (sorted.length == 0 || !Double.isFinite(sorted[0] + sorted[sorted.length - 1])) {
      throw new IllegalArgumentException("no finite measurements: " + Arrays.toString(values));
    }
    return new Spread(
        percentile(sorted, 50), percentile(sorted, 10), percentile(sorted, 90), sorted.length);
  }

  /** Returns a percentile of ascending values, interpolated linearly. */
  static double percentile(double[] sorted, double percent) {
    double at = percent / 100 * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /**
   * Returns the values for JSON, with a prefix for the names: {@code prefix}, {@code prefix_p10},
   * ..
   */
  Map<String, Object> toMap(String prefix) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(prefix, median);
    map.put(prefix + "_p10", p10);
    map.put(prefix + "_p90", p90);
    map.put("repeats", repeats);
    return map;
  }
}
