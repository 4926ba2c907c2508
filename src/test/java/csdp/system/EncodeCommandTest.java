package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.OtherJava;
import csdp.cli.CommandTest;
import csdp.cli.Main;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.io.Npy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Codes of many images, and of damaged ones. */
class EncodeCommandTest extends CommandTest {
  private static final int UNITS = 20;

  @TempDir static Path dir;
  @TempDir Path fresh;
  private static Path model;
  private static Dataset digits;

  @BeforeAll
  static void train() {
    model = dir.resolve("run");
    StringWriter text = new StringWriter();
    PrintWriter writer = new PrintWriter(text, true);
    String flags =
        "train --data digits --hidden 40,20 --batch 50 --epochs 2 --steps 20 --train-limit 300"
            + " --device cpu --out "
            + model;
    assertEquals(0, Main.run(flags.split(" "), writer, writer), text.toString());
    digits = DataSources.split(DataRequest.of("digits", 0, 0), Split.TEST, line -> {});
  }

  private int encode(String out, String... flags) {
    List<String> args = new ArrayList<>(List.of("encode", "--model", model.toString()));
    args.addAll(List.of("--device", "cpu", "--out", fresh.resolve(out).toString()));
    args.addAll(List.of(flags));
    return run(args);
  }

  private float[] codes(String file) {
    return Npy.read(fresh.resolve(file)).floats();
  }

  private static float[] pixels(int from, int to) {
    float[] pixels = new float[(to - from) * 64];
    for (int i = from; i < to; i++) {
      digits.copyImage(i, pixels, (i - from) * 64);
    }
    return pixels;
  }

  @Test
  void sameBitsForEveryBlockSizePartAndFormat() throws Exception {
    assertEquals(0, encode("whole.npy", "--limit", "53"), err);
    assertTrue(out.contains("encoded   53 images in"), out);
    assertEquals(0, encode("blocks.npy", "--limit", "53", "--batch", "7"), err);
    for (String part : List.of("", "_classes", "_probabilities")) {
      assertArrayEquals(
          Files.readAllBytes(fresh.resolve("whole" + part + ".npy")),
          Files.readAllBytes(fresh.resolve("blocks" + part + ".npy")),
          part);
    }
    float[] whole = codes("whole.npy");
    assertEquals(53 * UNITS, whole.length);

    // The codes of analyze, and the answers of evaluate.
    assertEquals(
        0,
        runLine(
            "analyze --limit 53 --points 40 --perplexity 5 --device cpu --model "
                + model
                + " --out "
                + fresh.resolve("analysis")),
        err);
    assertArrayEquals(Npy.read(fresh.resolve("analysis/codes.npy")).floats(), whole);
    int[] classes = Npy.read(fresh.resolve("whole_classes.npy")).expectShape(53).ints();
    int right = 0;
    for (int i = 0; i < 53; i++) {
      right += classes[i] == digits.label(i) ? 1 : 0;
    }
    assertTrue(out.contains(String.format(Locale.ROOT, "accuracy  %.2f %%", right / 0.53)), out);
    float[] p = Npy.read(fresh.resolve("whole_probabilities.npy")).expectShape(53, 10).floats();
    for (int i = 0; i < 53; i++) {
      float sum = 0;
      for (int k = 0; k < 10; k++) {
        sum += p[10 * i + k];
        assertTrue(p[10 * i + k] <= p[10 * i + classes[i]]);
      }
      assertEquals(1, sum, 1e-5);
    }

    // In two parts, from files: the index of the first image makes the difference.
    Path images = fresh.resolve("b.npy");
    Npy.write(images, new int[] {33, 8, 8}, pixels(20, 53));
    assertEquals(0, encode("b/codes.npy", "--images", images.toString(), "--first", "20"), err);
    assertArrayEquals(Arrays.copyOfRange(whole, 20 * UNITS, 53 * UNITS), codes("b/codes.npy"));
    assertEquals(0, encode("b/codes.npy", "--images", images.toString()), err);
    assertTrue(
        !Arrays.equals(Arrays.copyOfRange(whole, 20 * UNITS, 53 * UNITS), codes("b/codes.npy")));

    // CSV: the same numbers; all layers.
    assertEquals(0, encode("all.csv", "--limit", "53", "--layer", "all"), err);
    List<String> lines = Files.readAllLines(fresh.resolve("all.csv"));
    assertEquals(54, lines.size());
    String[] names = lines.get(0).split(",");
    assertEquals(4 + 10 + 40 + 20 + 1, names.length);
    String[] cells = lines.get(31).split(",", -1);
    assertEquals("30", cells[0]);
    assertEquals("digits test[30]", cells[1]);
    assertEquals(digits.label(30), Integer.parseInt(cells[2]));
    assertEquals(classes[30], Integer.parseInt(cells[3]));
    for (int i = 0; i < UNITS; i++) {
      assertEquals(whole[30 * UNITS + i], Float.parseFloat(cells[54 + i]));
    }
    assertEquals("z2_0", names[54]);
  }

