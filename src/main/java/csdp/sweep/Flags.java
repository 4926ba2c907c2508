package csdp.sweep;

import csdp.config.RunConfig;
import csdp.error.CsdpException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The flags that configure a training. The command line implements this from its options. */
public interface Flags {
  /** The flag of the seed: trials that differ only in it are repetitions of one setting. */
  String SEED = "seed";

  /** Kind of a flag's values, or of each of its parts. */
  enum Kind {
    /** Whole numbers. */
    WHOLE,
    /** Real numbers. */
    REAL,
    /** Anything else. */
    TEXT
  }

  /**
   * A flag.
   *
   * @param names without dashes; the first is used in tables, the others are aliases
   * @param separator between values in a list
   */
  record Flag(List<String> names, Kind kind, String separator) {
    /** Copies. */
    public Flag {
      names = List.copyOf(names);
    }

    /** Returns the name in tables. */
    public String name() {
      return names.get(0);
    }
  }

  /** Returns all flags. Settings are in this order. */
  List<Flag> all();

  /**
   * Returns the configuration of a training.
   *
   * @param values of flags by name; others have their defaults
   * @throws CsdpException bad input, if a value is invalid
   */
  RunConfig config(Map<String, String> values);

  /**
   * Returns the flag of a name or alias.
   *
   * @throws CsdpException bad input, listing the names
   */
  default Flag find(String name) {
    return all().stream()
        .filter(f -> f.names().contains(name))
        .findFirst()
        .orElseThrow(
            () ->
                CsdpException.badInput(
                    "no flag of a training is named '%s': use one of %s",
                    name,
                    all().stream()
                        .flatMap(f -> f.names().stream())
                        .collect(Collectors.joining(", "))));
  }
}
