package csdp.backend.cuda.driver;

import csdp.io.SearchPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds a shared library like the system's loader, without loading it: JCuda's classes must not be
 * loaded without a driver.
 */
public final class DriverLibrary {
  private static final List<String> USUAL =
      List.of(
          "usr/lib/x86_64-linux-gnu",
          "usr/lib/aarch64-linux-gnu",
          "usr/lib64",
          "usr/lib",
          "lib/x86_64-linux-gnu",
          "lib64",
          "usr/lib/wsl/lib",
          "usr/local/nvidia/lib64",
          "run/opengl-driver/lib",
          "usr/local/cuda/lib64");

  private DriverLibrary() {}

  /** The library that comes with NVIDIA's driver. */
  public static Optional<Path> cuda(Map<String, String> env, Path root, boolean windows) {
    return find(windows ? "nvcuda.dll" : "libcuda.so.1", env, root, windows);
  }

  /** cuBLAS of CUDA 12, which JCublas is built for. */
  public static Optional<Path> cublas(Map<String, String> env, Path root, boolean windows) {
    return find(windows ? "cublas64_12.dll" : "libcublas.so.12", env, root, windows);
  }

  private static Optional<Path> find(
      String name, Map<String, String> env, Path root, boolean windows) {
    List<Path> candidates = new ArrayList<>();
    if (windows) {
      candidates.add(
          Path.of(env.getOrDefault("SystemRoot", "C:\\Windows"), "System32").resolve(name));
      SearchPath.folders(env.get("PATH")).forEach(f -> candidates.add(f.resolve(name)));
    } else {
      SearchPath.folders(env.get("LD_LIBRARY_PATH")).forEach(f -> candidates.add(f.resolve(name)));
      candidates.addAll(cached(root, name));
      USUAL.forEach(f -> candidates.add(root.resolve(f).resolve(name)));
    }
    return candidates.stream().filter(DriverLibrary::isUsable).findFirst();
  }

  /** Returns true for a file that is not a 32-bit ELF library, which a loader also skips. */
  private static boolean isUsable(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(5);
      return !Arrays.equals(start, new byte[] {0x7F, 'E', 'L', 'F', 1});
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the entries of the loader's cache. */
  private static List<Path> cached(Path root, String name) {
    List<Path> found = new ArrayList<>();
    try {
      String cache = Files.readString(root.resolve("etc/ld.so.cache"), StandardCharsets.ISO_8859_1);
      Matcher m = Pattern.compile("/[^\\x00]*/" + Pattern.quote(name) + "(?=\\x00)").matcher(cache);
      while (m.find()) {
        found.add(root.resolve(m.group().substring(1)));
      }
    } catch (IOException e) {
      // No cache: only the default folders are searched.
    }
    return found;
  }
}
