package csdp.cli;

import csdp.config.RunConfig;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.error.CsdpException;
import csdp.sweep.Flags;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The flags of a training, read from the options of {@link RunOptions}. */
final class TrainFlags implements Flags {
  private final List<OptionSpec> options =
      CommandSpec.forAnnotatedObject(new RunOptions()).options();
  private final List<Flag> flags = options.stream().map(TrainFlags::flag).toList();
  private final Map<DataRequest, Optional<String>> builtIn = new HashMap<>();
  private final Consumer<String> notice;

  /**
   * @param notice receives a line about the chosen data, once
   */
  TrainFlags(Consumer<String> notice) {
    this.notice = notice;
  }

  private static Flag flag(OptionSpec option) {
    List<String> names = Arrays.stream(option.names()).map(n -> n.replaceFirst("^-+", "")).toList();
    Class<?> type = option.auxiliaryTypes()[0];
    Kind kind = type == Integer.class ? Kind.WHOLE : type == Float.class ? Kind.REAL : Kind.TEXT;
    // Values that contain commas are separated by slashes.
    return new Flag(names, kind, option.splitRegex().equals(",") ? "/" : ",");
  }

  @Override
  public List<Flag> all() {
    return flags;
  }

  /** Returns the flags of a command line, by name. */
  Map<String, String> given(ParseResult parsed) {
    Map<String, String> given = new LinkedHashMap<>();
    for (int i = 0; i < options.size(); i++) {
      OptionSpec option = parsed.matchedOption(options.get(i).names()[0]);
      if (option != null) {
        given.put(
            flags.get(i).name(),
            isSwitch(option)
                ? option.getValue().toString()
                : String.join(",", option.originalStringValues()));
      }
    }
    return given;
  }

  private static boolean isSwitch(OptionSpec option) {
    return option.arity().max() == 0;
  }

  @Override
  public RunConfig config(Map<String, String> values) {
    List<String> arguments = new ArrayList<>();
    values.forEach((name, value) -> arguments.addAll(argument(name, value)));
    RunOptions parsed = new RunOptions();
    try {
      Main.configured(new CommandLine(parsed)).parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw CsdpException.badInput("%s", e.getMessage());
    }
    return parsed.over(null, this::builtIn);
  }

  /** Looks, and perhaps downloads, once for all trials. */
  private synchronized String builtIn(DataRequest request) {
    return builtIn
        .computeIfAbsent(request, r -> Optional.ofNullable(DataSources.builtIn(r, notice)))
        .orElse(null);
  }

  private Collection<String> argument(String name, String value) {
    OptionSpec option = options.get(flags.indexOf(find(name)));
    if (!isSwitch(option)) {
      return List.of(option.longestName() + "=" + value);
    }
    return switch (value) {
      case "true" -> List.of(option.longestName());
      case "false" ->
          option.negatable()
              ? List.of(option.longestName().replaceFirst("--", "--no-"))
              : List.of();
      default -> throw CsdpException.badInput("%s is true or false, not '%s'", name, value);
    };
  }
}
