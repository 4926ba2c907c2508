package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.backend.cuda.device.DeviceBuffer;
import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice;
import csdp.backend.cuda.ptx.KernelSources;
import csdp.error.CsdpException;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Synapse;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every launch method against its kernel's parameters in the PTX. */
class KernelsTest {
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry (\\w+)\\((.*?)\\)", Pattern.DOTALL);
  private static final Pattern PARAMETER = Pattern.compile("\\.param \\.(\\w+)");

  /** PTX type of an argument by its letter. */
  private static final Map<Character, String> TYPES = Map.of('p', "u64", 'i', "u32", 'f', "f32");

  @TempDir Path dir;

  /** Calls every launch method once, on a device that records the arguments. */
  static Map<String, String> launches() throws ReflectiveOperationException {
    Map<String, String> noted = new TreeMap<>();
    NotingDevice device = new NotingDevice(noted);
    Kernels kernels = new Kernels(device);
    DeviceMemory memory = new DeviceMemory(device);
    Constants c = Constants.demo();
    NetworkSpec spec = NetworkSpec.builder(7, 7).hidden(7).constants(c).build();
    NetworkState net = new NetworkState(spec, device, false);
    net.reserve(7);
    Map<Class<?>, Object> arguments =
        Map.of(
            NetworkState.class,
            net,
            Floats.class,
            memory.floats("floats", 10_000),
            Ints.class,
            memory.ints("ints", 10_000),
            Bytes.class,
            memory.bytes("bytes", 10_000),
            Synapse.class,
            spec.synapses().get(0),
            Population.class,
            spec.head(),
            Learning.Synapses.class,
            Learning.Synapses.ALL,
            int.class,
            1,
            float.class,
            0.5f,
            boolean.class,
            true);
    for (Method m : Kernels.class.getDeclaredMethods()) {
      if (Modifier.isStatic(m.getModifiers()) || Modifier.isPrivate(m.getModifiers())) {
        continue;
      }
      Object[] given = new Object[m.getParameterCount()];
      java.util.Arrays.setAll(given, i -> arguments.get(m.getParameterTypes()[i]));
      int before = noted.size();
      m.invoke(kernels, given);
      assertEquals(before + 1, noted.size(), m.getName() + " launches a kernel of its own");
      String kernel = m.getName().replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
      assertTrue(noted.containsKey(kernel), m.getName() + " launches the kernel " + kernel);
    }
    return noted;
  }

  @Test
  void launchMethodsMatchThePtx() throws Exception {
    Path nvcc = nvcc();
    assumeTrue(nvcc != null, "no nvcc on the PATH, so there is no PTX to hold launches against");
    KernelSources sources = KernelSources.device();
    sources.writeTo(dir);
    StringBuilder all = new StringBuilder();
    KernelSources.FAMILIES.forEach(f -> all.append("#include \"" + f + ".cu\"\n"));
    Files.writeString(dir.resolve("all.cu"), all);
    Process p =
        new ProcessBuilder(
                nvcc.toString(),
                "-ptx",
                "-arch=compute_75",
                "-fmad=false",
                "-o",
                "all.ptx",
                "all.cu")
            .directory(dir.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, p.waitFor(), said);
    String ptx = Files.readString(dir.resolve("all.ptx"));
    Map<String, String> entries = new TreeMap<>();
    for (Matcher e = ENTRY.matcher(ptx); e.find(); ) {
      StringBuilder types = new StringBuilder();
      for (Matcher q = PARAMETER.matcher(e.group(2)); q.find(); ) {
        types.append(q.group(1)).append(' ');
      }
      entries.put(e.group(1), types.toString());
    }
    Map<String, String> expected = new TreeMap<>();
    launches()
        .forEach(
            (kernel, letters) -> {
              StringBuilder types = new StringBuilder();
              letters.chars().forEach(l -> types.append(TYPES.get((char) l)).append(' '));
              expected.put(kernel, types.toString());
            });
    assertEquals(entries, expected);
    // A product and a sum must not be fused anywhere: see common.cuh.
    // Without an explicit rounding the driver's compiler may fuse them later.
    assertFalse(Pattern.compile("\\b(fma\\.|(mul|add|sub)\\.f(32|64))").matcher(ptx).find());
  }

  /** The library of the emulated device has all kernels that are launched. */
  @Test
  void everyKernelCanBeEmulated() throws Exception {
    try (EmulatedDevice device = Emulated.device()) {
      List<String> kernels =
          device.kernels().stream().filter(k -> !k.startsWith("check_")).toList();
      assertEquals(List.copyOf(launches().keySet()), kernels.stream().sorted().toList());
    }
  }

  /** Sizes are computed in 64 bits, and the buffer that would be too long is named. */
  @Test
  void buffersThatNoArrayHoldsAreNamed() {
    Constants c = Constants.demo();
    NetworkSpec spec = NetworkSpec.builder(7, 7).hidden(40_000).constants(c).build();
    try (NetworkState net = new NetworkState(spec, new NotingDevice(new TreeMap<>()), false)) {
      CsdpException e = assertThrows(CsdpException.class, () -> net.reserve(30_000));
      assertEquals(CsdpException.USAGE, e.exitCode());
      assertEquals(
          "spike lists of z1: 2,400,000,000 elements are more than the 2,147,483,647 of one buffer:"
              + " use smaller batches (--batch) or fewer hidden units (--hidden)",
          e.getMessage());
    }
  }

  private static Path nvcc() throws IOException {
    for (String folder : (System.getenv("PATH") + ":/usr/local/cuda/bin").split(":")) {
      Path nvcc = Path.of(folder, "nvcc");
      if (Files.isExecutable(nvcc)) {
        return nvcc;
      }
    }
    return null;
  }

  /** Notes the letters of a kernel's arguments: p pointer, i int, f float. */
  private static final class NotingDevice implements GpuDevice {
    private final Map<String, String> noted;
    private long next = 256;

    NotingDevice(Map<String, String> noted) {
      this.noted = noted;
    }

    @Override
    public String name() {
      return "noting";
    }

    @Override
    public String description() {
      return "noting";
    }

    @Override
    public long allocate(long bytes, String what) {
      return next += bytes;
    }

    @Override
    public Room room() {
      return new Room(0, 0);
    }

    @Override
    public void free(long address) {}

    @Override
    public void upload(long to, Object array, int offset, int count) {}

    @Override
    public void download(long from, Object array, int offset, int count) {}

    @Override
    public void launch(String kernel, Geometry geometry, Object... arguments) {
      StringBuilder letters = new StringBuilder();
      for (Object a : arguments) {
        letters.append(a instanceof DeviceBuffer ? 'p' : a instanceof Integer ? 'i' : 'f');
      }
      noted.put(kernel, letters.toString());
    }

    @Override
    public void synchronize() {}

    @Override
    public Sequence capture(Runnable work) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
