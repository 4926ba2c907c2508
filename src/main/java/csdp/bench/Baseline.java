package csdp.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The same part of a step as a library does it: cuBLAS's dense product beside ours.
 *
 * @param micros per step; null where it was not timed
 * @param reason why it was not timed; null where it was
 * @param check of its result against ours; null where there was none
 */
record Baseline(Spread micros, String reason, Check check) {
  /**
   * Its time over ours, which is a mean over the steps of a window: a dense product takes as long
   * whatever spikes. Null where there is none.
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
