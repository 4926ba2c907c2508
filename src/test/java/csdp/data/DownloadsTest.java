package csdp.data;

import static csdp.data.TestData.gzip;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.OtherJava;
import csdp.data.DataCatalog.FileEntry;
import csdp.data.DataCatalog.SetEntry;
import csdp.data.FileServer.Manner;
import csdp.io.Checksums;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadsTest {
  private static final String NAME = "file.gz";
  private static final String DEAD = "http://127.0.0.1:1/";

  @TempDir Path dir;
  private final byte[] content = new byte[300_000];
  private final List<String> told = new ArrayList<>();
  private FileServer server;
  private byte[] packed;
  private Path folder;
  private Downloads downloads;

  @BeforeEach
  void start() throws IOException {
    new Random(1).nextBytes(content);
    packed = gzip(content);
    server = new FileServer();
    folder = dir.resolve("a/set");
    downloads = downloads(1 << 20);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Downloads downloads(long maxBytes) {
    return new Downloads(
        Duration.ofSeconds(2),
        Duration.ofMillis(400),
        maxBytes,
        new Proxies(Map.of()),
        (file, bytes, total) -> told.add(file + " " + bytes + " " + total));
  }

  private SetEntry set(String... mirrors) {
    var digest = Checksums.sha256();
    digest.update(content);
    return set(new FileEntry(NAME, Checksums.hex(digest), null), mirrors);
  }

  private static SetEntry set(FileEntry file, String... mirrors) {
    return new SetEntry(
        "set", "Title", "CC0", "us", 2, 2, 2, 8, 4, List.of(mirrors), List.of(file));
  }

  private void assertFetched() throws IOException {
    assertArrayEquals(packed, Files.readAllBytes(folder.resolve(NAME)));
    assertFalse(Files.exists(folder.resolve(NAME + ".part")));
  }

  private String fail(SetEntry set, String... words) {
    String message = assertFails(3, () -> downloads.fetch(set, folder), words).getMessage();
    assertFalse(Files.exists(folder.resolve(NAME)));
    return message;
  }

  @Test
  void wholeFile() throws IOException {
    server.put("m/" + NAME, packed, Manner.RANGES);
    assertEquals(1, downloads.fetch(set(server.url("m")), folder));
    assertFetched();
    assertEquals(List.of("m/" + NAME + " null"), List.copyOf(server.asked));
    assertEquals(NAME + " 0 " + packed.length, told.get(0));
    assertEquals(NAME + " " + packed.length + " " + packed.length, told.get(told.size() - 1));
    assertEquals(0, downloads.fetch(set(server.url("m")), folder));
    assertEquals(1, server.asked.size());
  }

  @Test
  void md5OfTheGzipItself() throws IOException {
    server.put("m/" + NAME, packed, Manner.RANGES);
    downloads.fetch(set(new FileEntry(NAME, null, Checksums.md5(packed)), server.url("m")), folder);
    assertFetched();
  }

  @Test
  void brokenTransferIsResumed() throws IOException {
    server.put("m/" + NAME, packed, Manner.CUT_SHORT);
    fail(set(server.url("m")), NAME, folder.toString());
    long part = Files.size(folder.resolve(NAME + ".part"));
    assertTrue(part > 0 && part < packed.length, part + " bytes");
    server.put("m/" + NAME, packed, Manner.RANGES);
    server.asked.clear();
    downloads.fetch(set(server.url("m")), folder);
    assertEquals(List.of("m/" + NAME + " bytes=" + part + "-"), List.copyOf(server.asked));
    assertFetched();
  }

  @Test
  void restartedWhereTheServerKnowsNoRanges() throws IOException {
    for (Manner manner : new Manner[] {Manner.NO_RANGES, Manner.WRONG_RANGE}) {
      TestData.write(folder.resolve(NAME + ".part"), Arrays.copyOf(packed, 1000));
      server.put("m/" + NAME, packed, manner);
      downloads.fetch(set(server.url("m")), folder);
      assertFetched();
      Files.delete(folder.resolve(NAME));
    }
  }

  @Test
  void startOfAnotherFileIsThrownAway() throws IOException {
    for (int length : new int[] {1000, packed.length, packed.length + 5}) {
      TestData.write(folder.resolve(NAME + ".part"), new byte[length]);
      server.put("m/" + NAME, packed, Manner.RANGES);
      downloads.fetch(set(server.url("m")), folder);
      assertFetched();
      Files.delete(folder.resolve(NAME));
    }
  }

  @Test
  void wrongChecksumLeavesNothing() throws IOException {
    byte[] other = gzip(new byte[1000]);
    server.put("m/" + NAME, other, Manner.RANGES);
    fail(set(server.url("m")), "wrong checksum", server.url("m") + NAME, "1 mirror tried");
    assertFalse(Files.exists(folder));
    server.put("n/" + NAME, packed, Manner.RANGES);
    downloads.fetch(set(server.url("m"), server.url("n")), folder);
    assertFetched();
  }

  @Test
  void nextMirrorWhereTheFirstIsDeadOrErrsOrStalls() throws IOException {
    server.put("good/" + NAME, packed, Manner.RANGES);
    server.put("error/" + NAME, packed, Manner.ERROR);
    server.put("cut/" + NAME, packed, Manner.CUT_SHORT);
    server.put("silent/" + NAME, packed, Manner.SILENT);
    for (String first :
        List.of(
            DEAD,
            server.url("none"),
            server.url("error"),
            server.url("cut"),
            server.url("silent"),
            "http://example.org/")) {
      int fetched =
          assertTimeout(
              Duration.ofSeconds(20),
              () -> downloads.fetch(set(first, server.url("good")), folder),
              first);
      assertEquals(1, fetched, first);
      assertFetched();
      Files.delete(folder.resolve(NAME));
    }
  }

  @Test
  void withoutNetworkOneLine() {
    String message = fail(set(DEAD, DEAD), "2 mirrors", "check the network", folder.toString());
    assertTrue(message.contains("no connection"), message);
    fail(set("http://example.org/"), "not HTTPS");
    assertFalse(Files.exists(folder));
  }

  @Test
  void tooLargeIsNotTaken() throws IOException {
    server.put("m/" + NAME, packed, Manner.RANGES);
    downloads = downloads(1000);
    fail(set(server.url("m")), "more than the 1000");
    // A small file that unpacks to more than is allowed.
    server.put("m/" + NAME, gzip(new byte[500_000]), Manner.RANGES);
    fail(set(server.url("m")), "wrong checksum");
  }

  @Test
  void filesOfTheUserAreNotOverwritten() throws IOException {
    server.put("m/" + NAME, packed, Manner.RANGES);
    Path mine = TestData.write(folder.resolve(NAME), new byte[] {1, 2, 3});
    assertFails(2, () -> downloads.fetch(set(server.url("m")), folder), mine.toString(), "remove");
    assertEquals(3, Files.size(mine));
    Path file = TestData.write(dir.resolve("file"), new byte[1]);
    assertFails(3, () -> downloads.fetch(set(server.url("m")), file), file.toString());
  }

  @Test
  void twoAtOnceFetchOnce() throws IOException {
    server.put("m/" + NAME, packed, Manner.RANGES);
    SetEntry set = set(server.url("m"));
    int fetched =
        Stream.generate(
                () ->
                    CompletableFuture.supplyAsync(
                        () -> new Downloads((f, b, t) -> {}).fetch(set, folder)))
            .limit(4)
            .toList()
            .stream()
            .mapToInt(CompletableFuture::join)
            .sum();
    assertEquals(1, fetched);
    assertEquals(1, server.asked.size());
    assertFetched();
  }

  @Test
  void twoProcessesFetchOnce() throws Exception {
    server.put("m/" + NAME, packed, Manner.SLOW);
    SetEntry set = set(server.url("m"));
    Process other =
        new ProcessBuilder(
                OtherJava.command(
                    List.of(),
                    Other.class.getName(),
                    List.of(server.url("m"), set.files().get(0).sha256(), folder.toString())))
            .inheritIO()
            .start();
    try {
      while (server.asked.isEmpty() && other.isAlive()) {
        Thread.sleep(10);
      }
      assertEquals(0, new Downloads((f, b, t) -> {}).fetch(set, folder));
      assertEquals(0, other.waitFor());
    } finally {
      other.destroy();
    }
    assertEquals(1, server.asked.size());
    assertFetched();
  }

  /** The other process of {@link #twoProcessesFetchOnce}. */
  static final class Other {
    public static void main(String[] args) {
      new Downloads((f, b, t) -> {})
          .fetch(set(new FileEntry(NAME, args[1], null), args[0]), Path.of(args[2]));
    }
  }

  @Test
  void onlyHttpsOrThisMachine() {
    assertTrue(Downloads.isAllowed(URI.create("https://example.org/x")));
    assertTrue(Downloads.isAllowed(URI.create("http://localhost:80/x")));
    assertFalse(Downloads.isAllowed(URI.create("http://example.org/x")));
    assertFalse(Downloads.isAllowed(URI.create("http://localhost.example.org/x")));
    assertFalse(Downloads.isAllowed(URI.create("http://localhost@example.org/x")));
    assertFalse(Downloads.isAllowed(URI.create("file:///etc/passwd")));
  }
}
