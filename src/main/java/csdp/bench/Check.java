package csdp.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something that must hold before figures mean anything.
 *
 * @param name what was checked
 * @param passed whether it holds
 * @param detail what differs, or how it was checked
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