  @Test
  void damagedImagesHaveTheirErrorAndTheOthersTheirCodes() throws Exception {
    Path folder = Files.createDirectories(fresh.resolve("in"));
    float[] spoilt = pixels(0, 9);
    spoilt[4 * 64 + 5] = Float.NaN;
    Npy.write(folder.resolve("a.npy"), new int[] {9, 64}, spoilt);
    Files.write(
        folder.resolve("b.png"),
        new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 1});
    Npy.write(folder.resolve("c.npy"), new int[] {5, 64}, pixels(10, 15));
    String in = folder.toString();
    assertEquals(1, encode("codes.npy", "--images", in, "--batch", "4"));
    assertTrue(err.contains("2 of 15 images could not be read") && err.contains("NaN"), err);
    Path good = fresh.resolve("good.npy");
    Npy.write(good, new int[] {15, 64}, pixels(0, 15));
    assertEquals(0, encode("good/codes.npy", "--images", good.toString()), err);
    float[] codes = codes("codes.npy");
    float[] wanted = codes("good/codes.npy");
    for (int row : new int[] {4, 9}) {
      assertTrue(Float.isNaN(codes[row * UNITS]));
      System.arraycopy(wanted, row * UNITS, codes, row * UNITS, UNITS);
      assertEquals(-1, Npy.read(fresh.resolve("codes_classes.npy")).ints()[row]);
    }
    assertArrayEquals(wanted, codes);
    List<String> images = Files.readAllLines(fresh.resolve("codes_images.csv"));
    assertEquals(16, images.size());
    assertTrue(images.get(5).startsWith("4," + folder.resolve("a.npy[4]")), images.get(5));
    assertTrue(images.get(10).contains("b.png") && images.get(10).contains("damaged"));
    assertTrue(images.get(11).endsWith("c.npy[0],,"), images.get(11));

