package csdp.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A check that must pass before figures are valid.
 *
 * @param name of the check
 * @param passed true if it passed
 * @param detail the difference, or the method of the check
 */
public record Check(String name, boolean passed, String detail) {
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("passed", passed);
    map.put("detail", detail);
    return map;
  }

  @Override
  public String toString() {
    return (passed ? "ok      " : "FAILED  ") + name + (detail == null ? "" : ": " + detail);
  }
}
