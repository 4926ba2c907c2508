package csdp.system.damaged;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.OtherJava;
import csdp.cli.Main;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.io.Npz;
import csdp.io.NpzWriter;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged inputs through the command line: each is refused with exit code 2 or 3 and one line,
 * within two seconds, without much memory and without writing anything. The inputs are good ones,
 * changed from a seed; the table of all cases is written to target/damaged-inputs.txt.
 */
public class DamagedInputTest {
  private static final long SEED = 20261124;
  private static final int FLIPS = 300;
  private static final double MAX_SECONDS = 2;
  private static final long MAX_ALLOCATED = 32L << 20;
  private static final byte[] TEXT = "hello".getBytes(StandardCharsets.US_ASCII);
  private static final int SIDE = 4;
  private static final int PIXELS = SIDE * SIDE;

  // Commands; @ stands for the folder of the case.
  private static final String SMALL =
      " --hidden 6,5 --batch 4 --epochs 1 --steps 3 --device cpu --out @/out";
  private static final String TRAIN_IDX = "train --data @/data --valid 3" + SMALL;
  private static final String TRAIN_GZIP = "train --data @/gz --valid 3" + SMALL;
  private static final String TRAIN_NPY = "train --data @/npy --valid 3" + SMALL;
  private static final String RESUME = "train --resume --epochs 2 --device cpu --out @/run";
  private static final String EVALUATE = "evaluate --model @/run --data @/data --device cpu";
  private static final String EVALUATE_NGC = "evaluate --model @/ngc --data @/data --device cpu";
  private static final String PREDICT = "predict --model @/run --device cpu @/";
  private static final String REPLAY = "replay --device reference @/trace.npz";

  @TempDir static Path dir;
  private static Path good;
  private static ExecutorService worker;
  private static final List<String> table = Collections.synchronizedList(new ArrayList<>());
  private static final Map<String, Integer> counts = new TreeMap<>();

  /** Changes the input in a folder. */
  @FunctionalInterface
  private interface Damage {
    void to(Path folder) throws Exception;
  }

  private record Case(String what, String command, int exitCode, Damage damage) {}

  /** Result of a command. */
  private record Outcome(int code, String out, String err, double seconds, long allocated) {}

  // ---- good inputs

  @BeforeAll
  static void makeGoodInputs() throws Exception {
    worker = Executors.newSingleThreadExecutor();
    good = dir.resolve("good");
    Random random = new Random(SEED);
    byte[] train = pixels(14, random);
    byte[] test = pixels(6, random);
    Path data = Files.createDirectories(good.resolve("data"));
    Files.write(data.resolve("train-images-idx3-ubyte"), idx(train, 14, SIDE, SIDE));
    Files.write(data.resolve("train-labels-idx1-ubyte"), idx(classes(14), 14));
    Files.write(data.resolve("t10k-images-idx3-ubyte"), idx(test, 6, SIDE, SIDE));
    Files.write(data.resolve("t10k-labels-idx1-ubyte"), idx(classes(6), 6));
    Path gz = Files.createDirectories(good.resolve("gz"));
    for (String name : names(data)) {
      Files.write(gz.resolve(name + ".gz"), gzip(Files.readAllBytes(data.resolve(name))));
    }
    Path npy = Files.createDirectories(good.resolve("npy"));
    Npy.write(npy.resolve("trainX.npy"), new int[] {14, PIXELS}, floats(train));
    Npy.write(npy.resolve("trainY.npy"), new int[] {14, 3}, oneHot(14));
    Npy.write(npy.resolve("testX.npy"), new int[] {6, SIDE, SIDE}, test);
    Npy.write(npy.resolve("testY.npy"), new int[] {6}, new int[] {0, 1, 2, 0, 1, 2});
    Npy.write(good.resolve("x.npy"), new int[] {6, PIXELS}, floats(test));
    Files.write(good.resolve("x.idx"), idx(test, 6, SIDE, SIDE));
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setDataElements(0, 0, SIDE, SIDE, Arrays.copyOf(test, PIXELS));
    assertTrue(ImageIO.write(image, "png", good.resolve("x.png").toFile()));
    writeTrace(good.resolve("trace.npz"));
    accepted(TRAIN_IDX.replace("@/out", "@/run"), good);
    accepted("export --model @/run --to @/ngc", good);
    // Valid input is accepted; otherwise a refusal of damaged input would prove nothing. This also
    // warms up.
    Path trial = copy("trial");
    for (String command :
        List.of(
            TRAIN_IDX,
            TRAIN_GZIP.replace("@/out", "@/out2"),
            TRAIN_NPY.replace("@/out", "@/out3"),
            RESUME,
            EVALUATE,
            EVALUATE_NGC,
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

  public static byte[] pixels(int n, Random random) {
    byte[] pixels = new byte[n * PIXELS];
    random.nextBytes(pixels);
    return pixels;
  }

  public static byte[] classes(int n) {
    byte[] labels = new byte[n];
    for (int i = 0; i < n; i++) {
      labels[i] = (byte) (i % 3);
    }
    return labels;
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (bytes[i] & 0xFF) / 255f;
    }
    return values;
  }

  private static float[] oneHot(int n) {
    float[] rows = new float[3 * n];
    for (int i = 0; i < n; i++) {
      rows[3 * i + i % 3] = 1;
    }
    return rows;
  }

  public static byte[] idx(byte[] values, int... dims) {
    ByteBuffer out = ByteBuffer.allocate(4 + 4 * dims.length + values.length);
    out.putInt(0x800 + dims.length);
    for (int d : dims) {
      out.putInt(d);
    }
    return out.put(values).array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      gz.write(bytes);
    }
    return out.toByteArray();
  }

  /** A recorded run in which nothing spikes. */
  private static void writeTrace(Path file) throws IOException {
    Constants c = Constants.demo().withSteps(3);
    NetworkSpec spec = NetworkSpec.builder(PIXELS, 3).hidden(5, 4).constants(c).build();
    Parameters p = Parameters.random(spec, 1);
    try (NpzWriter out = new NpzWriter(file)) {
      out.add("meta/T", new int[0], new float[] {3});
      out.add("meta/eta", new int[0], new float[] {0.001f});
      out.add("meta/w_decay", new int[0], new float[] {0.0001f});
      for (Synapse s : spec.synapses()) {
        out.add("init/" + s.name(), new int[] {s.pre().units(), s.post().units()}, p.weights(s));
      }
      for (Population pop : spec.integrating()) {
        out.add("init/" + pop.name() + "_thr", new int[] {pop.units()}, p.thresholds(pop));
      }
      out.add("train/0/s0", new int[] {3, 4, PIXELS}, new byte[3 * 4 * PIXELS]);
      out.add("train/0/y", new int[] {4, 3}, oneHot(4));
      out.add("train/0/positive", new int[] {4}, new int[] {1, 1, 0, 0});
      out.add("train/0/s_z1", new int[] {3, 4, 5}, new byte[3 * 4 * 5]);
      Synapse w1 = spec.synapses().get(0);
      float[] clipped = p.weights(w1); // in (-1, 1) from the start: without spikes they stay
      out.add("final/W1", new int[] {PIXELS, 5}, clipped);
    }
  }

  // ---- running

  /** Runs a command; once more where it took long, for the machine may have been held up. */
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
    for (String top : names(good)) {
      if (named == null || named.contains(top)) {
        try (Stream<Path> all = Files.walk(good.resolve(top))) {
          for (Path p : (Iterable<Path>) all::iterator) {
            Files.copy(p, to.resolve(good.relativize(p).toString()));
          }
        }
      }
    }
    return to;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.sorted(Collections.reverseOrder()).toList()) {
        Files.delete(p);
      }
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
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
    assertEquals(c.exitCode(), o.code(), seen + o.out());
    assertOneLine(o.err(), o.out());
    assertEquals(before, state(folder), "something was written");
    assertTrue(o.seconds() < MAX_SECONDS, seen);
    assertTrue(o.allocated() < MAX_ALLOCATED, seen);
    note("refused", c.what(), c.command(), "exit " + o.code());
    delete(folder);
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

