package csdp.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.OtherJava;
import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.backend.cuda.CudaBackend;
import csdp.backend.cuda.device.CountingDevice;
import csdp.backend.cuda.device.Emulated;
import csdp.checkpoint.RunFolder;
import csdp.cli.ProgressBars;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.data.Strokes;
import csdp.io.Json;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.TestNetworks;
import csdp.train.EpochMetrics;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * 500 epochs with all listeners in a separate JVM with a fixed heap: compares resources at epochs
 * 50 and 500.
 */
class LongRunTest {
  private static final int EPOCHS = 500;
  private static final int EARLY = 50;

  /**
   * Resources of a training at an epoch.
   *
   * @param heap bytes in use after a collection
   * @param rss bytes of the process in memory; 0 if unknown
   * @param device buffers and sequences of the device that are live
   * @param metrics bytes of metrics.jsonl
   * @param state bytes of last/state.json
   * @param output bytes that were printed
   */
  record Held(
      int epoch,
      long heap,
      long rss,
      int threads,
      List<Integer> device,
      long metrics,
      long state,
      long output) {}

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "cuda"})
  void resourcesDoNotGrow(String kind) throws Exception {
    if (kind.equals("cuda")) {
      Emulated.device().close(); // skips without an emulated device; compiles the kernels
    }
    List<String> options =
        List.of("-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1");
    Process p =
        new ProcessBuilder(OtherJava.command(options, Training.class.getName(), List.of(kind)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<Held> held = new ArrayList<>();
    for (String line : new String(p.getInputStream().readAllBytes(), UTF_8).split("\n")) {
      System.out.println("LongRunTest " + kind + ": " + line);
      if (line.startsWith("{")) {
        Path where = Path.of("output");
        held.add(Json.value(Json.tree(line.getBytes(UTF_8), where), Held.class, where));
      }
    }
    assertEquals(0, p.waitFor());
    assertEquals(2, held.size());
    Held early = held.get(0);
    Held late = held.get(1);
    assertEquals(EPOCHS, late.epoch);
    assertEquals(early.threads, late.threads, "threads");
    assertEquals(early.device, late.device, "buffers and sequences of the device");
    // The record of 450 epochs is among it, with some hundred bytes each.
    assertGrowth(450 * 2000, early.heap, late.heap);
    assertGrowth(12 << 20, early.rss, late.rss);
    assertGrowth(450 * 600, early.metrics, late.metrics);
    assertGrowth(450 * 700, early.state, late.state);
    assertGrowth(450 * 200, early.output, late.output);
  }

  private static void assertGrowth(long most, long early, long late) {
    assertTrue(late - early < most, () -> "from " + early + " to " + late);
  }

  /** Main class of the training, which prints its resources. */
  static final class Training {
    private final PrintWriter console;
    private final StringWriter printed = new StringWriter();
    private final CountingDevice device;
    private final RunFolder folder;

    private Training(Path dir, CountingDevice device) {
      this.console = new PrintWriter(printed);
      this.device = device;
      this.folder = new RunFolder(dir);
    }

    public static void main(String[] args) throws IOException {
      // In memory if possible: the speed of the disk is not measured.
      Path memory = Path.of("/dev/shm");
      Path dir =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "csdp")
              : Files.createTempDirectory("csdp");
      try {
        if (args[0].equals("cpu")) {
          new Training(dir, null).run(Device.CPU.open(spec(), 2));
        } else {
          CountingDevice device = new CountingDevice(Emulated.device());
          new Training(dir, device).run(new CudaBackend(spec(), device));
          System.out.printf(
              Locale.ROOT, "closed: %s live, %d bytes%n", device.live(), device.used());
          if (device.used() != 0) {
            throw new AssertionError("memory of the device is left");
          }
        }
      } finally {
        try (Stream<Path> all = Files.walk(dir)) {
          all.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
      }
    }

    private static NetworkSpec spec() {
      return TestNetworks.strokes(2).hidden(12, 8).build();
    }

    private void run(Backend backend) {
      Dataset images = Strokes.draw("strokes", 1, 0, 24);
      TrainListener look =
          new TrainListener() {
            @Override
            public void epochDone(Trainer t, EpochMetrics m, boolean best) {
              if (m.epoch() == EARLY || m.epoch() == EPOCHS) {
                System.out.println(Json.line(held(m.epoch())));
              }
            }
          };
      try (backend) {
        backend.restore(Parameters.random(backend.spec(), 7));
        new Trainer(
                backend,
                images.subset(0, 8),
                images.subset(16, 24),
                TrainOptions.epochs(EPOCHS).withBatch(8).withSeed(7),
                TrainState.start(),
                List.of(ProgressBars.plain(console), folder, look))
            .run();
      }
    }

    private Held held(int epoch) {
      try {
        return new Held(
            epoch,
            heap(),
            rss(),
            Thread.activeCount(),
            device == null ? List.of() : device.live(),
            Files.size(folder.path().resolve("metrics.jsonl")),
            Files.size(folder.last().resolve("state.json")),
            printed.getBuffer().length());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static long heap() {
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 3; i++) {
        System.gc();
        Runtime r = Runtime.getRuntime();
        least = Math.min(least, r.totalMemory() - r.freeMemory());
      }
      return least;
    }

    private static long rss() throws IOException {
      Path status = Path.of("/proc/self/status");
      if (!Files.exists(status)) {
        return 0;
      }
      return Files.readAllLines(status).stream()
          .filter(l -> l.startsWith("VmRSS:"))
          .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) << 10)
          .sum();
    }
  }
}
