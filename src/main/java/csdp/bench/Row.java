package csdp.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A part of a step: its time, and its share of the device's limits.
 *
 * @param part name of a phase or kernel
 * @param micros per step, over the timed windows
 * @param share of the time of all parts; null for a product, which is included in another part
 * @param work counted from the spikes of a window; null if not counted
 * @param check ok, FAILED, or null if unchecked
 * @param ceilings of the device
 * @param cublas the same by cuBLAS; null if there is none
 */
record Row(
    String part,
    Spread micros,
    Double share,
    Work work,
    String check,
    Target.Ceilings ceilings,
    Baseline cublas) {
  Double bytesPerSecond() {
    return work == null ? null : work.bytes() / (micros.median() * 1e-6);
  }

  Double operationsPerSecond() {
    return work == null ? null : work.operations() / (micros.median() * 1e-6);
  }

  Double bandwidthShare() {
    return ratio(bytesPerSecond(), ceilings.bytesPerSecond());
  }

  Double arithmeticShare() {
    return ratio(operationsPerSecond(), ceilings.operationsPerSecond());
  }

  private static Double ratio(Double a, Double b) {
    return a == null || b == null || !Double.isFinite(a / b) ? null : Double.valueOf(a / b);
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("part", part);
    map.put("check", check);
    map.putAll(micros.toMap("us_per_step"));
    map.put("share_of_parts", share);
    map.put("bytes_per_step", work == null ? null : work.bytes());
    map.put("operations_per_step", work == null ? null : work.operations());
    map.put("bytes_per_s", finite(bytesPerSecond()));
    map.put("operations_per_s", finite(operationsPerSecond()));
    map.put("share_of_bandwidth", bandwidthShare());
    map.put("share_of_arithmetic", arithmeticShare());
    map.put("cublas", cublas == null ? null : cublas.toMap(micros));
    return map;
  }

  private static Double finite(Double d) {
    return d == null || !Double.isFinite(d) ? null : d;
  }
}
