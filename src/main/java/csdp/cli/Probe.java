package csdp.cli;

import csdp.io.SearchPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Examines a machine.
 *
 * @param env its environment
 * @param root its files
 * @param anonymous whether paths outside the system's folders are hidden
 */
record Probe(Map<String, String> env, Path root, boolean windows, boolean anonymous) {
  private static final String HIDDEN = "(path hidden)";
  private static final List<String> SYSTEM_FOLDERS =
      List.of(
          "usr/bin",
          "usr/lib",
          "usr/lib64",
          "usr/share",
          "lib",
          "lib64",
          "Library/Fonts",
          "System/Library",
          "usr/local/cuda",
          "run/opengl-driver");
  private static final Pattern ABSOLUTE_PATH =
      Pattern.compile("(?<![\\w.)>-])(?:[A-Za-z]:)?[/\\\\][^\\s,;:()'\"]*");

  private static final long PATIENCE_SECONDS = 5;
  private static final Pattern VERSION = Pattern.compile("\\b(\\d+\\.\\d[\\d.]*)");

  /** Returns the first version number in a line. */
  static String version(String line) {
    Matcher m = VERSION.matcher(line);
    return m.find() ? m.group(1) : line.strip();
  }

  /** Returns a path as text, hidden in an anonymous report outside system folders. */
  String shown(Path path) {
    boolean system = SYSTEM_FOLDERS.stream().anyMatch(f -> path.startsWith(root.resolve(f)));
    return anonymous && !system ? HIDDEN : path.toString();
  }

  /**
   * Returns a message of another program; in an anonymous report its paths are hidden. A path with
   * spaces is recognised if it begins with a known folder.
   */
  String shown(String message) {
    if (!anonymous) {
      return message;
    }
    List<String> known = new ArrayList<>();
    for (String property : new String[] {"user.home", "user.dir", "java.io.tmpdir", "java.home"}) {
      known.add(System.getProperty(property, ""));
    }
    known.addAll(env.values());
    for (String variable : new String[] {"PATH", "LD_LIBRARY_PATH"}) {
      SearchPath.folders(env.get(variable)).forEach(p -> known.add(p.toString()));
    }
    known.removeIf(text -> !text.matches("(?s)([A-Za-z]:)?[/\\\\].+"));
    known.sort(Comparator.comparingInt(String::length).reversed());
    String text = message;
    for (String path : known) {
      text = text.replace(path, HIDDEN);
    }
    // The path below a hidden folder, then every other path.
    text = text.replaceAll(Pattern.quote(HIDDEN) + "[/\\\\][^\\s,;:()'\"]*", HIDDEN);
    return ABSOLUTE_PATH.matcher(text).replaceAll(HIDDEN);
  }

  /** Returns the first line of a file, or null. */
  static String firstLine(Path file) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines.findFirst().orElse(null);
    } catch (IOException | java.io.UncheckedIOException e) {
      return null;
    }
  }

  /** Returns a program on the PATH. */
  Optional<Path> program(String name) {
    String file = windows ? name + ".exe" : name;
    return SearchPath.folders(env.get("PATH")).stream()
        .map(p -> p.resolve(file))
        .filter(p -> Files.isRegularFile(p) && Files.isExecutable(p))
        .findFirst();
  }

  /** Returns the output of a program if it succeeds in time. */
  static Optional<String> output(String... command) {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      return Optional.empty();
    }
    try {
      process.getOutputStream().close();
      // Read concurrently: a full pipe would block the program.
      CompletableFuture<String> text =
          CompletableFuture.supplyAsync(
              () -> {
                try (InputStream in = process.getInputStream()) {
                  return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                } catch (IOException e) {
                  return "";
                }
              });
      if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0) {
        return Optional.of(text.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException
        | java.util.concurrent.ExecutionException
        | java.util.concurrent.TimeoutException e) {
      // No output.
    } finally {
      process.destroyForcibly();
    }
    return Optional.empty();
  }
}
