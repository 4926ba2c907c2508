package csdp.backend.cuda;

import csdp.CsdpException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Executes the kernels of {@code kernels/*.cu} on the host: g++ compiles the very same sources
 * against a header that gives CUDA's execution model. For tests and for {@code doctor --kernels};
 * far too slow to train with, and not offered for it.
 *
 * <p>Every launch's arguments are held against the kernel's C++ parameters, memory that was never
 * written is NaN, and a kernel that writes beside its memory is reported when that is freed.
 */
public final class EmulatedDevice implements GpuDevice {
  private static final List<String> FLAGS =
      List.of("-std=c++17", "-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno");

  /** The library has one scheduler and one set of shared memory. */
  private static final Object ONE_AT_A_TIME = new Object();

  private static Path loaded;

  private final long capacity;
  private final Map<Long, Allocation> allocations = new TreeMap<>();
  private final Map<String, String> signatures = new TreeMap<>();
  private long used;

  private record Allocation(long bytes, String what) {}

  private EmulatedDevice(long capacity) {
    this.capacity = capacity;
  }

  /** Why there can be none here: no g++, or a Java without JNI headers; empty where there can. */
  public static Optional<String> unavailable() {
    if (compilerVersion() == null) {
      return Optional.of("no g++ on the PATH, which compiles the kernels for the host");
    }
    if (!Files.isRegularFile(headers().resolve("jni.h"))) {
      return Optional.of("no " + headers().resolve("jni.h") + ": this Java is not a JDK");
    }
    return Optional.empty();
  }

  /**
   * Compiles the kernels, or takes what was compiled from the same sources before, and opens a
   * device.
   *
   * @param cache where compiled libraries are kept, by a hash of the sources
   * @param capacity bytes of memory that it pretends to have
   */
  public static EmulatedDevice open(Path cache, long capacity) {
    Optional<String> reason = unavailable();
    if (reason.isPresent()) {
      throw CsdpException.environment("the kernels cannot be emulated: %s", reason.get());
    }
    synchronized (ONE_AT_A_TIME) {
      if (loaded == null) {
        Path library = library(cache.toAbsolutePath());
        System.load(library.toString());
        loaded = library;
      }
    }
    return new EmulatedDevice(capacity);
  }

  private static Path headers() {
    return Path.of(System.getProperty("java.home"), "include");
  }

  private static Path library(Path cache) {
    KernelSources sources = KernelSources.host();
    String hash =
        sources.hash(
            compilerVersion(),
            String.join(" ", FLAGS),
            System.getProperty("java.home"),
            System.getProperty("os.arch"));
    Path library = cache.resolve("csdp-kernels-" + hash.substring(0, 16) + ".so");
    if (Files.exists(library)) {
      return library;
    }
    try {
      Files.createDirectories(cache);
      Path work = Files.createTempDirectory(cache, "build");
      try {
        sources.writeTo(work);
        Path built = work.resolve("kernels.so");
        List<String> command = new ArrayList<>(List.of("g++"));
        command.addAll(FLAGS);
        command.add("-I" + headers());
        try (var platforms = Files.list(headers())) { // jni_md.h: linux, darwin, ..
          platforms.filter(Files::isDirectory).forEach(p -> command.add("-I" + p));
        }
        command.add(work.resolve("host/kernels.cpp").toString());
        command.add("-o");
        command.add(built.toString());
        run(command);
        // Whoever compiles at the same time moves the same content.
        Files.move(built, library, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        try (var files = Files.walk(work)) {
          files.sorted(java.util.Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
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
    String said = new String(g.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (g.waitFor() != 0) {
        throw new IOException("g++ failed: " + said.strip());
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
      String said = new String(g.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return g.waitFor(10, TimeUnit.SECONDS) && g.exitValue() == 0 ? said : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  @Override
  public String name() {
    return "emulated";
  }

  @Override
  public String description() {
    return "emulated: the CUDA kernels compiled by g++, on one CPU thread, for tests";
  }

  /** Names of all kernels in the library. */
  public List<String> kernels() {
    return List.of(kernelNames().split(" "));
  }

  /** Bytes that are allocated now. */
  public long used() {
    return used;
  }

  @Override
  public long allocate(long bytes, String what) {
    long address = bytes <= capacity - used ? allocateNative(bytes) : 0;
    if (address != 0) {
      used += bytes;
      allocations.put(address, new Allocation(bytes, what));
    }
    return address;
  }

  @Override
  public Room room() {
    return new Room(capacity - used, capacity);
  }

  @Override
  public void free(long address) {
    Allocation a = allocations.remove(address);
    if (a == null) {
      throw new IllegalStateException("no memory was allocated at this address");
    }
    used -= a.bytes;
    if (!freeNative(address, a.bytes)) {
      throw new IllegalStateException("a kernel wrote beside the memory of " + a.what);
    }
  }

  @Override
  public void upload(long to, Object array, int offset, int count) {
    int size = elementBytes(array);
    copyNative(to, array, (long) offset * size, (long) count * size, true);
  }

  @Override
  public void download(long from, Object array, int offset, int count) {
    int size = elementBytes(array);
    copyNative(from, array, (long) offset * size, (long) count * size, false);
  }

  private static int elementBytes(Object array) {
    return array instanceof byte[] ? 1 : 4;
  }

  @Override
  public void clear(long address, long bytes) {
    clearNative(address, bytes);
  }

  @Override
  public void launch(String kernel, Geometry geometry, Object... arguments) {
    StringBuilder given = new StringBuilder();
    long[] values = new long[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof DeviceBuffer b) {
        values[i] = b.address();
        given.append('p');
      } else if (arguments[i] instanceof Integer n) {
        values[i] = n & 0xFFFFFFFFL;
        given.append('i');
      } else {
        values[i] = Float.floatToRawIntBits((Float) arguments[i]) & 0xFFFFFFFFL;
        given.append('f');
      }
    }
    String expected = signatures.computeIfAbsent(kernel, EmulatedDevice::parametersOf);
    String error =
        !expected.isEmpty() && !expected.contentEquals(given)
            ? "arguments " + given + " do not fit the parameters " + expected
            : null;
    if (error == null) {
      synchronized (ONE_AT_A_TIME) {
        error =
            launchNative(
                kernel,
                geometry.gridX(),
                geometry.gridY(),
                geometry.block(),
                geometry.sharedBytes(),
                values);
      }
    }
    if (error != null) {
      throw CsdpException.failed("the kernel %s %s failed: %s", kernel, geometry, error);
    }
  }

  private static String parametersOf(String kernel) {
    String p = parameters(kernel);
    return p == null ? "" : p;
  }

  @Override
  public void synchronize() {}

  @Override
  public Sequence capture(Runnable work) {
    return Sequence.of(work);
  }

  @Override
  public void close() {
    List.copyOf(allocations.keySet()).forEach(this::free);
  }

  private static native String kernelNames();

  private static native String parameters(String kernel);

  private static native String launchNative(
      String kernel, int gridX, int gridY, int block, int sharedBytes, long[] values);

  private static native long allocateNative(long bytes);

  private static native boolean freeNative(long address, long bytes);

  private static native void copyNative(
      long address, Object array, long offset, long bytes, boolean toDevice);

  private static native void clearNative(long address, long bytes);
}
