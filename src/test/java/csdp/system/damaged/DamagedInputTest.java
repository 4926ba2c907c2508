package csdp.system.damaged;

import static csdp.system.damaged.Damages.crc;
import static csdp.system.damaged.Damages.flip;
import static csdp.system.damaged.GoodInputs.EVALUATE;
import static csdp.system.damaged.GoodInputs.EVALUATE_NGC;
import static csdp.system.damaged.GoodInputs.EVALUATE_NIR;
import static csdp.system.damaged.GoodInputs.PREDICT;
import static csdp.system.damaged.GoodInputs.REPLAY;
import static csdp.system.damaged.GoodInputs.RESUME;
import static csdp.system.damaged.GoodInputs.SEED;
import static csdp.system.damaged.GoodInputs.TRAIN_BITS;
import static csdp.system.damaged.GoodInputs.TRAIN_CSV;
import static csdp.system.damaged.GoodInputs.TRAIN_GZIP;
import static csdp.system.damaged.GoodInputs.TRAIN_IDX;
import static csdp.system.damaged.GoodInputs.TRAIN_NMNIST;
import static csdp.system.damaged.GoodInputs.TRAIN_NPY;
import static csdp.system.damaged.GoodInputs.TRAIN_PICTURES;
import static csdp.system.damaged.GoodInputs.TRAIN_SHD;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.OtherJava;
import csdp.cli.Main;
import csdp.system.Folders;
import csdp.system.damaged.Cases.Case;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged inputs through the command line: each is refused with exit code 2 or 3 and one line,
 * within two seconds, without much memory and without writing anything. The inputs are good ones,
 * changed from a seed; the table of all cases is written to target/damaged-inputs.txt. Each format
 * has a class of its own with its cases.
 */
class DamagedInputTest {
  private static final int FLIPS = 300;
  private static final double MAX_SECONDS = 2;
  private static final long MAX_ALLOCATED = 32L << 20;

  @TempDir static Path dir;
  private static Path good;
  private static ExecutorService worker;
  private static final List<String> table = Collections.synchronizedList(new ArrayList<>());
  private static final Map<String, Integer> counts = new TreeMap<>();

  /** Result of a command. */
  private record Outcome(int code, String out, String err, double seconds, long allocated) {}

  @BeforeAll
  static void makeGoodInputs() throws Exception {
    worker = Executors.newSingleThreadExecutor();
    good = dir.resolve("good");
    GoodInputs.write(good);
    accepted(TRAIN_IDX.replace("@/out", "@/run"), good);
    accepted("export --model @/run --to @/ngc", good);
    accepted("export --model @/run --to @/model.nir --format nir", good);
    // Valid input is accepted; otherwise a refusal of damaged input would prove nothing. This also
    // warms up.
    Path trial = copy("trial");
    for (String command :
        List.of(
            TRAIN_IDX,
            TRAIN_GZIP.replace("@/out", "@/out2"),
            TRAIN_NPY.replace("@/out", "@/out3"),
            TRAIN_CSV.replace("@/out", "@/out4"),
            TRAIN_PICTURES.replace("@/out", "@/out5"),
            TRAIN_NMNIST.replace("@/out", "@/out6"),
            TRAIN_SHD.replace("@/out", "@/out7"),
            TRAIN_BITS.replace("@/out", "@/out8"),
            RESUME,
            EVALUATE,
            EVALUATE_NGC,
            EVALUATE_NIR,
            PREDICT + "x.png",
            PREDICT + "x.idx",
            PREDICT + "x.npy",
            REPLAY)) {
      accepted(command, trial);
    }
  }

  private static void accepted(String command, Path folder) throws Exception {
    Outcome o = once(command, folder);
    assertEquals(0, o.code(), command + ": " + o.err());
  }

  @AfterAll
  static void report() throws IOException {
    worker.shutdownNow();
    Path file = Path.of("target", "damaged-inputs.txt");
    Files.createDirectories(file.getParent());
    Files.write(file, table);
    System.out.printf(Locale.ROOT, "damaged inputs: %s; table in %s%n", counts, file);
  }

  private static List<Case> cases() throws IOException {
    Cases c = new Cases(good);
    IdxCases.add(c);
    GzipCases.add(c);
    NpyCases.add(c);
    ImageCases.add(c);
    NpzCases.add(c);
    NgcLearnCases.add(c);
    NirCases.add(c);
    FolderCases.add(c);
    EventCases.add(c);
    ConfigCases.add(c);
    CheckpointCases.add(c);
    TraceCases.add(c);
    PathCases.add(c);
    return c.all;
  }