  // ---- the cases

  private static final class Cases {
    final List<Case> all = new ArrayList<>();
    final Random random = new Random(SEED + 1);
    String command;

    void add(String what, Damage damage) {
      all.add(new Case(what, command, 2, damage));
    }

    /** A file with other bytes. */
    void bytes(String file, String how, UnaryOperator<byte[]> change) {
      add(file + " " + how, folder -> edit(folder.resolve(file), change));
    }

    /** A file cut at places drawn from the seed, never whole. */
    void truncated(String file, int times) throws IOException {
      int length = (int) Files.size(good.resolve(file));
      Set<Integer> cuts = new HashSet<>();
      while (cuts.size() < Math.min(times, length - 1)) {
        int cut = 1 + random.nextInt(length - 1);
        if (cuts.add(cut)) {
          bytes(file, "cut after " + cut + " of " + length, b -> Arrays.copyOf(b, cut));
        }
      }
      bytes(file, "empty", b -> new byte[0]);
    }

    /** Flipped bits in a part of a file where every bit counts. */
    void flipped(String file, int from, int to, int times) {
      for (int k = 0; k < times; k++) {
        int at = from + random.nextInt(to - from);
        int bit = random.nextInt(8);
        bytes(
            file, "bit " + bit + " of byte " + at + " flipped (" + k + ")", b -> flip(b, at, bit));
      }
    }

    void text(String file, String how, String regex, String replacement) {
      add(
          file + " " + how,
          folder -> {
            Path path = folder.resolve(file);
            String before = Files.readString(path);
            String after = before.replaceFirst(regex, replacement);
            assertNotEquals(before, after, regex + " is not in " + before);
            Files.writeString(path, after);
          });
    }

    void content(String file, String how, String content) {
      add(file + " " + how, folder -> Files.writeString(folder.resolve(file), content));
    }

    void missing(String... files) {
      for (String file : files) {
        add(file + " missing", folder -> Files.delete(folder.resolve(file)));
      }
    }

    void npy(String file, String how, int[] shape, Object data) {
      add(file + " " + how, folder -> Npy.write(folder.resolve(file), shape, data));
    }

    /** An array of an .npz in place of another; of a checkpoint, with its checksums mended. */
    void npz(String file, String how, String array, int[] shape, Object data) {
      add(file + " " + how, folder -> replaceArray(folder.resolve(file), array, shape, data));
    }
  }

