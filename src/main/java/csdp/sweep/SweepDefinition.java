package csdp.sweep;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.config.RunConfig;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.sweep.Flags.Flag;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The definition of a sweep, as a user writes it.
 *
 * @param base values of flags of all trials, by name
 * @param vary values of the varied flags as text: see {@link Variation}
 * @param samples number of settings that random search draws; null for a full grid
 * @param sampleSeed seed of that draw; null for the default
 * @param halving factor R of successive halving; null without
 */
public record SweepDefinition(
    Map<String, String> base,
    Map<String, String> vary,
    Integer samples,
    @JsonProperty("sample_seed") Integer sampleSeed,
    Integer halving) {
  private static final int MOST_TRIALS = 10_000;
  private static final int DRAWS_PER_SAMPLE = 100;

  /** Checks what needs no flags, and copies. */
  public SweepDefinition {
    base = copy("base", base);
    vary = copy("vary", vary);
    if (vary.isEmpty()) {
      throw CsdpException.badInput("a sweep varies at least one flag: give --vary NAME=VALUES");
    }
    if (samples != null && (samples < 1 || samples > MOST_TRIALS)) {
      throw CsdpException.badInput("samples must be in 1..%d, not %d", MOST_TRIALS, samples);
    }
    if (sampleSeed != null && samples == null) {
      throw CsdpException.badInput("a seed of random search needs a number of samples");
    }
    if (halving != null && (halving < 2 || halving > 100)) {
      throw CsdpException.badInput("halving must be in 2..100, not %d", halving);
    }
  }

  private static Map<String, String> copy(String name, Map<String, String> map) {
    Json.required(name, map).forEach((flag, value) -> Json.required(name + "." + flag, value));
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /**
   * Reads a definition; missing fields have their defaults, and values may be numbers.
   *
   * @throws CsdpException bad input, naming file and field
   */
  static SweepDefinition read(Path file) {
    JsonNode tree = Json.tree(file);
    if (tree instanceof ObjectNode o) {
      for (String map : List.of("base", "vary")) {
        if (!o.has(map)) {
          o.putObject(map);
        }
        if (o.get(map) instanceof ObjectNode flags) {
          flags.properties().forEach(f -> f.setValue(text(file, map, f)));
        }
      }
    }
    Json.optional(tree, "samples", "sample_seed", "halving");
    return Json.value(tree, SweepDefinition.class, file);
  }

  private static JsonNode text(Path file, String map, Map.Entry<String, JsonNode> flag) {
    if (!flag.getValue().isValueNode() || flag.getValue().isNull()) {
      throw CsdpException.badInput(
          "%s: %s.%s must be a number, true, false, or text as for --vary, such as \"1..5\"",
          file, map, flag.getKey());
    }
    return Json.tree(flag.getValue().asText());
  }

  /**
   * Reads the file of a user, with each flag by its first name and in the order of the flags.
   *
   * @throws CsdpException bad input: damaged, or not a definition of a sweep
   */
  public static SweepDefinition read(Path file, Flags flags) {
    SweepDefinition read = read(file);
    try {
      return read.ordered(flags);
    } catch (CsdpException e) {
      throw e.in("%s", file);
    }
  }

  /**
   * Returns the definition with each flag by its first name, in the order of the flags, the seed
   * last.
   *
   * @throws CsdpException bad input: an unknown flag, a flag twice, or varied and in the base
   */
  public SweepDefinition ordered(Flags flags) {
    Map<String, String> fixed = ordered(base, flags);
    Map<String, String> varied = ordered(vary, flags);
    for (String name : varied.keySet()) {
      if (fixed.containsKey(name)) {
        throw CsdpException.badInput(
            "%s is varied and has the value %s for all trials: give one of the two",
            name, fixed.get(name));
      }
    }
    return new SweepDefinition(fixed, varied, samples, sampleSeed, halving);
  }

  private static Map<String, String> ordered(Map<String, String> values, Flags flags) {
    Map<String, String> byName = new HashMap<>();
    values.forEach(
        (name, value) -> {
          if (byName.put(flags.find(name).name(), value) != null) {
            throw CsdpException.badInput("%s is given twice", flags.find(name).name());
          }
        });
    Map<String, String> ordered = new LinkedHashMap<>();
    for (Predicate<String> part : List.<Predicate<String>>of(n -> !isSeed(n), n -> isSeed(n))) {
      flags.all().stream()
          .map(Flag::name)
          .filter(n -> byName.containsKey(n) && part.test(n))
          .forEach(n -> ordered.put(n, byName.get(n)));
    }
    return ordered;
  }

  private static boolean isSeed(String name) {
    return name.equals(Flags.SEED);
  }

  /**
   * Returns all trials. Each has its own configuration.
   *
   * @throws CsdpException bad input: an invalid value, two equal trials, too many
   */
  public List<Trial> trials(Flags flags) {
    List<Variation> varied =
        vary.entrySet().stream()
            .map(e -> Variation.parse(flags.find(e.getKey()), e.getValue()))
            .toList();
    List<Trial> trials = new ArrayList<>();
    Map<RunConfig, Trial> known = new HashMap<>();
    for (Map<String, String> settings : samples == null ? grid(varied) : drawn(varied)) {
      Trial trial = Trial.of(settings, config(settings, flags));
      Trial equal = known.put(trial.config(), trial);
      if (equal != null) {
        throw CsdpException.badInput(
            "the trials %s and %s are the same training: remove a value",
            equal.name(), trial.name());
      }
      trials.add(trial);
    }
    return trials;
  }

  private RunConfig config(Map<String, String> settings, Flags flags) {
    Map<String, String> values = new LinkedHashMap<>(base);
    values.putAll(settings);
    try {
      return flags.config(values);
    } catch (CsdpException e) {
      throw e.in("trial %s", Trial.text(settings));
    }
  }

  /** Returns every combination; the last flag varies fastest. */
  private static List<Map<String, String>> grid(List<Variation> varied) {
    List<Map<String, String>> all = List.of(Map.of());
    for (Variation v : varied) {
      List<String> values = v.all();
      if ((long) all.size() * values.size() > MOST_TRIALS) {
        throw CsdpException.badInput(
            "a grid of more than %,d trials: give fewer values, or --samples N", MOST_TRIALS);
      }
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> settings : all) {
        for (String value : values) {
          Map<String, String> more = new LinkedHashMap<>(settings);
          more.put(v.flag().name(), value);
          longer.add(more);
        }
      }
      all = longer;
    }
    return all;
  }

  /** Returns the drawn settings, each with every seed. More samples keep the first ones. */
  private List<Map<String, String>> drawn(List<Variation> varied) {
    List<Variation> seeds = varied.stream().filter(v -> isSeed(v.flag().name())).toList();
    List<Variation> others = varied.stream().filter(v -> !isSeed(v.flag().name())).toList();
    if (others.isEmpty()) {
      throw CsdpException.badInput("random search varies a flag besides the seed: give --vary");
    }
    Random random = new Random(sampleSeed == null ? 1 : sampleSeed);
    Set<Map<String, String>> drawn = new LinkedHashSet<>();
    for (int draws = 0; drawn.size() < samples; draws++) {
      if (draws > DRAWS_PER_SAMPLE * samples) {
        throw CsdpException.badInput(
            "there are only about %d different settings: lower --samples to that, or leave it out",
            drawn.size());
      }
      Map<String, String> settings = new LinkedHashMap<>();
      others.forEach(v -> settings.put(v.flag().name(), v.draw(random)));
      drawn.add(settings);
    }
    List<Map<String, String>> all = new ArrayList<>();
    for (Map<String, String> settings : drawn) {
      for (Map<String, String> seed : grid(seeds)) {
        Map<String, String> more = new LinkedHashMap<>(settings);
        more.putAll(seed);
        all.add(more);
      }
    }
    if (all.size() > MOST_TRIALS) {
      throw CsdpException.badInput("more than %,d trials: lower --samples", MOST_TRIALS);
    }
    return all;
  }

  /**
   * Refuses another definition in the same folder, unless it only adds trials.
   *
   * @param earlier in the same order
   * @throws CsdpException bad input, naming the difference
   */
  void requireExtends(SweepDefinition earlier, Flags flags, Path folder) {
    if (equals(earlier)) {
      return;
    }
    boolean sameButValues =
        base.equals(earlier.base)
            && halving == null
            && earlier.halving == null
            && (samples == null) == (earlier.samples == null);
    if (!sameButValues || !Set.copyOf(trials(flags)).containsAll(earlier.trials(flags))) {
      throw CsdpException.badInput(
          "%s holds another sweep: %s; give the same sweep, more values of the same flags (without"
              + " --halving), or another folder",
          folder, Json.difference(Json.tree(earlier), Json.tree(this)));
    }
  }
}
