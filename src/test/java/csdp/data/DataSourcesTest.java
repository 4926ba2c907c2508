package csdp.data;

import static csdp.data.TestData.gzip;
import static csdp.data.TestData.idxFolder;
import static csdp.data.TestData.idxImages;
import static csdp.data.TestData.idxLabels;
import static csdp.data.TestData.image;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.data.DataCatalog.FileEntry;
import csdp.data.DataCatalog.SetEntry;
import csdp.data.FileServer.Manner;
import csdp.io.Checksums;
import csdp.io.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSourcesTest {
  private static final String DEAD = "http://127.0.0.1:1/";

  @TempDir Path dir;
  private final List<String> notices = new ArrayList<>();

  /**
   * A catalog with the content of idxFolder(.., 0) as "mnist" and of idxFolder(.., 7) as "fashion".
   */
  private static DataCatalog manifest(String mirror) {
    return new DataCatalog(List.of(set("mnist", 0, mirror), set("fashion", 7, mirror)));
  }

  private static SetEntry set(String name, int salt, String mirror) {
    return new SetEntry(
        name,
        "Title of " + name,
        "CC0",
        "us",
        2,
        2,
        3,
        8,
        4,
        List.of(mirror),
        List.of(
            entry("train-images-idx3-ubyte", idxImages(8, 2, salt)),
            entry("train-labels-idx1-ubyte", idxLabels(8, 3)),
            entry("t10k-images-idx3-ubyte", idxImages(4, 2, salt + 100)),
            entry("t10k-labels-idx1-ubyte", idxLabels(4, 3))));
  }

  private static FileEntry entry(String stem, byte[] content) {
    var digest = Checksums.sha256();
    digest.update(content);
    return new FileEntry(stem + ".gz", Checksums.hex(digest), null);
  }

  private DataSources sources(Path environment, String mirror) {
    Downloads downloads =
        new Downloads(
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            1 << 20,
            new Proxies(Map.of()),
            (file, bytes, total) -> {});
    return new DataSources(environment, dir, manifest(mirror), downloads, notices::add);
  }

  private Splits open(Path environment, String data) {
    return sources(environment, DEAD).open(DataRequest.of(data, 2, 0));
  }

  /** A request for the NPY files of some splits. */
  private static DataRequest files(Path f, Split... splits) {
    Set<Split> given = Set.of(splits);
    boolean train = given.contains(Split.TRAIN);
    boolean valid = given.contains(Split.VALID);
    boolean test = given.contains(Split.TEST);
    return new DataRequest(
        null,
        train ? f.resolve("trainX.npy") : null,
        train ? f.resolve("trainY.npy") : null,
        valid ? f.resolve("validX.npy") : null,
        valid ? f.resolve("validY.npy") : null,
        test ? f.resolve("testX.npy") : null,
        test ? f.resolve("testY.npy") : null,
        ValidationSize.exactly(1),
        0,
        FolderOptions.DEFAULT);
  }

  @Test
  void aFolderIsSplitFromItsEnd() throws IOException {
    Path folder = idxFolder(dir.resolve("mine"), 3);
    Splits all = open(null, folder.toString());
    assertEquals("mine", all.name());
    assertTrue(all.description().contains("unknown content"), all.description());
    assertEquals(6, all.train().size());
    assertEquals(2, all.valid().size());
    assertEquals(4, all.test().size());
    assertEquals(3, all.train().classes());
    assertEquals((10 * 6 + 3) / 255f, image(all.valid(), 0)[0]);
    assertEquals(6 % 3, all.valid().label(0));
    assertEquals(103 / 255f, image(all.test(), 0)[0]);

    // A limit keeps the first training images and does not change the validation images.
    DataRequest few = DataRequest.of(folder.toString(), 2, 4);
    Splits limited = sources(null, DEAD).open(few);
    assertEquals(4, limited.train().size());
    assertEquals(all.valid().sha256(), limited.valid().sha256());
    assertEquals(all.train().limit(4).sha256(), limited.train().sha256());
    for (Split split : Split.values()) {
      Dataset expected =
          split == Split.TRAIN
              ? limited.train()
              : split == Split.VALID ? limited.valid() : limited.test();
      assertEquals(expected.sha256(), sources(null, DEAD).split(few, split).sha256());
    }
    assertNull(sources(null, DEAD).open(DataRequest.of("mine", 0, 0)).valid());
    assertNull(sources(null, DEAD).split(DataRequest.of("mine", 0, 0), Split.VALID));
    assertFails(
        2, () -> sources(null, DEAD).open(DataRequest.of("mine", 8, 0)), "8 validation", "of 8");
    assertFails(2, () -> DataRequest.of("mine", -1, 0), "-1");
    assertFails(2, () -> DataRequest.of("mine", 0, -5), "-5");
  }

  @Test
  void namedSetsInTheDataFolder() throws IOException {
    idxFolder(dir.resolve("data/mnist"), 0);
    Splits right = open(null, "mnist");
    assertEquals("mnist", right.name());
    assertTrue(right.description().contains("verified: Title of mnist"), right.description());
    assertEquals(List.of(), notices);

    idxFolder(dir.resolve("data/mnist"), 1);
    Splits other = open(null, "mnist");
    assertTrue(other.description().contains("unknown content"), other.description());
    assertTrue(open(null, null).description().contains("data/mnist"));
  }

  @Test
  void theEnvironmentComesFirst() throws IOException {
    idxFolder(dir.resolve("data/mnist"), 5);
    Path env = dir.resolve("env");
    Path sub = idxFolder(env.resolve("mnist"), 6);
    assertEquals(6 / 255f, image(open(env, "mnist").train(), 0)[0]);
    assertEquals(6 / 255f, image(open(env, null).train(), 0)[0]);
    // It holds a set itself: that is mnist where the checksums say so, and else not.
    assertEquals(5 / 255f, image(open(sub, "mnist").train(), 0)[0]);
    Path real = idxFolder(dir.resolve("real"), 0);
    assertEquals(0, image(open(real, "mnist").train(), 0)[0]);
    assertFails(3, () -> open(real, "fashion"), "fashion", "holds other data", "--data");
    // Without a request the folder is used unchanged.
    assertEquals(6 / 255f, image(open(sub, null).train(), 0)[0]);
    assertEquals("mnist", open(sub, null).name());
    assertFails(2, () -> open(dir.resolve("none"), null), "CSDP_DATA", "none");
    assertFails(2, () -> open(dir.resolve("none"), "mnist"), "CSDP_DATA");
    assertEquals("strokes", open(dir.resolve("none"), "strokes").name());
  }

  @Test
  void withoutDataAndNetworkDigitsUnlessASetWasAsked() throws IOException {
    Splits offline = open(null, null);
    assertEquals("digits", offline.name());
    assertEquals(64, offline.train().pixels());
    String last = notices.get(notices.size() - 1);
    assertTrue(last.contains("digits") && last.contains("mnist"), last);
    assertTrue(last.contains("8 x 8 pixels"), last);
    assertEquals("digits", sources(null, DEAD).builtIn(DataRequest.of(null, 2, 0)));
    assertEquals("strokes", sources(null, DEAD).builtIn(DataRequest.of("strokes", 2, 0)));
    assertNull(sources(null, DEAD).builtIn(DataRequest.of("mnist", 2, 0)));
    // A folder called digits, as CSDP_DATA or by name, is not the built-in set.
    Path folder = idxFolder(dir.resolve("digits"), 0);
    assertNull(sources(folder, DEAD).builtIn(DataRequest.of(null, 2, 0)));
    assertNull(sources(null, DEAD).builtIn(DataRequest.of(folder.toString(), 2, 0)));
    assertTrue(notices.stream().noneMatch(line -> line.contains("\n")));
    notices.clear();
    assertFails(
        3, () -> open(null, "mnist"), "csdp data fetch mnist", "--data DIR", "--data digits");
    assertTrue(notices.stream().noneMatch(line -> line.contains("digits")), notices.toString());
    assertTrue(Files.notExists(dir.resolve("data")), "an empty folder is left behind");
    Splits drawn = open(null, "strokes");
    assertTrue(drawn.description().contains("not MNIST"), drawn.description());
    assertEquals(Strokes.TRAIN - 2, drawn.train().size());
    assertFails(2, () -> open(null, "cifar"), "cifar", "mnist, fashion, digits, strokes");
    assertFails(2, () -> open(null, "\0"), "not a path");
  }

  @Test
  void fetchedWhereItIsMissing() throws IOException {
    try (FileServer server = new FileServer()) {
      server
          .put("m/train-images-idx3-ubyte.gz", gzip(idxImages(8, 2, 0)), Manner.RANGES)
          .put("m/train-labels-idx1-ubyte.gz", gzip(idxLabels(8, 3)), Manner.RANGES)
          .put("m/t10k-images-idx3-ubyte.gz", gzip(idxImages(4, 2, 100)), Manner.RANGES)
          .put("m/t10k-labels-idx1-ubyte.gz", gzip(idxLabels(4, 3)), Manner.RANGES);
      DataSources sources = sources(null, server.url("m"));
      Splits splits = sources.open(DataRequest.of(null, 2, 0));
      assertEquals("mnist", splits.name());
      assertTrue(splits.description().contains("verified"), splits.description());
      assertEquals(1, notices.size());
      assertTrue(notices.get(0).contains("downloading mnist"), notices.get(0));
      sources.open(DataRequest.of("mnist", 2, 0));
      assertEquals(4, server.asked.size());
      // The server has mnist, not fashion: its checksums tell.
      assertFails(3, () -> sources.open(DataRequest.of("fashion", 2, 0)), "wrong checksum");
      assertEquals(
          dir.resolve("data/mnist"), sources.place(sources.manifest().find("mnist").get()));
      assertNull(sources.place(sources.manifest().find("fashion").get()));
    }
  }

  @Test
  void testImagesNeedNoTrainingImages() throws IOException {
    Path folder = idxFolder(dir.resolve("mine"), 0);
    Files.delete(folder.resolve("train-images-idx3-ubyte.gz"));
    DataRequest request = DataRequest.of("mine", 2, 0);
    assertEquals(4, sources(null, DEAD).split(request, Split.TEST).size());
    assertFails(2, () -> sources(null, DEAD).open(request), "mine", "no training images");
    Path named = idxFolder(dir.resolve("data/mnist"), 0);
    Files.delete(named.resolve("train-images-idx3-ubyte.gz"));
    Files.delete(named.resolve("train-labels-idx1-ubyte"));
    assertEquals(4, sources(null, DEAD).split(DataRequest.of("mnist", 2, 0), Split.TEST).size());
    Files.createDirectories(dir.resolve("empty"));
    assertFails(2, () -> open(null, "empty"), "empty holds no data");
  }

  @Test
  void oneClassCannotBeLearnt() throws IOException {
    Path folder = idxFolder(dir.resolve("mine"), 0);
    Files.write(folder.resolve("train-labels-idx1-ubyte"), idxLabels(8, 1));
    assertFails(2, () -> open(null, "mine"), "all of class 0", "two classes");
    assertEquals(4, sources(null, DEAD).split(DataRequest.of("mine", 2, 0), Split.TEST).size());
  }

  private static final ValidationSize VALID = ValidationSize.exactly(0);
  private static final FolderOptions USUAL = FolderOptions.DEFAULT;

  /** A tenth of few training images, said in a line; an explicit number is used as it is. */
  @Test
  void theUsualValidationSizeFitsTheData() throws IOException {
    Path f = Files.createDirectories(dir.resolve("many"));
    Files.write(f.resolve("train-images-idx3-ubyte"), TestData.idx(new byte[4 * 100], 100, 2, 2));
    Files.write(f.resolve("train-labels-idx1-ubyte"), idxLabels(100, 3));
    int[][] expected = {{10_000, 10}, {21, 10}, {20, 20}, {3, 3}};
    for (int[] e : expected) {
      List<String> notices = new ArrayList<>();
      DataRequest request =
          new DataRequest(
              f.toString(),
              null,
              null,
              null,
              null,
              null,
              null,
              ValidationSize.byDefault(e[0]),
              0,
              USUAL);
      Splits s = DataSources.open(request, notices::add);
      assertEquals(e[1], s.valid().size(), e[0] + " usually");
      assertEquals(100 - e[1], s.train().size());
      assertEquals(e[0] == e[1] ? 0 : 1, notices.size());
      if (e[0] != e[1]) {
        assertTrue(notices.get(0).contains("the last 10 of 100 training images"), notices.get(0));
      }
    }
    assertFails(
        2,
        () -> sources(null, DEAD).open(DataRequest.of(f.toString(), 100, 0)),
        "100 validation",
        "--valid");
  }

  @Test
  void npyFilesAndFolders() throws IOException {
    Path f = Files.createDirectories(dir.resolve("npy"));
    float[] pixels = new float[5 * 6];
    pixels[7] = 0.3f;
    Npy.write(f.resolve("trainX.npy"), new int[] {5, 6}, pixels);
    float[] oneHot = new float[5 * 4];
    for (int i = 0; i < 5; i++) {
      oneHot[4 * i + i % 3] = 1;
    }
    Npy.write(f.resolve("trainY.npy"), new int[] {5, 4}, oneHot);
    Npy.write(
        f.resolve("testX.npy"),
        new int[] {2, 1, 6},
        new byte[] {51, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    Npy.write(f.resolve("testY.npy"), new int[] {2}, new long[] {3, 1});
    for (DataRequest request :
        List.of(files(f, Split.TRAIN, Split.TEST), DataRequest.of(f.toString(), 1, 0))) {
      Splits splits = sources(null, DEAD).open(request);
      assertEquals(4, splits.train().size());
      assertEquals(1, splits.valid().size());
      assertEquals(6, splits.train().width());
      assertEquals(1, splits.train().height());
      assertEquals(4, splits.train().classes());
      assertEquals(4, splits.test().classes());
      assertArrayEquals(new float[] {0, 0.3f, 0, 0, 0, 0}, image(splits.train(), 1));
      assertArrayEquals(new float[] {0.2f, 1, 0, 0, 0, 0}, image(splits.test(), 0));
      assertEquals(3, splits.test().label(0));
      assertEquals(1, splits.valid().label(0));
    }
    // Given validation images are used, and no training images are split off.
    Npy.write(f.resolve("validX.npy"), new int[] {3, 6}, new float[18]);
    Npy.write(f.resolve("validY.npy"), new int[] {3, 1}, new int[] {2, 2, 2});
    Splits own = sources(null, DEAD).open(files(f, Split.TRAIN, Split.VALID, Split.TEST));
    assertEquals(5, own.train().size());
    assertEquals(3, own.valid().size());
    assertEquals(2, own.valid().label(2));
    assertEquals(2, sources(null, DEAD).split(files(f, Split.TEST), Split.TEST).size());
    assertNull(sources(null, DEAD).open(files(f, Split.TRAIN, Split.VALID)).test());
    assertFails(
        2,
        () -> sources(null, DEAD).split(files(f, Split.TRAIN, Split.VALID), Split.TEST),
        "no test images",
        "--test-x and --test-y");
    assertFails(
        2,
        () -> new DataRequest(null, f, null, null, null, null, null, VALID, 0, USUAL),
        "trainX",
        "without trainY");
    assertFails(
        2,
        () -> new DataRequest("mnist", f, f, null, null, null, null, VALID, 0, USUAL),
        "mnist",
        "one or");
  }

  @Test
  void imagesInEveryShapeAndTypeThatMeansOneThing() throws IOException {
    Path f = Files.createDirectories(dir.resolve("npy"));
    Npy.write(f.resolve("testY.npy"), new int[] {2, 1}, new long[] {0, 1});
    float[] wanted = {0, 1, 0, 1, 1, 0};
    for (int[] shape : new int[][] {{2, 2, 3}, {2, 1, 2, 3}, {2, 2, 3, 1}}) {
      for (Object pixels :
          new Object[] {
            new float[] {0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1},
            new float[] {-1e-7f, 1.0000001f, -0f, 1.001f - 1e-4f, 1, 0, 0, 0, 0, 0, 0, 1},
            new double[] {0, 1 + 1e-12, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1},
            new boolean[] {
              false, true, false, true, true, false, false, false, false, false, false, true
            },
            new byte[] {0, -1, 0, -1, -1, 0, 0, 0, 0, 0, 0, 1},
            new int[] {0, 255, 0, 255, 255, 0, 0, 0, 0, 0, 0, 1},
            new long[] {0, 255, 0, 255, 255, 0, 0, 0, 0, 0, 0, 1},
          }) {
        Npy.write(f.resolve("testX.npy"), shape, pixels);
        Dataset test = sources(null, DEAD).split(files(f, Split.TEST), Split.TEST);
        assertEquals(3, test.width());
        assertEquals(2, test.height());
        assertArrayEquals(wanted, image(test, 0));
      }
    }
  }

  @Test
  void moreThan255ClassesInAPartWithFewImages() throws IOException {
    Path f = Files.createDirectories(dir.resolve("many"));
    int[] labels = new int[600];
    for (int i = 0; i < 600; i++) {
      labels[i] = i % 300;
    }
    Npy.write(f.resolve("trainX.npy"), new int[] {600, 4}, new float[2400]);
    Npy.write(f.resolve("testX.npy"), new int[] {2, 4}, new float[8]);
    Npy.write(f.resolve("trainY.npy"), new int[] {600}, labels);
    Npy.write(f.resolve("testY.npy"), new int[] {2, 1}, new long[] {299, 280});
    Splits all = sources(null, DEAD).open(files(f, Split.TRAIN, Split.TEST));
    assertEquals(300, all.train().classes());
    assertEquals(299, all.test().label(0));
    Dataset testOnly = sources(null, DEAD).split(files(f, Split.TEST), Split.TEST);
    assertEquals(299, testOnly.label(0));
    labels[7] = 601; // more classes than training images: no labels
    Npy.write(f.resolve("trainY.npy"), new int[] {600}, labels);
    assertFails(
        2, () -> sources(null, DEAD).open(files(f, Split.TRAIN, Split.TEST)), "602 classes", "600");
  }

  @Test
  void testImagesAreNotNeededToTrainButHalfOfThemIsAFault() throws IOException {
    Path f = Files.createDirectories(dir.resolve("half"));
    Npy.write(f.resolve("trainX.npy"), new int[] {3, 4}, new float[12]);
    Npy.write(f.resolve("trainY.npy"), new int[] {3}, new int[] {0, 3, 1});
    DataRequest folder = DataRequest.of(f.toString(), 1, 0);
    Splits splits = sources(null, DEAD).open(folder);
    assertNull(splits.test());
    assertEquals(List.of(1, 2), splits.train().absentClasses());
    Npy.write(f.resolve("testY.npy"), new int[] {3}, new int[] {0, 3, 1});
    assertFails(2, () -> sources(null, DEAD).open(folder), "no test images", "testX.npy");
    Path idx = idxFolder(dir.resolve("idx"), 0);
    Files.delete(IdxFolder.find(idx, "t10k-labels-idx1-ubyte"));
    assertFails(2, () -> open(null, "idx"), "no test images", "t10k");
    try (var images = Files.newDirectoryStream(idx, "t10k-*")) {
      for (Path image : images) {
        Files.delete(image);
      }
    }
    assertNull(open(null, "idx").test());
  }

  @Test
  void npyThatDoesNotFitIsNamed() throws IOException {
    Path f = Files.createDirectories(dir.resolve("npy"));
    Path x = f.resolve("testX.npy");
    Path y = f.resolve("testY.npy");
    Npy.write(y, new int[] {2}, new int[] {0, 1});
    Npy.write(x, new int[] {2, 4}, new float[] {0, 0, 0, 0, 0, 255, 0, 0});
    refused(f, "pixel 1 of image 1 is 255.0", "testX.npy");
    Npy.write(x, new int[] {2, 4}, new byte[] {0, 1, 1, 0, 0, 0, 0, 0});
    refused(f, "testX.npy", "all 0 or 1");
    Npy.write(x, new int[] {2, 4}, new int[] {0, 0, 0, 256, 0, 0, 0, 0});
    refused(f, "testX.npy", "element 3 is 256", "0..255", "float32");
    Npy.write(x, new int[] {2, 4}, new long[] {0, 0, 0, 1, 0, 0, 0, 0});
    refused(f, "testX.npy", "all 0 or 1", "astype(bool)");
    Npy.write(x, new int[] {2, 3, 1, 4}, new float[24]);
    refused(f, "testX.npy", "(2, 3, 1, 4)", "grey");
    Npy.write(x, new int[] {1, 2, 1, 2, 2}, new float[8]);
    refused(f, "testX.npy", "(1, 2, 1, 2, 2)");
    Npy.write(x, new int[] {8}, new float[8]);
    refused(f, "testX.npy", "(8,)");
    Npy.write(x, new int[] {3, 4}, new float[12]);
    refused(f, "3 images", "2 labels");
    Npy.write(x, new int[] {2, 2, 2}, new float[8]);
    assertEquals(2, sources(null, DEAD).split(files(f, Split.TEST), Split.TEST).height());
    Npy.write(y, new int[] {2}, new float[] {0, 0.5f});
    refused(f, "testY.npy", "0.5");
    Npy.write(y, new int[] {2}, new int[] {0, -1});
    refused(f, "testY.npy", "image 1 is -1");
    Npy.write(y, new int[] {2, 2}, new float[] {0, 1, 1, 1});
    refused(f, "testY.npy", "row 1 is not one-hot");
    Npy.write(y, new int[] {2, 2}, new float[] {0, 1, 0.9f, 0.1f});
    refused(f, "testY.npy", "row 1 is not one-hot");
    Npy.write(y, new int[] {2, 2}, new float[] {0, Float.NaN, 0, 1});
    refused(f, "testY.npy", "row 0 is not one-hot");
    Files.delete(y);
    refused(f, "testY.npy");
  }

  private void refused(Path f, String... words) {
    assertFails(2, () -> sources(null, DEAD).split(files(f, Split.TEST), Split.TEST), words);
  }

  @Test
  void partsOfDifferentSizesAreRefused() throws IOException {
    Path folder = idxFolder(dir.resolve("mine"), 0);
    Files.write(folder.resolve("t10k-images.idx3-ubyte"), idxImages(4, 3, 0));
    assertFails(2, () -> open(null, "mine"), "3 x 3", "2 x 2");
    Npy.write(folder.resolve("testX.npy"), new int[] {1, 4}, new float[4]);
    assertFails(2, () -> open(null, "mine"), "IDX and .npy");
  }
}
