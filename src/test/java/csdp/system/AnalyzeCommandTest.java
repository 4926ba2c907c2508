package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.OtherJava;
import csdp.SharedFiles;
import csdp.cli.CommandTest;
import csdp.cli.Main;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.io.NpyArray;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a trained model to plots and report, and refused input. */
class AnalyzeCommandTest extends CommandTest {
  private static final int IMAGES = 300;

  @TempDir static Path dir;
  @TempDir Path fresh;
  private static Path model;

  @BeforeAll
  static void train() {
    model = dir.resolve("run");
    StringWriter text = new StringWriter();
    PrintWriter writer = new PrintWriter(text, true);
    String flags =
        "train --data strokes --hidden 60,30 --batch 50 --epochs 2 --steps 20 --valid 60"
            + " --train-limit 150 --device cpu --out "
            + model;
    assertEquals(0, Main.run(flags.split(" "), writer, writer), text.toString());
  }

  /** An analysis of a few seconds; flags replace its own. */
  private int analyze(Path of, String... flags) {
    assumeFonts();
    String defaults = "--limit " + IMAGES + " --points 150 --perplexity 10 --device cpu";
    List<String> args = new ArrayList<>(List.of("analyze", "--model", of.toString()));
    args.addAll(flags(defaults, flags));
    return run(args);
  }

  private static int pictures(String html) {
    return html.split("src=\"data:image/png;base64,", -1).length - 1;
  }

  @Test
  void everythingThatWasPromised() throws Exception {
    Path to = fresh.resolve("out");
    assertEquals(0, analyze(model, "--layer", "all", "--out", to.toString()), err);
    assertTrue(out.contains("accuracy") && out.contains("report.html"), out);
    Set<String> names = Folders.files(to);
    for (String plot :
        List.of(
            "learning_curves",
            "confusion",
            "raster",
            "spikes_per_step",
            "contrast",
            "weights",
            "receptive_fields",
            "reconstructions")) {
      assertTrue(names.contains("plots/" + plot + ".png"), plot + " in " + names);
      assertTrue(names.contains("plots/" + plot + ".csv"), plot + " in " + names);
    }
    for (String name : names) {
      if (name.endsWith(".png")) {
        assertDrawn(ImageIO.read(to.resolve(name).toFile()), name);
      }
      assertFalse(name.contains(".tmp"), name);
    }

    // The codes are spike rates of 20 steps, of either layer.
    NpyArray codes = Npy.read(to.resolve("codes.npy")).expectShape(IMAGES, 30);
    Npy.read(to.resolve("codes_z1.npy")).expectShape(IMAGES, 60);
    double sum = 0;
    for (float c : codes.floats()) {
      assertEquals(Math.rint(20 * c), 20 * c, 1e-5);
      assertTrue(c >= 0 && c <= 1);
      sum += c;
    }
    Npy.read(to.resolve("tsne/codes_tsne.npy")).expectShape(150, 2);
    Npy.read(to.resolve("tsne/codes_tsne_z1.npy")).expectShape(150, 2);

    // The same figures as evaluate.
    String json = fresh.resolve("evaluate.json").toString();
    assertEquals(
        0, run("evaluate", "--model", model.toString(), "--limit", "" + IMAGES, "--json", json));
    JsonNode evaluated = Json.tree(Path.of(json));
    JsonNode analyzed = Json.tree(to.resolve("analysis.json")).get("evaluation");
    for (String key : List.of("accuracy", "nll", "bce", "mse", "confusion", "n")) {
      assertEquals(evaluated.get(key), analyzed.get(key), key);
    }
    JsonNode probe = Json.tree(to.resolve("analysis.json")).get("probe");
    json = fresh.resolve("probe.json").toString();
    assertEquals(
        0,
        runLine("evaluate --probe --limit " + IMAGES + " --model " + model + " --json " + json),
        err);
    assertEquals(probe, Json.tree(Path.of(json)).get("probe"));
    assertEquals(150, probe.get("train_images").intValue());
    double rate = evaluated.at("/spikes_per_sample_and_step/z2").doubleValue();
    assertTrue(rate > 0.01, "z2 is silent: nothing is tested, " + rate);
    assertEquals(rate, sum / IMAGES, 1e-4);
    long confused =
        Files.readAllLines(to.resolve("plots/confusion.csv")).stream()
            .skip(1)
            .mapToLong(line -> Long.parseLong(line.split(",")[2]))
            .sum();
    assertEquals(IMAGES, confused);

    // The page holds all pictures and needs nothing else.
    String html = Files.readString(to.resolve("report.html"));
    assertEquals(names.stream().filter(n -> n.endsWith(".png")).count(), pictures(html));
    assertFalse(html.replaceAll("base64,[^\"]*", "").matches("(?s).*(https?:|<script|<link).*"));
    String sha = Json.tree(to.resolve("analysis.json")).get("data_sha256").textValue();
    for (String text :
        List.of(
            sha,
            "30",
            "Energy proxy",
            "linear probe of z1",
            "JFreeChart 1.5",
            "run.training.seed")) {
      assertTrue(html.contains(text), text);
    }

    // Again, with other threads and one layer: the same map, and nothing stale.
    byte[] map = Files.readAllBytes(to.resolve("tsne/codes_tsne.npy"));
    assertEquals(0, analyze(model, "--threads", "1", "--out", to.toString()), err);
    assertArrayEquals(map, Files.readAllBytes(to.resolve("tsne/codes_tsne.npy")));
    assertFalse(Folders.files(to).contains("codes_z1.npy"));
    assertFalse(Folders.files(to).contains("tsne/codes_tsne_z1.npy"));
  }