  // ---- running

  /** Runs a command; again if it was slow, since the machine may be busy. */
  private static Outcome run(String command, Path folder) throws Exception {
    Outcome first = once(command, folder);
    return first.seconds() < MAX_SECONDS ? first : once(command, folder);
  }

  private static Outcome once(String command, Path folder) throws Exception {
    String[] args = command.split(" ");
    for (int i = 0; i < args.length; i++) {
      args[i] = args[i].replace("@", folder.toString());
    }
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return worker
        .submit(
            () -> {
              long id = Thread.currentThread().getId();
              long before = threads.getThreadAllocatedBytes(id);
              long start = System.nanoTime();
              int code = Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
              double seconds = (System.nanoTime() - start) * 1e-9;
              long allocated = threads.getThreadAllocatedBytes(id) - before;
              return new Outcome(code, out.toString(), err.toString(), seconds, allocated);
            })
        .get(120, TimeUnit.SECONDS); // a hang
  }

  private static Path copy(String name) throws IOException {
    return copy(name, null);
  }

  /** A copy of the good inputs, or of those that are named in a text. */
  private static Path copy(String name, String named) throws IOException {
    Path to = Files.createDirectory(dir.resolve(name));
    for (String top : Folders.names(good)) {
      if (named == null || named.contains(top)) {
        Folders.copy(good.resolve(top), to.resolve(top));
      }
    }
    return to;
  }

