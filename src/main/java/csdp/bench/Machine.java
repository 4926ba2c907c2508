package csdp.bench;

import csdp.io.Version;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Description of the machine of a measurement. */
public final class Machine {
  private Machine() {}

  /** Returns the description for JSON; unknown values are null. */
  public static Map<String, Object> describe() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("cpu", cpu());
    map.put("cores", Runtime.getRuntime().availableProcessors());
    map.put("os", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
    map.put("load_average", firstLine(Path.of("/proc/loadavg")));
    map.put("java", property("java.version") + ", " + property("java.vm.name"));
    map.put("java_flags", flags());
    map.put("vector_api", ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
    map.put("max_heap_bytes", Runtime.getRuntime().maxMemory());
    map.put("csdp4j", Version.text());
    map.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    return map;
  }

  private static String property(String name) {
    return System.getProperty(name, "?");
  }

  private static List<String> flags() {
    try {
      return ManagementFactory.getRuntimeMXBean().getInputArguments();
    } catch (LinkageError e) { // a reduced Java runtime without java.management
      return null;
    }
  }

  private static String cpu() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(l -> l.startsWith("model name"))
          .map(l -> l.substring(l.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(null);
    } catch (IOException | java.io.UncheckedIOException e) {
      return null;
    }
  }

  private static String firstLine(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return null;
    }
  }
}
