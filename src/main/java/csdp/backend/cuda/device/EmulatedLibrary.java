package csdp.backend.cuda.device;

import csdp.backend.cuda.ptx.KernelSources;
import csdp.backend.cuda.ptx.PtxTranslator;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Kernels compiled for the host by g++, as a shared library for {@link EmulatedDevice}: the
 * sources, optionally with a run-time check, or PTX translated to C++. Compiled libraries are
 * cached by a hash of all inputs.
 */
public final class EmulatedLibrary {
  private static final List<String> FLAGS =
      List.of(
          "-std=c++17",
          "-fPIC",
          "-fvisibility=hidden", // each library has its own scheduler and memory
          "-ffp-contract=off",
          "-fno-math-errno",
          "-Werror=switch"); // a switch over Role or Rule names every value

  /**
   * An instruction of PTX is a call of a small function: without inlining they take most of the
   * time.
   */
  private static final List<String> TRANSLATED =
      List.of("-O1", "-finline-functions", "-finline-small-functions");

  private static final List<String> COUNTED =
      Stream.concat(TRANSLATED.stream(), Stream.of("-DCSDP_COUNT")).toList();

  /** Run-time check of a library; the launch fails at the first violation. */
  public enum Check {
    /** No additional check; the fastest. */
    NONE(List.of("-O2"), List.of(), List.of()),
    /** Races, bounds, alignment, uninitialised memory; see kernels/host/races.h. */
    RACES(
        List.of(
            "-O1",
            "-g1",
            "-fsanitize=thread",
            "-fno-ipa-icf",
            "--param=tsan-instrument-func-entry-exit=0",
            "-DCSDP_RACES"),
        // First, so that the linker uses this object's inline functions of the scheduler, which are
        // not instrumented.
        List.of(new Source("host/races.cpp", List.of("-O2", "-DCSDP_RACES"))),
        List.of("-ldl")),
    /** UndefinedBehaviorSanitizer. */
    UNDEFINED(
        List.of("-O1", "-fsanitize=undefined,float-cast-overflow"),
        List.of(new Source("host/undefined.cpp", List.of("-O2"))),
        List.of()),
    /** AddressSanitizer, which ends the process; it must be loaded first. */
    ADDRESSES(
        List.of("-O1", "-g1", "-fsanitize=address", "-fsanitize-sections=csdp_shared"),
        List.of(),
        List.of("-fsanitize=address"));

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<Source> sources;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> linking;

    Check(List<String> flags, List<Source> runtime, List<String> linking) {
      List<Source> all = new ArrayList<>(runtime);
      all.add(new Source("host/library.cpp", flags));
      this.sources = List.copyOf(all);
      this.linking = linking;
    }
  }

  /** A file to compile. */
  private record Source(String file, List<String> flags) {}

  /** Loaded libraries, by file. */
  private static final Map<Path, EmulatedLibrary> OPEN = new HashMap<>();

  private static boolean nativesLoaded;

  private final long handle;
  private final Map<String, String> parameters = new TreeMap<>();

  private EmulatedLibrary(long handle) {
    this.handle = handle;
    for (String kernel : namesNative(handle).split(" ")) {
      parameters.put(kernel, parametersNative(handle, kernel));
    }
  }

  /** Returns the reason why it is unavailable here; empty if it is available. */
  static Optional<String> unavailable() {
    if (compilerVersion() == null) {
      return Optional.of("no g++ on the PATH, which compiles the kernels for the host");
    }
    if (!Files.isRegularFile(headers().resolve("jni.h"))) {
      return Optional.of("no " + headers().resolve("jni.h") + ": this Java is not a JDK");
    }
    return Optional.empty();
  }

  /**
   * Returns the library of the kernels' sources.
   *
   * @param cache folder of compiled libraries
   */
  public static EmulatedLibrary ofSources(Path cache, KernelSources sources, Check check) {
    return open(cache, withBuild(sources), check.sources, check.linking);
  }

  /**
   * Returns the library of a PTX, translated to C++ instruction by instruction.
   *
   * @param counting whether to count instructions and bytes, which is slower
   */
  public static EmulatedLibrary ofPtx(Path cache, String ptx, boolean counting) {
    PtxTranslator translated = PtxTranslator.translate(ptx);
    KernelSources host = KernelSources.host();
    return open(
        cache,
        host.with("host/translated.h", translated.text())
            .with(
                "host/build.h",
                "#include \"ptx.h\"\n#include \"translated.h\"\n" + rows(translated.kernels())),
        List.of(new Source("host/library.cpp", counting ? COUNTED : TRANSLATED)),
        List.of());
  }

  /** Returns the sources with the file that includes and lists the kernels. */
  static KernelSources withBuild(KernelSources sources) {
    StringBuilder build = new StringBuilder();
    KernelSources.FAMILIES.forEach(f -> build.append("#include \"../" + f + ".cu\"\n"));
    build.append("#include \"check.cu\"\n");
    List<String> names = new ArrayList<>(sources.kernels());
    names.addAll(KernelSources.names(sources.texts().get("host/check.cu")));
    return sources.with("host/build.h", build + rows(names));
  }

  private static String rows(List<String> kernels) {
    StringBuilder rows = new StringBuilder("#define KERNELS(ROW)");
    kernels.forEach(k -> rows.append(" ROW(" + k + ")"));
    return rows.append('\n').toString();
  }