  /** Every folder, and every file with its time and content, but for the lock of a run. */
  private static Map<String, String> state(Path folder) throws IOException {
    Map<String, String> state = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : (Iterable<Path>) all.filter(p -> !p.endsWith(".lock"))::iterator) {
        String content = "folder";
        if (!Files.isDirectory(p)) {
          content = Files.isRegularFile(p) ? crc(Files.readAllBytes(p)) : "other";
          content += " " + Files.getLastModifiedTime(p);
        }
        state.put(p.toString(), content);
      }
    }
    return state;
  }

  private static void note(String group, String what, String command, String outcome) {
    counts.merge(group, 1, Integer::sum);
    String line = String.format(Locale.ROOT, "%-8s %-60s %-75s %s", group, what, command, outcome);
    table.add(line.replace('\0', '?'));
  }

  private static void assertOneLine(String err, String out) {
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.startsWith("csdp: "), err);
    assertTrue(err.length() < 1_100, err);
    assertFalse(err.contains("Exception") || err.contains("Error:"), err);
    assertFalse(err.contains("Cannot invoke"), err);
    assertFalse(out.contains("\tat "), out);
  }

  private static void assertRefused(Case c, int number) throws Exception {
    Path folder = copy("case" + number, c.what() + c.command());
    c.damage().to(folder);
    Map<String, String> before = state(folder);
    Outcome o = run(c.command(), folder);
    String seen =
        String.format(
            Locale.ROOT,
            "exit %d, %.3f s, %,d bytes: %s",
            o.code(),
            o.seconds(),
            o.allocated(),
            o.err().strip());
    assertEquals(c.exitCode(), o.code(), c.what() + ": " + seen + o.out());
    assertOneLine(o.err(), o.out());
    assertEquals(before, state(folder), "something was written");
    assertTrue(o.seconds() < MAX_SECONDS, seen);
    assertTrue(o.allocated() < MAX_ALLOCATED, seen);
    note("refused", c.what(), c.command(), "exit " + o.code());
    Folders.delete(folder);
  }

  @TestFactory
  Stream<DynamicTest> eachIsRefused() throws Exception {
    List<Case> cases = cases();
    assertTrue(cases.size() >= 200, cases.size() + " cases");
    Set<String> names = new HashSet<>();
    List<DynamicTest> tests = new ArrayList<>();
    for (Case c : cases) {
      assertTrue(names.add(c.what() + c.command()), "twice: " + c.what());
      int number = tests.size();
      tests.add(DynamicTest.dynamicTest(c.what(), () -> assertRefused(c, number)));
    }
    return tests.stream();
  }

  // ---- any bit

  /** A flipped bit may leave an input valid: it is refused in a line, or it is accepted. */
  @Test
  void anyBitFlippedIsRefusedOrAccepted() throws Exception {
    Map<String, String> commands = new LinkedHashMap<>();
    commands.put("data/t10k-images-idx3-ubyte", EVALUATE);
    commands.put("data/t10k-labels-idx1-ubyte", EVALUATE);
    commands.put("run/config.json", EVALUATE);
    commands.put("run/best/manifest.json", EVALUATE);
    commands.put("run/best/V2.npz", EVALUATE);
    commands.put("ngc/components.json", EVALUATE_NGC);
    commands.put("ngc/ops.json", EVALUATE_NGC);
    commands.put(GoodInputs.parameters(good, "W2.npz"), EVALUATE_NGC);
    commands.put("model.nir", EVALUATE_NIR);
    commands.put("shd/shd_test.h5", "data explain @/shd");
    commands.put("bits/trainBits.npy", "data explain @/bits");
    commands.put("x.png", PREDICT + "x.png");
    commands.put("x.idx", PREDICT + "x.idx");
    commands.put("x.npy", PREDICT + "x.npy");
    commands.put("trace.npz", REPLAY);
    Path folder = copy("flips");
    Map<String, String> answers = new TreeMap<>();
    Random random = new Random(SEED + 2);
    List<String> files = new ArrayList<>(commands.keySet());
    for (int k = 0; k < FLIPS; k++) {
      String file = files.get(k % files.size());
      String command = commands.get(file);
      if (!answers.containsKey(command)) {
        answers.put(command, answer(run(command, folder)));
      }
      byte[] bytes = Files.readAllBytes(folder.resolve(file));
      int at = random.nextInt(bytes.length);
      int bit = random.nextInt(8);
      String what = file + " bit " + bit + " of byte " + at + " flipped";
      Files.write(folder.resolve(file), flip(bytes, at, bit));
      Map<String, String> before = state(folder);
      Outcome o = run(command, folder);
      assertEquals(before, state(folder), what);
      assertTrue(o.seconds() < MAX_SECONDS, what + ": " + o.seconds() + " s");
      assertTrue(o.allocated() < 2 * MAX_ALLOCATED, what + ": " + o.allocated());
      if (o.code() == 0) {
        note("accepted", what, command, "exit 0");
        if (file.matches(".*(\\.npz|\\.png|manifest\\.json)")) { // these have checksums
          assertEquals(answers.get(command), answer(o), what);
        }
      } else {
        assertTrue(o.code() == 2 || o.code() == 3, what + ": " + o);
        assertOneLine(o.err(), o.out());
        note("refused", what, command, "exit " + o.code());
      }
      Files.write(folder.resolve(file), bytes);
    }
  }

  /** Returns a command's output without times. */
  private static String answer(Outcome o) {
    return o.out().replaceAll("speed.*", "");
  }

  // ---- a separate process

  private static Child process(String command, Path folder) throws Exception {
    List<String> line =
        OtherJava.command(
            List.of("-Xmx64m", "-XX:TieredStopAtLevel=1"),
            "csdp.cli.Main",
            List.of(command.replace("@", folder.toString()).split(" ")));
    return Child.run(new ProcessBuilder(line), Duration.ofSeconds(60));
  }

  /** The exit code as a shell sees it, in 64 MiB. */
  @Test
  void exitCodesOfProcesses() throws Exception {
    List<Case> all = cases();
    int found = 0;
    for (String what :
        List.of(
            GoodInputs.parameters(good, "W1.npz") + " 200 MB out of 200 KB",
            "run/config.json nested 100,000 deep",
            "run/config.json with hidden [ 30000, 30000 ]",
            "gz/train-images-idx3-ubyte.gz 200 MB out of 200 KB behind the images")) {
      Case c = all.stream().filter(k -> k.what().equals(what)).findFirst().orElseThrow();
      Path folder = copy("process" + found++);
      c.damage().to(folder);
      Child exit = process(c.command(), folder);
      assertEquals(c.exitCode(), exit.code(), exit.err());
      assertOneLine(exit.err(), "");
      note("process", what, c.command(), "exit " + exit.code());
    }
    // Nothing is damaged here: there is too little memory, and that is a line as well.
    Path folder = copy("memory");
    Map<String, String> before = state(folder);
    Child exit = process(TRAIN_IDX.replace("--hidden 6,5", "--hidden 9000"), folder);
    assertEquals(3, exit.code(), exit.err());
    assertOneLine(
        exit.err().lines().filter(l -> l.startsWith("csdp:")).findFirst().orElse("none"), "");
    assertTrue(exit.err().contains("not enough memory"), exit.err());
    assertEquals(before, state(folder));
  }
}
