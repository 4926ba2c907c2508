package csdp.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The same part of a step computed by a library: cuBLAS's dense product.
 *
 * @param micros per step; null if not timed
 * @param reason reason if it was not timed, else null
 * @param check comparison with our result; null if there was none
 */
record Baseline(Spread micros, String reason, Check check) {
  /**
   * Returns its time divided by ours, a mean over the steps of a window; the time of a dense
   * product does not depend on spikes. Null if not timed.
   */
  Double ratio(Spread ours) {
    double ratio = micros == null ? Double.NaN : micros.median() / ours.median();
    return Double.isFinite(ratio) ? Double.valueOf(ratio) : null;
  }

  Map<String, Object> toMap(Spread ours) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (micros == null) {
      map.put("us_per_step", null);
    } else {
      map.putAll(micros.toMap("us_per_step"));
    }
    map.put("ratio_to_ours", ratio(ours));
    map.put("reason", reason);
    return map;
  }
}