  private static EmulatedLibrary open(
      Path cache, KernelSources sources, List<Source> files, List<String> linking) {
    Optional<String> reason = unavailable();
    if (reason.isPresent()) {
      throw CsdpException.environment("the kernels cannot be emulated: %s", reason.get());
    }
    Path built =
        built(cache, sources, files, linking); // outside the lock: other threads may compile
    synchronized (OPEN) {
      if (!nativesLoaded) {
        List<Source> natives = List.of(new Source("host/jni.cpp", List.of("-O2")));
        System.load(built(cache, sources, natives, List.of("-ldl")).toString());
        nativesLoaded = true;
      }
      return OPEN.computeIfAbsent(
          built,
          file -> {
            long handle = openNative(file.toString());
            if (handle == 0) {
              throw CsdpException.environment("cannot load the library of kernels %s", file);
            }
            return new EmulatedLibrary(handle);
          });
    }
  }

  private static Path headers() {
    return Path.of(System.getProperty("java.home"), "include");
  }

  /** Returns the library of some files of the sources, compiled unless cached. */
  private static Path built(
      Path cache, KernelSources sources, List<Source> files, List<String> linking) {
    String hash =
        sources.hash(
            compilerVersion(),
            String.join(" ", FLAGS),
            files.toString(),
            linking.toString(),
            System.getProperty("java.home"),
            System.getProperty("os.arch"));
    Path library = cache.toAbsolutePath().resolve("csdp-kernels-" + hash.substring(0, 16) + ".so");
    if (Files.exists(library)) {
      return library;
    }
    try {
      Files.createDirectories(library.getParent());
      Path work = Files.createTempDirectory(library.getParent(), "build");
      try {
        sources.writeTo(work);
        Path built = work.resolve("kernels.so");
        List<String> link = new ArrayList<>(List.of("g++", "-shared", "-o", built.toString()));
        for (Source source : files) {
          Path object = work.resolve(source.file + ".o");
          List<String> compile = new ArrayList<>(List.of("g++", "-c", "-o", object.toString()));
          compile.addAll(FLAGS);
          compile.add("-I" + headers());
          try (var platforms = Files.list(headers())) { // jni_md.h: linux, darwin, ..
            platforms.filter(Files::isDirectory).forEach(p -> compile.add("-I" + p));
          }
          compile.addAll(source.flags);
          compile.add(work.resolve(source.file).toString());
          run(compile);
          link.add(object.toString());
        }
        link.addAll(linking);
        run(link);
        // A concurrent compilation produces the same content.
        Files.move(built, library, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        try (Stream<Path> all = Files.walk(work)) {
          all.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
      }
      return library;
    } catch (IOException e) {
      throw CsdpException.environment("cannot compile the kernels in %s: %s", cache, e.getMessage())
          .because(e);
    }
  }

  private static void run(List<String> command) throws IOException {
    Process g = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(g.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (g.waitFor() != 0) {
        throw new IOException("g++ failed: " + output.strip());
      }
    } catch (InterruptedException e) {
      g.destroy();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted");
    }
  }

  private static String compilerVersion() {
    try {
      Process g = new ProcessBuilder("g++", "--version").redirectErrorStream(true).start();
      String output = new String(g.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return g.waitFor(10, TimeUnit.SECONDS) && g.exitValue() == 0 ? output : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** Names of all kernels. */
  List<String> kernels() {
    return List.copyOf(parameters.keySet());
  }

  /** A letter for each parameter (p pointer, i int, f float); null if there is no such kernel. */
  String parameters(String kernel) {
    return parameters.get(kernel);
  }

  /**
   * Executes a launch.
   *
   * @param values of the arguments, each in the low bytes
   * @return null, or the error
   */
  synchronized String launch(String kernel, GpuDevice.Geometry g, long[] values) {
    return launchNative(handle, kernel, g.gridX(), g.gridY(), g.block(), g.sharedBytes(), values);
  }

  /** Allocates memory filled with 0xFF, aligned to 256 bytes; 0 if memory does not suffice. */
  synchronized long allocate(long bytes) {
    return allocateNative(handle, bytes);
  }

  /** Frees memory. Returns false if a kernel wrote beyond its end. */
  synchronized boolean release(long address, long bytes) {
    return releaseNative(handle, address, bytes);
  }

  /** Copies bytes between an array of primitives and device memory. */
  synchronized void copy(long address, Object array, long offset, long bytes, boolean toDevice) {
    copyNative(handle, address, array, offset, bytes, toDevice);
  }

  /** The order in which blocks and threads run, as emulated::Order in kernels/host/cuda.h. */
  public enum Order {
    ASCENDING,
    REVERSED,
    RANDOM
  }

  /** Sets the order for all further launches of every device of this library. */
  public synchronized void setOrder(Order order, long seed) {
    setOrderNative(handle, order.ordinal(), seed);
  }

  /**
   * Costs of a kernel since the last {@link #takeCounts}.
   *
   * @param instructions of warps, as {@link PtxTranslator} weighs them
   * @param read bytes of device memory, each sector once a launch
   * @param written likewise
   */
  public record Counts(String kernel, long launches, long instructions, long read, long written) {
    private static Counts parse(String line) {
      String[] f = line.split(" ");
      return new Counts(
          f[0],
          Long.parseLong(f[1]),
          Long.parseLong(f[2]),
          Long.parseLong(f[3]),
          Long.parseLong(f[4]));
    }
  }

  /** Costs of each kernel since the last call; empty unless the library counts. */
  public synchronized List<Counts> takeCounts() {
    return countsNative(handle).lines().map(Counts::parse).toList();
  }

  private static native long openNative(String path);

  private static native String namesNative(long library);

  private static native String parametersNative(long library, String kernel);

  private static native String launchNative(
      long library, String kernel, int gridX, int gridY, int block, int sharedBytes, long[] values);

  private static native long allocateNative(long library, long bytes);

  private static native boolean releaseNative(long library, long address, long bytes);

  private static native void copyNative(
      long library, long address, Object array, long offset, long bytes, boolean toDevice);

  private static native void setOrderNative(long library, int order, long seed);

  private static native String countsNative(long library);
}
