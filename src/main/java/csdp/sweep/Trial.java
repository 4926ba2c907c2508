package csdp.sweep;

import csdp.config.RunConfig;
import csdp.io.Checksums;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A trial of a sweep.
 *
 * @param name of its folder, made of the settings
 * @param settings values of the varied flags
 * @param config of its training
 */
public record Trial(String name, Map<String, String> settings, RunConfig config) {
  private static final int LONGEST_NAME = 100;

  /** Copies. */
  public Trial {
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  static Trial of(Map<String, String> settings, RunConfig config) {
    return new Trial(name(settings), settings, config);
  }

  /** Returns the settings without the seed: trials that share them are repetitions. */
  Map<String, String> group() {
    return group(settings);
  }

  static Map<String, String> group(Map<String, String> settings) {
    Map<String, String> rest = new LinkedHashMap<>(settings);
    rest.remove(Flags.SEED);
    return rest;
  }

  /** Returns settings as text: {@code hidden=300,100 seed=2}. */
  public static String text(Map<String, String> settings) {
    return settings.isEmpty()
        ? "all"
        : settings.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(" "));
  }

  /** Returns a file name: {@code hidden-300-100_seed-2}; with a hash if letters are left out. */
  private static String name(Map<String, String> settings) {
    String all =
        settings.entrySet().stream()
            .map(e -> e.getKey() + "-" + e.getValue().replace(',', '-'))
            .collect(Collectors.joining("_"));
    String plain = all.replaceAll("[^A-Za-z0-9.+_-]", "-");
    if (plain.equals(all) && all.length() <= LONGEST_NAME) {
      return all;
    }
    byte[] hash = Checksums.sha256().digest(text(settings).getBytes(StandardCharsets.UTF_8));
    return plain.substring(0, Math.min(plain.length(), LONGEST_NAME - 9))
        + "_"
        + HexFormat.of().formatHex(hash, 0, 4);
  }
}