    assertEquals(1, encode("codes.csv", "--images", in));
    List<String> lines = Files.readAllLines(fresh.resolve("codes.csv"));
    assertTrue(lines.get(5).contains(",,,,,") && lines.get(5).contains("NaN"), lines.get(5));
  }

  @Test
  void refusedEarlyAndNothingIsWritten() throws Exception {
    Path wrong = fresh.resolve("wrong.npy");
    Npy.write(wrong, new int[] {3, 28, 28}, new float[3 * 784]);
    String file = wrong.toString();
    Map<String[], String> cases =
        Map.of(
            new String[] {"o.parquet"},
            "Parquet",
            new String[] {"o.txt"},
            ".npy or .csv",
            new String[] {"o.npy", "--images", fresh + "/*.png"},
            "no file matches",
            new String[] {"o.npy", "--images", file},
            "none of the first 1 images can be read; the first: " + file,
            new String[] {"o.npy", "--images", file, "--data", "digits"},
            "one or the other",
            new String[] {"o.npy", "--invert"},
            "--images",
            new String[] {"o.npy", "--first", "-1"},
            "index -1",
            new String[] {"o.npy", "--batch", "0"},
            "blocks of 0",
            new String[] {"o.csv", "--layer", "3"},
            "1..2",
            new String[] {"o.csv", "--data", "strokes"},
            "28 x 28");
    for (Map.Entry<String[], String> one : cases.entrySet()) {
      String[] flags = one.getKey();
      assertEquals(2, encode(flags[0], Arrays.copyOfRange(flags, 1, flags.length)), out + err);
      assertTrue(err.contains(one.getValue()), one.getValue() + " in " + err);
      assertEquals(1, err.lines().filter(l -> l.startsWith("csdp:")).count(), err);
      assertEquals(List.of("wrong.npy"), Folders.names(fresh), String.join(" ", flags));
    }
  }

  @Test
  void imagesAreNeitherReplacedNorTheirCodesEncoded() throws Exception {
    Path in = Files.createDirectories(fresh.resolve("in"));
    Path file = in.resolve("x.npy");
    Npy.write(file, new int[] {2, 64}, pixels(0, 2));
    byte[] before = Files.readAllBytes(file);
    Files.createSymbolicLink(fresh.resolve("link"), in);
    for (String images : List.of("in", "in/x.npy", "in/*.npy", "link/x.npy")) {
      for (String out : List.of("in/x.npy", "link/x.npy")) {
        assertEquals(2, encode(out, "--images", fresh.resolve(images).toString()), images);
        assertRefused("x.npy would replace", "which is one of the images");
      }
    }
    assertArrayEquals(before, Files.readAllBytes(file));
    assertEquals(List.of("x.npy"), Folders.names(in));
    // Again into the same folder: the earlier codes, 2 x 64 numbers or not, are no images.
    for (int i = 0; i < 2; i++) {
      assertEquals(0, encode("in/codes.npy", "--images", in.toString()), err);
      assertTrue(out.contains("encoded   2 images"), out);
    }
    String codes = in.resolve("codes.npy").toString();
    assertEquals(2, encode("in/codes.npy", "--images", codes));
    assertRefused("would replace " + codes);
  }

  @Test
  void foldersAreRefusedBeforeAnyWork() throws Exception {
    for (String name : List.of("d.csv", "d.npy", "e_images.csv", "e_classes.npy")) {
      Files.createDirectory(fresh.resolve(name));
    }
    for (String name : List.of("d.csv", "d.npy", "e.npy")) {
      assertEquals(2, encode(name, "--limit", "1"), out);
      assertRefused("is a folder; name a file");
      assertFalse(out.contains("encoded"), out);
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs bash")
  void pipesAndDevicesAreWrittenAndKept() throws Exception {
    assertEquals(0, encode("codes.csv", "--limit", "3"), err);
    String encode = "$CSDP encode --device cpu --limit 3 --model " + model + " --out ";
    Child pipe =
        Child.run(
            fresh,
            Map.of(),
            "mkfifo f.csv f.npy; ln -s /dev/null n.csv; timeout 60 cat f.csv >got & "
                + encode
                + "f.csv && wait && "
                + encode
                + "n.csv && [ -p f.csv -a -L n.csv ] && [ -c /dev/null ] && cmp got codes.csv; "
                + encode
                + "f.npy; echo $?; [ -p f.npy ] && ls");
    List<String> lines = pipe.out().lines().filter(l -> !l.startsWith("encoded")).toList();
    assertEquals(List.of("2", "codes.csv", "f.csv", "f.npy", "got", "n.csv"), lines, pipe.said());
    assertTrue(pipe.err().contains("f.npy is a pipe or device"), pipe.err());
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "sends SIGTERM")
  void noTemporariesAreLeftBehindByASignal() throws Exception {
    for (String name : List.of("c.csv", "c.npy")) {
      String encode = "exec $CSDP encode --device cpu --split train --batch 1 --model ";
      Process p = Child.start(dir, fresh, Map.of(), encode + model + " --out " + name);
      while (Folders.names(fresh).stream().allMatch(n -> n.startsWith("."))) { // of the probe
        assertTrue(p.isAlive(), "it ended");
        Thread.sleep(5);
      }
      p.destroy();
      assertEquals(143, p.waitFor());
      assertEquals(List.of(), Folders.names(fresh));
    }
  }

  @Test
  void sparkNeedsItsBuildAndFiles() throws Exception {
    Path images = fresh.resolve("in.npy");
    Npy.write(images, new int[] {2, 64}, pixels(0, 2));
    String[] spark = {"--engine", "spark", "--images", images.toString()};
    boolean built = getClass().getResource("/csdp/spark/SparkCluster.class") != null;
    assertEquals(built ? 2 : 3, encode("o.csv", spark), out);
    assertTrue(err.contains(built ? "give --master" : "without Spark: build it with mvn"), err);
    assertEquals(1, err.lines().count(), err);
    assertEquals(2, encode("o.csv", "--engine", "spark"));
    assertTrue(err.contains("--engine spark needs --images"), err);
    assertEquals(2, encode("o.csv", "--master", "local[2]"));
    assertTrue(err.contains("--master needs --engine spark"), err);
    assertEquals(2, runLine("sweep --engine spark --jobs 2 --vary seed=1,2 --out " + fresh));
    assertTrue(err.contains("--jobs needs --engine local"), err);
    assertEquals(List.of("in.npy"), Folders.names(fresh));
  }

  /** A file of 26 MB, whose pixels would be 102 MB of floats, in a heap of 40 MB. */
  @Test
  void memoryDoesNotGrowWithTheImages() throws IOException, InterruptedException {
    String tiny = dir.resolve("tiny").toString();
    assertEquals(
        0,
        runLine(
            "train --data digits --hidden 4 --batch 50 --epochs 1 --steps 1 --train-limit 50"
                + " --device cpu --out "
                + tiny),
        err);
    int n = 400_000;
    byte[] pixels = new byte[n * 64];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 31 + i / 64);
    }
    Path file = fresh.resolve("many.npy");
    Npy.write(file, new int[] {n, 64}, pixels);
    List<String> args =
        List.of(
            "encode",
            "--device",
            "cpu",
            "--threads",
            "1",
            "--model",
            tiny,
            "--images",
            file.toString(),
            "--out",
            fresh.resolve("codes.npy").toString());
    Child child =
        Child.run(new ProcessBuilder(OtherJava.command(List.of("-Xmx40m"), "csdp.cli.Main", args)));
    assertEquals(0, child.code(), child.said());
    Npy.read(fresh.resolve("codes.npy")).expectShape(n, 4);
  }
}
