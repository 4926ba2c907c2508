package csdp.backend.cuda.ptx;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The sources of the kernels, as embedded in the classes. */
public final class KernelSources {
  /** The kernel families: {@code kernels/NAME.cu}. */
  public static final List<String> FAMILIES =
      List.of("encode", "forward", "signals", "spikes", "plasticity", "bench");

  private static final Pattern KERNEL =
      Pattern.compile("(?m)^(?:BOUNDED_KERNEL\\([^)]*\\)|KERNEL)\\s+(\\w+)\\(");

  private static final List<String> SHARED =
      List.of(
          "common.cuh",
          "network.cuh",
          "units.cuh",
          "lists.cuh",
          "fdlibm.cuh",
          "goodness.cuh",
          "adam.cuh");

  private static final List<String> HOST =
      List.of(
          "host/cuda.h",
          "host/memory.h",
          "host/races.h",
          "host/races.cpp",
          "host/undefined.cpp",
          "host/library.h",
          "host/library.cpp",
          "host/jni.cpp",
          "host/ptx.h",
          "host/check.cu");

  private final Map<String, String> texts = new LinkedHashMap<>();

  private KernelSources(boolean host) {
    SHARED.forEach(f -> texts.put(f, read(f)));
    FAMILIES.forEach(f -> texts.put(f + ".cu", read(f + ".cu")));
    if (host) {
      HOST.forEach(f -> texts.put(f, read(f)));
    }
  }

  /** Returns the kernels only. */
  public static KernelSources device() {
    return new KernelSources(false);
  }

  /** Returns the kernels and the files to run them on a host. */
  public static KernelSources host() {
    return new KernelSources(true);
  }

  /** Returns a copy with another text of a file. */
  public KernelSources with(String name, String text) {
    KernelSources changed = new KernelSources(false);
    changed.texts.putAll(texts);
    changed.texts.put(name, text);
    return changed;
  }

  /** Returns a copy with a single kernel family of the given text. */
  public KernelSources only(String text) {
    KernelSources changed = with(FAMILIES.get(0) + ".cu", text);
    FAMILIES.stream().skip(1).forEach(f -> changed.texts.put(f + ".cu", ""));
    return changed;
  }

  private static String read(String name) {
    try (InputStream in = KernelSources.class.getResourceAsStream("/csdp/kernels/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the kernel source " + name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Text by file name relative to {@code kernels/}. */
  public Map<String, String> texts() {
    return Map.copyOf(texts);
  }

  /** Names of all kernels, in the order of the files. */
  public List<String> kernels() {
    List<String> names = new ArrayList<>();
    texts.forEach(
        (file, text) -> {
          if (!file.startsWith("host/")) {
            names.addAll(names(text));
          }
        });
    return names;
  }

  /** Names of the kernels in a text. */
  public static List<String> names(String text) {
    return KERNEL.matcher(text).results().map(m -> m.group(1)).toList();
  }

  /**
   * Returns the SHA-256 over names and texts, in hexadecimal: the identity of compiled kernels.
   *
   * @param more further inputs of a build, such as compiler and flags
   */
  public String hash(String... more) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      texts.forEach(
          (name, text) -> sha.update((name + "\0" + text + "\0").getBytes(StandardCharsets.UTF_8)));
      for (String s : more) {
        sha.update((s + "\0").getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes the files into a folder. */
  public void writeTo(Path folder) throws IOException {
    for (Map.Entry<String, String> e : texts.entrySet()) {
      Path file = folder.resolve(e.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, e.getValue());
    }
  }
}
