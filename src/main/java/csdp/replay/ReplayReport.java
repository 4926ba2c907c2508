package csdp.replay;

import csdp.replay.Replay.Tolerance;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Differences between a replay and its recording. */
public final class ReplayReport {
  /**
   * Largest absolute deviation in a group of arrays.
   *
   * @param largest infinite if a value is NaN
   * @param where array with the largest deviation
   */
  public record Deviation(double largest, String where) {}

  private final String trace;
  private final String network;
  private final String device;
  private final Tolerance tolerance;
  private final Map<String, Deviation> deviations = new LinkedHashMap<>();
  private long spikesCompared;
  private long spikesDiffering;
  private String firstDifference;

  ReplayReport(String trace, String network, String device, Tolerance tolerance) {
    this.trace = trace;
    this.network = network;
    this.device = device;
    this.tolerance = tolerance;
  }

  void spikesCompared(long count) {
    spikesCompared += count;
  }

  void spikeDiffers(String where) {
    spikesDiffering++;
    if (firstDifference == null) {
      firstDifference = where;
    }
  }

  void deviation(String group, double value, String where) {
    Deviation old = deviations.get(group);
    if (old == null || !(value <= old.largest())) {
      deviations.put(group, new Deviation(value, where));
    }
  }

  /** The recording's file. */
  public String trace() {
    return trace;
  }

  /** Number of unit-steps whose spikes were compared. */
  public long spikesCompared() {
    return spikesCompared;
  }

  /** Number of unit-steps whose spikes differ. */
  public long spikesDiffering() {
    return spikesDiffering;
  }

  /** Batch, step, layer, sample and unit of the first differing spike; null without one. */
  public String firstDifference() {
    return firstDifference;
  }

  /** Largest deviations by group, as recorded: weights, moments, states, read-outs. */
  public Map<String, Deviation> deviations() {
    return Map.copyOf(deviations);
  }

  /** Returns true if values were compared and all are within tolerance. */
  public boolean passed() {
    return spikesCompared > 0
        && spikesDiffering <= tolerance.spikes() * spikesCompared
        && deviations.containsKey("weights")
        && deviations.values().stream().allMatch(d -> d.largest() <= tolerance.values());
  }

  /** Returns the report for JSON; a deviation that is not finite becomes null. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("trace", trace);
    map.put("network", network);
    map.put("device", device);
    map.put("passed", passed());
    map.put("spikes_compared", spikesCompared);
    map.put("spikes_differing", spikesDiffering);
    map.put("first_difference", firstDifference);
    Map<String, Object> groups = new LinkedHashMap<>();
    deviations.forEach(
        (group, d) -> {
          Map<String, Object> entry = new LinkedHashMap<>();
          entry.put("largest", Double.isFinite(d.largest()) ? d.largest() : null);
          entry.put("where", d.where());
          groups.put(group, entry);
        });
    map.put("deviations", groups);
    map.put("tolerance_spikes", tolerance.spikes());
    map.put("tolerance_values", tolerance.values());
    return map;
  }

  @Override
  public String toString() {
    StringBuilder sb = new StringBuilder();
    sb.append(
        String.format(
            Locale.ROOT,
            "%s  %s  (%s, %s)%n  spikes     %,d of %,d differ%s%n",
            passed() ? "ok    " : "FAILED",
            trace,
            network,
            device,
            spikesDiffering,
            spikesCompared,
            firstDifference == null ? "" : ", first at " + firstDifference));
    deviations.forEach(
        (group, d) ->
            sb.append(
                String.format(
                    Locale.ROOT,
                    "  %-10s %.2e at most%s (%s)%n",
                    group,
                    d.largest(),
                    d.largest() <= tolerance.values() ? "" : ", OVER " + tolerance.values(),
                    d.where())));
    return sb.toString();
  }
}