  @Test
  void aNirFileNeedsAnOutputFolder() throws Exception {
    Path nir = fresh.resolve("model.nir");
    assertEquals(0, runLine("export --format nir --model " + model + " --to " + nir), err);
    String data = "--data strokes --limit 40 --points 30 --perplexity 5";
    assertEquals(2, analyze(nir, data.split(" ")));
    assertTrue(err.contains("model.nir is a file; name a folder with --out"), err);
    Path to = fresh.resolve("nir");
    assertEquals(0, analyze(nir, (data + " --out " + to).split(" ")), err);
    assertTrue(out.contains("No learning curves"), out);
    Npy.read(to.resolve("codes.npy")).expectShape(40, 30);
  }

  private static void assertDrawn(BufferedImage image, String name) {
    assertNotNull(image, name);
    Set<Integer> colours = new TreeSet<>();
    int ink = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int rgb = image.getRGB(x, y) & 0xFFFFFF;
        colours.add(rgb);
        ink += rgb == 0xFFFFFF ? 0 : 1;
      }
    }
    assertTrue(colours.size() > 20, name + " has " + colours.size() + " colours");
    double share = (double) ink / (image.getWidth() * image.getHeight());
    assertTrue(share > 0.01 && share < 0.95, name + " is not white in " + share);
  }

  @Test
  void everyPictureIsDecodedByARealBrowser() throws Exception {
    Optional<Path> chromium =
        Stream.of("chromium", "chromium-browser", "google-chrome")
            .flatMap(
                name ->
                    Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .map(p -> Path.of(p, name)))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(chromium.isPresent(), "no Chromium here: the page was not looked at in a browser");
    assertEquals(0, analyze(model, "--out", fresh.resolve("out").toString()), err);
    Path report = fresh.resolve("out/report.html");
    String html = Files.readString(report);
    String probe =
        "<script>document.title = 'seen ' + Array.from(document.images).filter(i => i.complete &&"
            + " i.naturalWidth > 200).length + ' wide ' + (document.documentElement.scrollWidth <="
            + " innerWidth);</script></body>";
    Path page = report.resolveSibling("probe.html");
    Files.writeString(
        page,
        html.replaceFirst("<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "")
            .replace("</body>", probe));
    Path dom = report.resolveSibling("dom.txt");
    Process browser =
        new ProcessBuilder(
                chromium.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--user-data-dir=" + report.resolveSibling("profile"),
                "--window-size=1120,2000",
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(report.resolveSibling("log.txt").toFile())
            .start();
    try {
      assertTrue(browser.waitFor(60, TimeUnit.SECONDS), "Chromium does not end");
    } finally {
      browser.descendants().forEach(ProcessHandle::destroyForcibly);
      browser.destroyForcibly();
    }
    String seen = Files.readString(dom);
    assertTrue(
        seen.contains("<title>seen " + pictures(html) + " wide true</title>"),
        seen.substring(0, Math.min(600, seen.length())));
  }

  @Test
  void nonsenseIsRefusedInOneLineAndWritesNothing() throws Exception {
    String[][] bad = {
      {"--points", "30"}, // 3 x 10 neighbours need 31
      {"--points", "0"},
      {"--limit", "20"},
      {"--limit", "0"},
      {"--perplexity", "1"},
      {"--perplexity", "NaN"},
      {"--layer", "3"},
      {"--layer", "0"},
      {"--layer", "top"},
      {"--sample", "" + IMAGES},
      {"--sample", "-1"},
      {"--split", "nothing"},
      {"--data", "nothing-like-that"},
      {"--last", "--device", "gpu"},
    };
    Path to = fresh.resolve("bad");
    for (String[] flags : bad) {
      List<String> args = new ArrayList<>(Arrays.asList(flags));
      args.addAll(List.of("--out", to.toString()));
      assertEquals(
          2, analyze(model, args.toArray(String[]::new)), String.join(" ", flags) + ": " + err);
      assertRefused();
      assertFalse(Files.exists(to), String.join(" ", flags));
    }
    assertEquals(2, analyze(fresh.resolve("nowhere")));
    assertRefused();
    Path file = Files.writeString(fresh.resolve("file"), "x");
    assertEquals(2, analyze(model, "--out", file.toString()));
    assertRefused();

    // Images of another size; a folder of one's own in the way.
    Npy.write(fresh.resolve("x.npy"), new int[] {40, 9}, new float[360]);
    Npy.write(fresh.resolve("y.npy"), new int[] {40}, new int[40]);
    assertEquals(
        2,
        analyze(
            model,
            "--test-x",
            fresh.resolve("x.npy").toString(),
            "--test-y",
            fresh.resolve("y.npy").toString(),
            "--out",
            to.toString()));
    assertRefused();
    assertTrue(err.contains("784"), err);
    Files.createDirectories(to.resolve("plots"));
    Files.writeString(to.resolve("plots/mine.txt"), "mine");
    assertEquals(2, analyze(model, "--out", to.toString()));
    assertRefused();
    assertEquals(Set.of("plots/mine.txt"), Folders.files(to));
  }

  /** Arrays of 40 images with noise of the brightness; labels are first + i % classes. */
  private String[] arrays(float brightness, int first, int classes, String... flags)
      throws Exception {
    java.util.Random random = new java.util.Random(first);
    float[] x = new float[40 * 784];
    int[] y = new int[40];
    for (int i = 0; i < 40; i++) {
      y[i] = first + i % classes;
      for (int k = 0; k < 784; k++) {
        x[784 * i + k] = brightness * random.nextFloat();
      }
    }
    Npy.write(fresh.resolve("x.npy"), new int[] {40, 784}, x);
    Npy.write(fresh.resolve("y.npy"), new int[] {40}, y);
    List<String> all = new ArrayList<>(List.of(flags));
    all.addAll(List.of("--test-x", fresh.resolve("x.npy").toString()));
    all.addAll(List.of("--test-y", fresh.resolve("y.npy").toString()));
    all.addAll(List.of("--limit", "40", "--perplexity", "5"));
    all.addAll(List.of("--out", fresh.resolve("part").toString()));
    return all.toArray(String[]::new);
  }

  @Test
  void aPartWithoutSomeClasses() throws Exception {
    // A network of 30 classes that is shown the last few of them, or one.
    Path many = fresh.resolve("many");
    arrays(1, 0, 30);
    String train =
        "train --train-x X --train-y Y --hidden 20 --batch 20 --epochs 1 --steps 10 --valid 5"
            + " --device cpu --out "
            + many;
    assertEquals(
        0,
        run(
            train
                .replace("X", fresh.resolve("x.npy").toString())
                .replace("Y", fresh.resolve("y.npy").toString())
                .split(" ")),
        err);
    for (int[] part : new int[][] {{20, 10}, {29, 1}, {7, 2}}) {
      assertEquals(0, analyze(many, arrays(1, part[0], part[1])), err);
      List<String> rows = Files.readAllLines(fresh.resolve("part/plots/reconstructions.csv"));
      assertEquals(1 + part[1], rows.size());
      assertTrue(rows.get(1).matches("0,\\d+," + part[0] + ",\\d+"), rows.get(1));
      assertEquals(part[1] == 1, out.contains("all images are of class " + part[0]), out);
    }
  }

  @Test
  void aSilentLayerHasNoMapAndNoVariance() throws Exception {
    assertEquals(0, analyze(model, arrays(0, 0, 10)), err);
    assertTrue(out.contains("note      no unit of z0, z1, z2, zy, zR spiked"), out);
    assertTrue(out.contains("All 40 codes of z2 are equal (no unit fired)"), out);
    JsonNode json = Json.tree(fresh.resolve("part/analysis.json"));
    for (String figure :
        List.of(
            "explained_variance",
            "trustworthiness",
            "trustworthiness_of_two_components",
            "label_agreement",
            "kl_divergence_nats")) {
      assertTrue(json.at("/tsne/z2").has(figure), figure);
      assertTrue(json.at("/tsne/z2/" + figure).isNull(), figure);
    }
    assertEquals(4, json.get("notes").size(), "" + json.get("notes"));
    String html = Files.readString(fresh.resolve("part/report.html"));
    assertTrue(html.contains("nothing to map"), "in the page too");
    assertFalse(html.replaceAll("base64,[^\"]*", "").contains("NaN"), "a figure that is none");
    for (float v : Npy.read(fresh.resolve("part/tsne/codes_tsne.npy")).floats()) {
      assertEquals(0, v);
    }
  }

  @Test
  void halfAModelAndADamagedOne() throws Exception {
    for (String damage : List.of("cut W1.npz", "no W2.npz", "no config.json", "damaged metrics")) {
      Path copy = fresh.resolve(damage.replace(' ', '_'));
      Folders.copy(model, copy);
      switch (damage) {
        case "cut W1.npz" -> {
          byte[] bytes = Files.readAllBytes(copy.resolve("best/W1.npz"));
          Files.write(copy.resolve("best/W1.npz"), Arrays.copyOf(bytes, bytes.length / 2));
        }
        case "no W2.npz" -> Files.delete(copy.resolve("best/W2.npz"));
        case "no config.json" -> Files.delete(copy.resolve("config.json"));
        default -> Files.writeString(copy.resolve("metrics.jsonl"), "{\"epoch\": 0, \n");
      }
      Set<String> before = Folders.files(copy);
      assertEquals(2, analyze(copy), damage + ": " + err);
      assertRefused();
      assertEquals(before, Folders.files(copy), damage);
    }
  }

  @Test
  void otherDataThanTheModelsOwnIsNotTakenSilently() throws Exception {
    // The data found now differs from the data of the run.
    Path copy = fresh.resolve("moved");
    Folders.copy(model, copy);
    String config = Files.readString(copy.resolve("config.json"));
    String test = Json.tree(copy.resolve("config.json")).at("/seen/test/sha256").textValue();
    Files.writeString(copy.resolve("config.json"), config.replace(test, "0".repeat(64)));
    assertEquals(3, analyze(copy));
    assertRefused();
    assertTrue(err.contains("--data"), err);
    assertEquals(3, run("evaluate", "--model", copy.toString()));
    assertEquals(
        0, run("evaluate", "--limit", "20", "--data", "strokes", "--model", copy.toString()), err);
  }

  @Test
  void aNewRunTakesTheOldPicturesAway() throws Exception {
    Path own = fresh.resolve("own");
    String train =
        "train --data strokes --hidden 12 --batch 50 --epochs 1 --steps 6 --valid 60"
            + " --no-reconstruction --train-limit 100 --device cpu --force --out "
            + own;
    assertEquals(0, run(train.split(" ")), err);
    assertEquals(0, analyze(own), err);
    assertTrue(out.contains("No reconstructions"), out);
    assertTrue(
        Folders.files(own).containsAll(List.of("report.html", "codes.npy", "plots/weights.png")));
    assertFalse(Folders.files(own).contains("plots/reconstructions.png"));
    assertEquals(0, run(train.split(" ")), err);
    for (String name : Folders.files(own)) {
      assertFalse(name.matches("report.*|codes.*|plots/.*|tsne/.*|analysis.*"), name);
    }
  }

  @Test
  void withoutFontsItSaysWhichPackagesBeforeAnythingElse() throws Exception {
    assumeTrue(File.separatorChar == '/', "fontconfig is a matter of Unix");
    Path none = fresh.resolve("fonts.conf");
    Files.writeString(none, "<?xml version=\"1.0\"?><fontconfig></fontconfig>");
    ProcessBuilder java =
        new ProcessBuilder(
            OtherJava.command(
                List.of("-Duser.home=" + fresh), // where Java remembers fonts
                "csdp.cli.Main",
                List.of("analyze", "--model", fresh.resolve("nowhere").toString())));
    java.environment().put("FONTCONFIG_FILE", none.toString());
    Child child = Child.run(java);
    String said = child.said();
    assumeTrue(!said.contains("no model folder"), "this Java finds fonts without fontconfig");
    assertEquals(3, child.code(), said);
    assertTrue(said.contains("apt-get install fontconfig"), said);
    assertFalse(said.contains("\tat "), said);
  }

  @Test
  void modelOfTheReleasedCode() throws Exception {
    Path released = SharedFiles.releasedModel();
    String mnist = SharedFiles.mnist().toString();
    Path to = fresh.resolve("released");
    String flags = "--limit 2000 --train-limit 5000 --data " + mnist + " --out " + to;
    assertEquals(0, analyze(released, flags.split(" ")), err);
    assertTrue(out.contains("No learning curves"), out);
    assertFalse(Folders.files(to).contains("plots/learning_curves.png"));
    assertNotEquals(0, pictures(Files.readString(to.resolve("report.html"))));
  }
}