  private static byte[] flip(byte[] bytes, int at, int bit) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= (byte) (1 << bit);
    return flipped;
  }

  private static void edit(Path file, UnaryOperator<byte[]> change) throws IOException {
    byte[] before = Files.readAllBytes(file);
    byte[] after = change.apply(before.clone());
    assertFalse(Arrays.equals(before, after), "nothing was damaged");
    Files.write(file, after);
  }

  private static byte[] put(byte[] bytes, int at, int value) {
    ByteBuffer.wrap(bytes).putInt(at, value);
    return bytes;
  }

  private static byte[] longer(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  private static List<Case> cases() throws Exception {
    Cases c = new Cases();
    idxCases(c);
    gzipCases(c);
    npyCases(c);
    imageCases(c);
    ngcCases(c);
    configCases(c);
    checkpointCases(c);
    traceCases(c);
    pathCases(c);
    return c.all;
  }

  private static void idxCases(Cases c) throws IOException {
    c.command = TRAIN_IDX;
    for (String name : names(good.resolve("data"))) {
      String file = "data/" + name;
      c.truncated(file, 4);
      c.bytes(file, "with a byte too many", DamagedInputTest::longer);
      c.flipped(file, 0, 4, 2);
      boolean images = name.contains("images");
      for (int d = 0; d < (images ? 3 : 1); d++) {
        for (int size : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 7_777}) {
          int at = 4 + 4 * d;
          c.bytes(file, "size " + d + " is " + size, b -> put(b, at, size));
        }
      }
      c.missing(file);
    }
    c.bytes("data/train-labels-idx1-ubyte", "one label short", b -> idx(classes(13), 13));
    c.bytes("data/train-labels-idx1-ubyte", "one class only", b -> idx(new byte[14], 14));
    c.bytes(
        "data/train-images-idx3-ubyte",
        "too many pixels",
        b -> idx(new byte[14 * 201 * 200], 14, 201, 200));
    c.add(
        "IDX and .npy in one folder",
        f -> Files.copy(f.resolve("npy/trainX.npy"), f.resolve("data/trainX.npy")));
    c.command = TRAIN_IDX.replace("--valid 3", "--valid 14");
    c.add("no training image left", f -> {});
    c.command = EVALUATE;
    c.bytes("data/t10k-labels-idx1-ubyte", "a label beyond the model's classes", b -> put6(b, 3));
    c.bytes(
        "data/t10k-images-idx3-ubyte",
        "of another size than the model's",
        b -> idx(new byte[6 * 25], 6, 5, 5));
  }

  private static byte[] put6(byte[] labels, int value) {
    labels[8 + 5] = (byte) value;
    return labels;
  }

  private static void gzipCases(Cases c) throws IOException {
    c.command = TRAIN_GZIP;
    String file = "gz/train-images-idx3-ubyte.gz";
    int length = (int) Files.size(good.resolve(file));
    c.truncated(file, 10);
    c.truncated("gz/t10k-labels-idx1-ubyte.gz", 4);
    c.flipped(file, 0, 3, 3); // magic and method
    c.flipped(file, 10, length - 8, 8); // what is packed: its checksum tells
    c.flipped(file, length - 8, length, 4); // the checksum and the size
    c.bytes(file, "packed twice", b -> unchecked(() -> gzip(b)));
    c.bytes(file, "a text", b -> unchecked(() -> gzip(TEXT)));
    c.bytes(file, "with a byte too many", b -> unchecked(() -> gzip(longer(trainImages()))));
    c.bytes(
        file,
        "200 MB out of 200 KB, as the header says",
        b -> unchecked(() -> gzip(idx(new byte[0], 250_000, 28, 28), 196_000_000)));
    c.bytes(
        file,
        "200 MB out of 200 KB behind the images",
        b -> unchecked(() -> gzip(trainImages(), 196_000_000)));
    c.bytes(
        file,
        "2 GB declared, little there",
        b -> unchecked(() -> gzip(idx(new byte[9], 2_700_000, 28, 28))));
    c.bytes(
        "gz/train-labels-idx1-ubyte.gz",
        "200 MB out of 200 KB",
        b -> unchecked(() -> gzip(idx(new byte[0], 196_000_000), 196_000_000)));
  }

  private static byte[] trainImages() throws IOException {
    return Files.readAllBytes(good.resolve("data/train-images-idx3-ubyte"));
  }

  /** Bytes and then zeros, packed. */
  private static byte[] gzip(byte[] start, int zeros) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      gz.write(start);
      zeros(gz, zeros);
    }
    return out.toByteArray();
  }

  private static void zeros(java.io.OutputStream out, int n) throws IOException {
    byte[] block = new byte[1 << 16];
    for (int left = n; left > 0; left -= block.length) {
      out.write(block, 0, Math.min(left, block.length));
    }
  }

  private interface Bytes {
    byte[] get() throws IOException;
  }

  private static byte[] unchecked(Bytes bytes) {
    try {
      return bytes.get();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The header of an .npy with another text of the same length. */
  private static byte[] header(byte[] npy, String from, String to) {
    int length = (npy[8] & 0xFF) + 256 * (npy[9] & 0xFF);
    String text = new String(npy, 10, length, StandardCharsets.ISO_8859_1);
    assertTrue(text.contains(from), text);
    String changed = text.replace(from, to);
    byte[] padded =
        Arrays.copyOf(changed.stripTrailing().getBytes(StandardCharsets.ISO_8859_1), length);
    Arrays.fill(padded, changed.stripTrailing().length(), length - 1, (byte) ' ');
    padded[length - 1] = '\n';
    System.arraycopy(padded, 0, npy, 10, length);
    return npy;
  }

  private static final String[][] HEADERS = {
    {"<f4", "<f2", "half floats"},
    {"<f4", "<c8", "complex numbers"},
    {"<f4", "|O", "Python objects"},
    {"<f4", "|S4", "strings"},
    {"<f4", "<M8[D]", "dates"},
    {"<f4", ">i3", "no such type"},
    {"'<f4'", "[('a', '<f4')]", "records"},
    {"<f4", "<f8", "longer elements than there are"},
    {"<f4", "<i8", "wide integers"},
    {"False", "Maybe", "neither order"},
    {"'fortran_order': False, ", "", "no order"},
    {"shape", "shade", "no shape"},
    {"descr", "descn", "no type"},
    {"(14, ", "(-14, ", "negative size"},
    {"(14, ", "(2147483647, ", "size of 2^31"},
    {"(14, ", "(99999999999, ", "size beyond 2^31"},
    {"(14, ", "(14.5, ", "half an image"},
    {"(14, ", "(0, ", "size 0"},
    {"(14, ", "(140, ", "ten times as many"},
    {"(14, ", "(13, ", "fewer than there are"},
    {"(14, ", "[14, ", "no tuple"},
    {"(14, ", "(14\n\u001b[31m, ", "a line break and an escape in the shape"},
    {"{", "(", "no dictionary"},
  };

  private static void npyCases(Cases c) throws IOException {
    c.command = TRAIN_NPY;
    String x = "npy/trainX.npy";
    String y = "npy/trainY.npy";
    c.truncated(x, 8);
    c.truncated(y, 4);
    c.bytes(x, "with a byte too many", DamagedInputTest::longer);
    c.flipped(x, 0, 6, 3);
    c.bytes(x, "of version 9", b -> set(b, 6, 9));
    c.bytes(x, "with a header of 64 KiB", b -> set(set(b, 8, 255), 9, 255));
    for (String[] h : HEADERS) {
      for (String file : h[1].equals("<i8") ? List.of(x) : List.of(x, y)) {
        c.bytes(file, "with " + h[2], b -> header(b, h[0], h[1]));
      }
    }
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -0.01f, 1.01f, 1e30f}) {
      float[] images = floats(new byte[14 * PIXELS]);
      images[c.random.nextInt(images.length)] = bad;
      c.npy(x, "with a pixel " + bad, new int[] {14, PIXELS}, images);
      float[] labels = oneHot(14);
      labels[c.random.nextInt(labels.length)] = bad;
      c.npy(y, "with a one-hot value " + bad, new int[] {14, 3}, labels);
    }
    for (int bad : new int[] {-1, 256, 30_000, 70_000, Integer.MIN_VALUE}) {
      int[] labels = new int[14];
      labels[3] = 1;
      labels[c.random.nextInt(14)] = bad;
      c.npy(y, "with the label " + bad, new int[] {14}, labels);
    }
    for (double bad : new double[] {0.5, Double.NaN, 1e300}) {
      double[] labels = new double[14];
      labels[3] = bad;
      c.npy(y, "with the label " + bad, new int[] {14}, labels);
    }
    c.npy(y, "with two ones in a row", new int[] {14, 3}, filled(42, 1));
    c.npy(y, "with no one in a row", new int[] {14, 3}, filled(42, 0));
    c.npy(y, "one class only", new int[] {14}, new int[14]);
    c.npy(y, "without labels", new int[] {0}, new int[0]);
    c.npy(y, "of three dimensions", new int[] {14, 1, 1}, new int[14]);
    c.npy(y, "a number", new int[0], new int[1]);
    c.npy(y, "one label short", new int[] {13}, new int[] {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0});
    c.npy(x, "without images", new int[] {0, PIXELS}, new float[0]);
    c.npy(x, "without pixels", new int[] {14, 0}, new float[0]);
    c.npy(x, "of one dimension", new int[] {14}, new float[14]);
    c.npy(x, "of five dimensions", new int[] {14, 1, 1, 4, 4}, new float[14 * PIXELS]);
    c.npy(x, "of colours", new int[] {14, 2, 2, 4}, new float[14 * PIXELS]);
    for (int bad : new int[] {-1, 1, 256}) {
      int[] images = new int[14 * PIXELS];
      images[c.random.nextInt(images.length)] = bad;
      c.npy(x, "of int with " + bad, new int[] {14, PIXELS}, images);
    }
    byte[] bits = new byte[14 * PIXELS];
    bits[5] = 1;
    c.npy(x, "of bytes 0 and 1", new int[] {14, PIXELS}, bits);
    c.npy("npy/testX.npy", "of another size", new int[] {6, 25}, new float[150]);
    c.npy(
        "npy/testY.npy", "beyond the one-hot columns", new int[] {6}, new int[] {0, 1, 2, 3, 0, 1});
    c.missing(x, y, "npy/testX.npy", "npy/testY.npy");
  }

  private static byte[] set(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
    return bytes;
  }

  private static float[] filled(int n, float value) {
    float[] a = new float[n];
    Arrays.fill(a, value);
    return a;
  }

  private static void imageCases(Cases c) throws IOException {
    c.command = PREDICT + "x.png";
    int length = (int) Files.size(good.resolve("x.png"));
    c.truncated("x.png", 8);
    c.flipped("x.png", 0, 8, 3); // signature
    c.flipped("x.png", 12, length, 10); // chunks: their checksums tell
    for (int size : new int[] {0, -1, 5, Integer.MAX_VALUE}) {
      c.bytes("x.png", "of width " + size, b -> mended(put(b, 16, size)));
      c.bytes("x.png", "of height " + size, b -> mended(put(b, 20, size)));
    }
    c.bytes("x.png", "of 3 bits", b -> mended(set(b, 24, 3)));
    c.bytes("x.png", "of colour type 5", b -> mended(set(b, 25, 5)));
    c.bytes("x.png", "of compression 1", b -> mended(set(b, 26, 1)));
    c.bytes("x.png", "of interlace 7", b -> mended(set(b, 28, 7)));
    c.bytes("x.png", "of palette colours without a palette", b -> mended(set(b, 25, 3)));
    c.bytes("x.png", "without pixels", b -> png(new byte[0]));
    c.bytes("x.png", "with half of the rows", b -> png(new byte[2 * (SIDE + 1)]));
    c.bytes("x.png", "with filters that there are not", b -> png(new byte[] {9, 0, 0, 0, 0, 9}));
    c.content("x.png", "a text", "hello");
    c.bytes("x.png", "a JPEG by its first bytes", b -> put(b, 0, 0xFFD8FFE0));
    c.command = PREDICT + "x.idx";
    c.truncated("x.idx", 3);
    c.bytes("x.idx", "without images", b -> idx(new byte[0], 0, SIDE, SIDE));
    c.bytes("x.idx", "labels", b -> idx(new byte[6], 6));
    c.bytes("x.idx", "of another size", b -> idx(new byte[6 * 15], 6, 3, 5));
    c.command = PREDICT + "x.npy";
    c.truncated("x.npy", 3);
    c.npy("x.npy", "without images", new int[] {0, PIXELS}, new float[0]);
    c.npy("x.npy", "of another size", new int[] {6, 15}, new float[90]);
    c.npy("x.npy", "with NaN", new int[] {1, PIXELS}, filled(PIXELS, Float.NaN));
    c.npy("x.npy", "with 255", new int[] {1, PIXELS}, filled(PIXELS, 255));
  }

  /** A PNG with the checksum of its IHDR made right. */
  private static byte[] mended(byte[] png) {
    CRC32 crc = new CRC32();
    crc.update(png, 12, 17);
    return put(png, 29, (int) crc.getValue());
  }

  /** A grey PNG of the usual size whose rows, filter bytes included, are these bytes. */
  private static byte[] png(byte[] rows) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    ByteBuffer out = ByteBuffer.allocate(4096);
    try (DeflaterOutputStream z = new DeflaterOutputStream(packed)) {
      z.write(rows);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    out.putLong(0x89504E470D0A1A0AL);
    byte[] size = new byte[13];
    ByteBuffer.wrap(size).putInt(SIDE).putInt(SIDE).put((byte) 8);
    chunk(out, "IHDR", size);
    chunk(out, "IDAT", packed.toByteArray());
    chunk(out, "IEND", new byte[0]);
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void chunk(ByteBuffer out, String type, byte[] data) {
    out.putInt(data.length);
    int from = out.position();
    out.put(type.getBytes(StandardCharsets.ISO_8859_1)).put(data);
    CRC32 crc = new CRC32();
    crc.update(out.duplicate().flip().position(from));
    out.putInt((int) crc.getValue());
  }

  private static String parameters(String file) throws IOException {
    for (String name : names(good.resolve("ngc"))) {
      if (name.startsWith("best_params")) {
        return "ngc/" + name + "/" + file;
      }
    }
    throw new AssertionError("no parameters");
  }

  private static void ngcCases(Cases c) throws IOException {
    c.command = EVALUATE_NGC;
    String w1 = parameters("W1.npz");
    String z1 = parameters("z1.npz");
    int[] shape = {PIXELS, 6};
    int length = (int) Files.size(good.resolve(w1));
    c.truncated(w1, 8);
    c.truncated(z1, 4);
    c.missing(w1, z1, parameters("C2.npz"), parameters("zy.npz"), parameters("M2.npz"));
    c.flipped(w1, 0x100, 0x100 + 4 * 60, 8); // weights: the archive's checksum tells
    for (float bad :
        new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f, -1.5f}) {
      float[] weights = new float[PIXELS * 6];
      weights[c.random.nextInt(weights.length)] = bad;
      c.npz(w1, "with a weight " + bad, "weights", shape, weights);
      if (!(Math.abs(bad) <= Float.MAX_VALUE)) {
        c.npz(z1, "with a threshold " + bad, "threshold", new int[] {1, 6}, filled(6, bad));
      }
    }
    c.npz(w1, "transposed", "weights", new int[] {6, PIXELS}, new float[PIXELS * 6]);
    c.npz(w1, "flat", "weights", new int[] {PIXELS * 6}, new float[PIXELS * 6]);
    c.npz(w1, "of one column more", "weights", new int[] {PIXELS, 7}, new float[PIXELS * 7]);
    c.npz(w1, "of whole numbers", "weights", shape, filledInts(PIXELS * 6, 7));
    c.npz(w1, "with another array only", "bias", shape, new float[PIXELS * 6]);
    byte[] array = npyBytes(new float[PIXELS * 6], shape);
    for (String name :
        List.of(
            "../weights.npy", "/weights.npy", "a/../../weights.npy", "C:\\weights.npy", "..\\x")) {
      c.bytes(w1, "with an entry " + name, b -> zip(true, name, array));
    }
    c.bytes(
        w1,
        "with an entry twice",
        b -> twice(zip(false, "weights.npy", array, "weightz.npy", array)));
    c.bytes(w1, "an archive without entries", b -> zip(true));
    c.bytes(w1, "with a text as array", b -> zip(true, "weights.npy", TEXT));
    c.bytes(w1, "with objects", b -> zip(true, "weights.npy", header(array.clone(), "<f4", "|O")));
    c.bytes(
        w1, "with half floats", b -> zip(true, "weights.npy", header(array.clone(), "<f4", "<f2")));
    c.bytes(
        w1,
        "declares 8 GB",
        b -> zip(true, "weights.npy", header(array.clone(), "(16, 6)", "(2000000000, 6)")));
    c.bytes(
        w1,
        "declares 40000 units",
        b -> zip(true, "weights.npy", header(array.clone(), "6)", "40000)")));
    c.bytes(w1, "200 MB out of 200 KB", b -> bomb(array, 196_000_000));
    c.bytes(w1, "40 MB out of 40 KB behind the weights", b -> bomb(array, 40_000_000));
    c.bytes(w1, "encrypted, as it says", b -> central(b, 8, 1));
    c.bytes(w1, "packed in a way that there is not", b -> central(b, 10, 99));
    c.bytes(w1, "with a size of 4 GB", b -> central(b, 24, -2));
    c.bytes(w1, "with a packed size of 4 GB", b -> central(b, 20, -2));
    c.bytes(w1, "with an offset beyond its end", b -> central(b, 42, length));
    c.bytes(w1, "an .npy", b -> array);
    c.add(
        w1 + " a folder",
        f -> {
          Files.delete(f.resolve(w1));
          Files.createDirectory(f.resolve(w1));
        });

    String components = "ngc/components.json";
    jsonCases(c, components);
    c.content(components, "without components", "{\"parts\": {}}");
    c.text(
        components, "an unknown field of a component", "\"kwargs\": \\{", "\"kwargs\": {\"x\": 3,");
    c.text(components, "a field twice", "\"n_units\": 16", "\"n_units\": 16, \"n_units\": 16");
    c.text(components, "another class", "\"SLIFCell\"", "\"LIFCell\"");
    c.text(
        components,
        "a component more",
        "\"components\": \\{",
        "\"components\": {\"/Circuit/Q\": {\"class\": \"Q\", \"kwargs\": {}},");
    c.text(components, "a component less", "/Circuit/z2\"", "/Circuit/q2\"");
    for (String units :
        List.of(
            "0",
            "-6",
            "7",
            "30000",
            "40001",
            "2147483648",
            "1e9",
            "\"6\"",
            "6.5",
            "true",
            "null",
            "[6]",
            "{}")) {
      c.text(
          components, "with n_units " + units, "(/Circuit/z1\"[^}]*\"n_units\": )6", "$1" + units);
    }
    for (String tau : List.of("0", "-1", "1e999", "NaN", "\"100\"", "null", "1e-999")) {
      c.text(components, "with tau_m " + tau, "(/Circuit/z1\"[^}]*\"tau_m\": )[0-9.]+", "$1" + tau);
    }
    c.text(components, "with other bounds", "\"w_bound\": 1.0", "\"w_bound\": 2.0");
    jsonCases(c, "ngc/ops.json");
    c.content("ngc/ops.json", "an object", "{}");
    c.text("ngc/ops.json", "another wire", "z1/s", "z2/s");
    c.text("ngc/ops.json", "a wire that goes nowhere", "\"zy/j\"", "\"zq/j\"");
    c.add("two parameter folders", f -> Files.createDirectory(f.resolve("ngc/best_params77")));
    c.add(
        "no parameter folder", f -> Files.move(f.resolve(w1).getParent(), f.resolve("ngc/other")));
  }

  /** Damages of any JSON file. */
  private static void jsonCases(Cases c, String file) throws IOException {
    c.truncated(file, 5);
    c.content(file, "null", "null");
    c.content(file, "a number", "7");
    c.content(file, "a string of control characters", "\"\\u001b[31m\\n\\u0000\"");
    c.content(file, "nested 100,000 deep", "[".repeat(100_000));
    c.content(file, "nested 100,000 deep in a field", "{\"run\":" + "{\"a\":".repeat(100_000));
    c.content(file, "8 MiB of spaces", " ".repeat(8 << 20) + "{}");
    c.content(file, "a number of 100,000 digits", "{\"run\": " + "9".repeat(100_000) + "}");
    c.content(file, "an unknown field with a long name", "{\"" + "a".repeat(40_000) + "\": 1}");
    c.bytes(file, "not UTF-8", b -> set(b, b.length / 2, 0xFF));
    c.bytes(file, "with something behind it", b -> set(longer(b), b.length, '}'));
    c.add(
        file + " a folder",
        f -> {
          Files.delete(f.resolve(file));
          Files.createDirectory(f.resolve(file));
        });
  }

  private static int[] filledInts(int n, int value) {
    int[] a = new int[n];
    Arrays.fill(a, value);
    return a;
  }

  private static byte[] npyBytes(Object data, int... shape) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(out, shape, data);
    return out.toByteArray();
  }

  private static byte[] zip(boolean deflate, Object... namesAndBytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(deflate ? Deflater.BEST_COMPRESSION : Deflater.NO_COMPRESSION);
      for (int i = 0; i < namesAndBytes.length; i += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndBytes[i]));
        zip.write((byte[]) namesAndBytes[i + 1]);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] twice(byte[] zip) {
    String text = new String(zip, StandardCharsets.ISO_8859_1);
    return text.replace("weightz", "weights").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** An entry of an array and then zeros. */
  private static byte[] bomb(byte[] array, int zeros) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(Deflater.BEST_COMPRESSION);
      zip.putNextEntry(new ZipEntry("weights.npy"));
      zip.write(array);
      zeros(zip, zeros);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** Another value, two or four bytes, in the first entry of an archive's directory. */
  private static byte[] central(byte[] zip, int offset, int value) {
    ByteBuffer b = ByteBuffer.wrap(zip).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (b.getInt(at) != 0x02014b50) {
      at++;
    }
    if (offset < 16) {
      b.putShort(at + offset, (short) value);
    } else {
      b.putInt(at + offset, value);
    }
    return zip;
  }

  private static void configCases(Cases c) throws IOException {
    c.command = EVALUATE;
    String config = "run/config.json";
    jsonCases(c, config);
    c.text(config, "an unknown field", "\"network\"", "\"width\" : 3, \"network\"");
    c.text(config, "an unknown field at the top", "\\{", "{ \"x\" : 3,");
    c.text(
        config,
        "a class of its own",
        "\"network\" : \\{",
        "\"network\" : { \"@class\" : \"java.net.URL\",");
    c.text(config, "a field twice", "\"steps\" : 3", "\"steps\" : 3, \"steps\" : 3");
    for (String field :
        List.of(
            "csdp4j",
            "seen",
            "run",
            "network",
            "training",
            "data",
            "constants",
            "hidden",
            "supervised",
            "steps",
            "dt",
            "batch",
            "width",
            "classes",
            "train",
            "test",
            "sha256")) {
      c.text(config, "without " + field, "\"" + field + "\" :", "\"" + field + "s\" :");
      if (!field.equals("test")) { // a run may have no test images
        c.add(config + " with null for " + field, f -> nulled(f.resolve(config), field));
      }
    }
    for (String v :
        List.of(
            "[ ]",
            "[ 0 ]",
            "[ -6, 5 ]",
            "[ 30000, 30000 ]",
            "[ 6, 5, 4 ]",
            "[ 6.5, 5 ]",
            "[ null, 5 ]",
            "[ \"6\", 5 ]",
            "[ [ 6 ], 5 ]",
            "6",
            "\"6,5\"",
            "[ 2147483648, 5 ]")) {
      c.text(config, "with hidden " + v, "\"hidden\" : \\[[^]]*]", "\"hidden\" : " + v);
    }
    for (String v :
        List.of("0", "-3", "10001", "2147483648", "1e9", "3.5", "\"3\"", "true", "[ 3 ]")) {
      c.text(config, "with steps " + v, "\"steps\" : 3", "\"steps\" : " + v);
    }
    for (String v : List.of("0", "-3.0", "1e999", "-1e999", "NaN", "\"NaN\"", "\"3\"", "99")) {
      c.text(config, "with dt " + v, "\"dt\" : 3.0", "\"dt\" : " + v);
    }
    for (String v : List.of("0", "-4", "5", "65536", "2147483647")) {
      c.text(config, "with images of width " + v, "\"width\" : 4", "\"width\" : " + v);
    }
    c.text(
        config,
        "with images of -4 x -4",
        "\"width\" : 4,(\\s*)\"height\" : 4",
        "\"width\" : -4,$1\"height\" : -4");
    for (String v : List.of("0", "-1", "4", "40001")) {
      c.text(config, "with classes " + v, "\"classes\" : 3", "\"classes\" : " + v);
    }
    for (String v : List.of("0", "-1", "100001")) {
      c.text(config, "with batch " + v, "\"batch\" : 4", "\"batch\" : " + v);
    }
    c.text(config, "with a negative learning rate", "\"learningRate\" : ", "\"learningRate\" : -");
    for (String v : List.of("-0.1", "2", "\"0.1\"", "NaN", "[ 0.1 ]")) {
      c.text(config, "with ink " + v, "\"mean\" : [0-9.]+", "\"mean\" : " + v);
    }
    c.text(config, "with a hash that is none", "\"sha256\" : \"[0-9a-f]{4}", "\"sha256\" : \"nope");
    c.text(config, "with no images", "\"images\" : [0-9]+", "\"images\" : 0");
    c.command = "evaluate --model @/run --device cpu";
    c.text(config, "with a path that is none", "\"trainX\" : null", "\"trainX\" : \"a\\\\u0000b\"");
    c.text(
        config,
        "with data that is nowhere",
        "\"name\" : \"[^\"]*/data\"",
        "\"name\" : \"nowhere\"");
    c.all.add(
        new Case(
            config + " with data of other content",
            c.command,
            3,
            f -> {
              Path path = f.resolve(config);
              String moved = f.resolve("data").toString();
              String text = Files.readString(path);
              Files.writeString(path, text.replace(good.resolve("data").toString(), moved));
              edit(f.resolve("data/t10k-images-idx3-ubyte"), b -> flip(b, 20, 3));
            }));
  }

  /** A JSON file with null for the first field of a name. */
  private static void nulled(Path file, String field) throws IOException {
    ObjectNode root = (ObjectNode) Json.tree(file);
    ObjectNode parent = root.findParent(field);
    parent.putNull(field);
    Files.write(file, Json.bytes(root));
  }

  private static void checkpointCases(Cases c) throws IOException {
    c.command = EVALUATE;
    for (String file : List.of("run/best/W1.npz", "run/best/M2.npz", "run/best/zy.npz")) {
      c.truncated(file, 3);
      c.flipped(file, 0, (int) Files.size(good.resolve(file)), 6);
      c.missing(file);
    }
    jsonCases(c, "run/best/manifest.json");
    c.missing("run/config.json");
    c.text("run/best/manifest.json", "of another format", "\"format\" : 1", "\"format\" : 2");
    c.text(
        "run/best/manifest.json",
        "with other counts",
        "\"plasticitySteps\" : 9",
        "\"plasticitySteps\" : 8");
    c.npz(
        "run/best/W1.npz",
        "with NaN and right checksums",
        "weights",
        new int[] {PIXELS, 6},
        filled(PIXELS * 6, Float.NaN));
    c.npz(
        "run/best/W1.npz",
        "of other units and right checksums",
        "weights",
        new int[] {PIXELS, 7},
        new float[PIXELS * 7]);
    signed(c, "run/best", "manifest.json", "negative steps", m -> m.put("plasticitySteps", -1));
    signed(c, "run/best", "manifest.json", "of another network", m -> m.put("network", "16-9-3"));
    signed(c, "run/best", "manifest.json", "with files null", m -> m.putNull("files"));

    c.command = RESUME;
    for (String file : List.of("run/last/adam/W1.npz", "run/last/state.json")) {
      c.truncated(file, 2);
      c.flipped(file, 0, (int) Files.size(good.resolve(file)), 4);
      c.missing(file);
    }
    String last = "run/last";
    int[] shape = {PIXELS, 6};
    c.npz(
        "run/last/adam/W1.npz", "with negative second moments", "v", shape, filled(PIXELS * 6, -1));
    c.npz(
        "run/last/adam/W1.npz",
        "with infinite first moments",
        "m",
        shape,
        filled(PIXELS * 6, Float.POSITIVE_INFINITY));
    signed(c, last, "manifest.json", "without moments", m -> m.put("moments", false));
    signed(c, last, "state.json", "epoch -1", s -> s.put("epoch", -1));
    signed(c, last, "state.json", "99 batches done", s -> s.put("batch", 99));
    signed(c, last, "state.json", "accuracy 7", s -> s.put("bestAccuracy", 7));
    signed(c, last, "state.json", "a best epoch to come", s -> s.put("bestEpoch", 7));
    signed(c, last, "state.json", "no tally", s -> s.putNull("tally"));
    signed(c, last, "state.json", "no history", s -> s.putNull("history"));
    signed(c, last, "state.json", "an empty history", s -> s.putArray("history"));
    signed(
        c,
        last,
        "state.json",
        "null in the history",
        s -> s.withArray("history").removeAll().addNull().addNull());
    signed(
        c,
        last,
        "state.json",
        "a tally of one class",
        s -> s.withObject("/tally").putArray("confusion").addArray().add(1));
    signed(
        c,
        last,
        "state.json",
        "a tally without spikes",
        s -> s.withObject("/tally").putNull("spikes"));
    signed(c, last, "state.json", "an unknown field", s -> s.put("x", 1));
  }

  private interface Change {
    void to(ObjectNode node);
  }

  /** A JSON file of a checkpoint with another content and checksums that fit: a forgery. */
  private static void signed(Cases c, String checkpoint, String file, String how, Change change) {
    c.add(
        checkpoint + "/" + file + " " + how + " and right checksums",
        f -> {
          Path folder = f.resolve(checkpoint);
          ObjectNode node = (ObjectNode) Json.tree(folder.resolve(file));
          change.to(node);
          Files.write(folder.resolve(file), Json.bytes(node));
          sign(folder, file);
        });
  }

  /** Makes the checksums of a checkpoint right again after a change of a file. */
  private static void sign(Path checkpoint, String file) throws IOException {
    Path path = checkpoint.resolve("manifest.json");
    ObjectNode manifest = (ObjectNode) Json.tree(path);
    if (!file.equals("manifest.json")) {
      byte[] bytes = Files.readAllBytes(checkpoint.resolve(file));
      ObjectNode sum = (ObjectNode) manifest.get("files").get(file);
      sum.put("bytes", bytes.length).put("crc32", crc(bytes));
    }
    manifest.put("check", "");
    Files.write(path, Json.bytes(manifest.put("check", crc(Json.bytes(manifest)))));
  }

  private static String crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }

  private static void replaceArray(Path file, String array, int[] shape, Object data)
      throws IOException {
    Map<String, Object[]> arrays = new LinkedHashMap<>();
    try (Npz npz = Npz.open(file)) {
      for (String name : npz.names()) {
        arrays.put(name, new Object[] {npz.array(name).shape(), npz.array(name).data()});
      }
    }
    if (!arrays.containsKey(array) && arrays.size() == 1) {
      arrays.clear();
    }
    arrays.put(array, new Object[] {shape, data});
    try (NpzWriter out = new NpzWriter(file)) {
      for (Map.Entry<String, Object[]> e : arrays.entrySet()) {
        out.add(e.getKey(), (int[]) e.getValue()[0], e.getValue()[1]);
      }
    }
    Path folder = file.getParent();
    String name = file.getFileName().toString();
    if (folder.endsWith("adam")) {
      sign(folder.getParent(), "adam/" + name);
    } else if (Files.exists(folder.resolve("manifest.json"))) {
      sign(folder, name);
    }
  }

  private static void traceCases(Cases c) throws IOException {
    c.command = REPLAY;
    c.truncated("trace.npz", 5);
    for (float v : new float[] {0, -1, 20_000, 1e9f, Float.NaN, Float.POSITIVE_INFINITY}) {
      c.npz("trace.npz", "of T " + v, "meta/T", new int[0], new float[] {v});
    }
    for (float v : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      c.npz("trace.npz", "of eta " + v, "meta/eta", new int[0], new float[] {v});
    }
    c.npz("trace.npz", "with two etas", "meta/eta", new int[] {2}, new float[2]);
    float[] weights = new float[PIXELS * 5];
    weights[7] = Float.NaN;
    c.npz("trace.npz", "with a weight NaN", "init/W1", new int[] {PIXELS, 5}, weights);
    c.npz("trace.npz", "with a threshold NaN", "init/z1_thr", new int[] {5}, filled(5, Float.NaN));
    c.npz(
        "trace.npz", "with flat weights", "init/W1", new int[] {PIXELS * 5}, new float[PIXELS * 5]);
    c.npz("trace.npz", "of 30,000 units", "init/W1", new int[] {1, 30_000}, new float[30_000]);
    c.npz("trace.npz", "without samples", "train/0/s0", new int[] {3, 0, PIXELS}, new byte[0]);
    byte[] spikes = new byte[3 * 4 * PIXELS];
    spikes[9] = 7;
    c.npz("trace.npz", "with 7 spikes at once", "train/0/s0", new int[] {3, 4, PIXELS}, spikes);
    c.npz(
        "trace.npz",
        "with fewer steps",
        "train/0/s0",
        new int[] {2, 4, PIXELS},
        new byte[2 * 4 * PIXELS]);
    c.npz("trace.npz", "with two labels at once", "train/0/y", new int[] {4, 3}, filled(12, 1));
    c.npz(
        "trace.npz",
        "with a negative first",
        "train/0/positive",
        new int[] {4},
        new int[] {0, 1, 1, 0});
    c.bytes("trace.npz", "a text", b -> TEXT);
  }

  private static void pathCases(Cases c) {
    for (String command :
        List.of(
            "evaluate --model @/nothing",
            "evaluate --model @/data",
            "evaluate --model @/x.png",
            "evaluate --model @/run --data @/nothing",
            "evaluate --model @/run --data @/run",
            "evaluate --model @/run --data a\0b",
            "evaluate --model @/run --test-x @/data --test-y @/data",
            "predict --model @/run @/nothing.png",
            "predict --model @/run @/data",
            "predict --model @/run @/run/config.json",
            "export --model @/ngc --to @/run",
            "replay @/nothing.npz",
            "replay @/data",
            "train --resume --out @/data",
            "train --out @/run --data @/data",
            "train --out @/new --valid 3 --data @/data --threads 0 --device cpu",
            "train --out @/new --valid 3 --data @/data --hidden 40001 --device cpu",
            "train --out @/new --valid 3 --data @/data --learning-rate NaN --device cpu")) {
      c.command = command;
      c.add("good files, a command that cannot be: " + command.replace('\0', '?'), f -> {});
    }
    c.all.add(
        new Case(
            "good files, a file where the run's folder should be",
            TRAIN_IDX.replace("@/out", "@/x.png"),
            3,
            f -> {}));
    if (Files.isExecutable(Path.of("/usr/bin/mkfifo"))) { // a reader that waits would hang
      for (String file :
          List.of("run/config.json", "npy/trainX.npy", "data/train-labels-idx1-ubyte", "x.png")) {
        c.command =
            file.startsWith("run")
                ? EVALUATE
                : file.startsWith("npy")
                    ? TRAIN_NPY
                    : file.startsWith("data") ? TRAIN_IDX : PREDICT + "x.png";
        c.add(
            file + " a pipe",
            f -> {
              Files.delete(f.resolve(file));
              new ProcessBuilder("/usr/bin/mkfifo", f.resolve(file).toString()).start().waitFor();
            });
      }
    }
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
    commands.put(parameters("W2.npz"), EVALUATE_NGC);
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

  /** Which class an object becomes is for csdp to say, never for the file. */
  @Test
  void jsonNamesNoTypes() throws Exception {
    var field = Json.class.getDeclaredField("MAPPER");
    field.setAccessible(true);
    ObjectMapper mapper = (ObjectMapper) field.get(null);
    assertNull(mapper.getDeserializationConfig().getDefaultTyper(null));
    try (Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
      for (Path p : (Iterable<Path>) sources.filter(Files::isRegularFile)::iterator) {
        String text = Files.readString(p);
        for (String word :
            List.of("DefaultTyping", "JsonTypeInfo", "JsonSubTypes", "ObjectInput")) {
          assertFalse(text.contains(word), word + " in " + p);
        }
      }
    }
  }

  // ---- a process of its own

  private record Exit(int code, String err) {}

  private static Exit process(String command, Path folder) throws Exception {
    List<String> line =
        OtherJava.command(
            List.of("-Xmx64m", "-XX:TieredStopAtLevel=1"),
            "csdp.cli.Main",
            List.of(command.replace("@", folder.toString()).split(" ")));
    Path err = Files.createTempFile(dir, "err", "");
    Process process =
        new ProcessBuilder(line)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("hangs: " + command);
    }
    return new Exit(process.exitValue(), Files.readString(err));
  }

  /** The exit code as a shell sees it, in 64 MiB. */
  @Test
  void exitCodesOfProcesses() throws Exception {
    List<Case> all = cases();
    int found = 0;
    for (String what :
        List.of(
            parameters("W1.npz") + " 200 MB out of 200 KB",
            "run/config.json nested 100,000 deep",
            "run/config.json with hidden [ 30000, 30000 ]",
            "gz/train-images-idx3-ubyte.gz 200 MB out of 200 KB behind the images")) {
      Case c = all.stream().filter(k -> k.what().equals(what)).findFirst().orElseThrow();
      Path folder = copy("process" + found++);
      c.damage().to(folder);
      Exit exit = process(c.command(), folder);
      assertEquals(c.exitCode(), exit.code(), exit.err());
      assertOneLine(exit.err(), "");
      note("process", what, c.command(), "exit " + exit.code());
    }
    // Nothing is damaged here: there is too little memory, and that is a line as well.
    Path folder = copy("memory");
    Map<String, String> before = state(folder);
    Exit exit = process(TRAIN_IDX.replace("--hidden 6,5", "--hidden 9000"), folder);
    assertEquals(3, exit.code(), exit.err());
    assertOneLine(
        exit.err().lines().filter(l -> l.startsWith("csdp:")).findFirst().orElse("none"), "");
    assertTrue(exit.err().contains("not enough memory"), exit.err());
    assertEquals(before, state(folder));
  }
}
