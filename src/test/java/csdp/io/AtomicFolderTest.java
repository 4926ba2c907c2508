package csdp.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFolderTest {
  private static final String MARKER = "manifest";
  private static final long NO_PROCESS = 99_999_999_999L;

  @TempDir Path dir;
  private Path folder;

  @BeforeEach
  void folder() {
    folder = dir.resolve("last");
  }

  private static AtomicFolder.Content version(String text) {
    return f -> fill(f, text);
  }

  private static void fill(Path f, String text) throws IOException {
    Files.createDirectories(f.resolve("sub"));
    Files.writeString(f.resolve(MARKER), text);
    Files.writeString(f.resolve("sub/a"), text);
  }

  private String current() throws IOException {
    Path found = AtomicFolder.existing(folder, MARKER);
    assertEquals(Files.readString(found.resolve(MARKER)), Files.readString(found.resolve("sub/a")));
    return Files.readString(found.resolve(MARKER));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(dir)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  private CsdpException fails(AtomicFolder.Content content) {
    return assertThrows(CsdpException.class, () -> AtomicFolder.replace(folder, MARKER, content));
  }

  @Test
  void replacesWhole() throws IOException {
    assertFalse(AtomicFolder.exists(folder, MARKER));
    AtomicFolder.replace(folder, MARKER, version("one"));
    AtomicFolder.replace(
        folder,
        MARKER,
        f -> {
          assertEquals("one", current(), "readers see the earlier one until the end");
          fill(f, "two");
        });
    assertEquals("two", current());
    assertEquals(List.of("last"), names());
  }

  @Test
  void afterACrashWhileWritingTheEarlierOneIsRead() throws IOException {
    fill(folder, "one");
    fill(dir.resolve("last." + NO_PROCESS + "-1.tmp"), "half");
    Files.delete(dir.resolve("last." + NO_PROCESS + "-1.tmp/sub/a"));
    assertEquals("one", current());
    AtomicFolder.replace(folder, MARKER, version("two"));
    assertEquals("two", current());
    assertEquals(List.of("last"), names());
  }

  @Test
  void afterACrashBetweenTheRenamesTheOldOneIsRead() throws IOException {
    fill(dir.resolve("last.old"), "one");
    fill(dir.resolve("last." + NO_PROCESS + "-1.tmp"), "two");
    assertTrue(AtomicFolder.exists(folder, MARKER));
    assertEquals("one", current());
    fails(
        f -> {
          throw new IOException("No space left on device");
        });
    assertEquals("one", current(), "a write that fails does not cost the old one");
    AtomicFolder.replace(folder, MARKER, version("three"));
    assertEquals("three", current());
    assertEquals(List.of("last"), names());
  }

  @Test
  void afterACrashBeforeTheOldOneIsDeletedTheNewOneIsRead() throws IOException {
    fill(folder, "two");
    fill(dir.resolve("last.old"), "one");
    Files.delete(dir.resolve("last.old").resolve("sub/a"));
    assertEquals("two", current());
    AtomicFolder.replace(folder, MARKER, version("three"));
    assertEquals("three", current());
    assertEquals(List.of("last"), names());
  }

  /** The old one goes under a temporary's name first, so no half of it blocks the next write. */
  @Test
  void afterACrashWhileTheOldOneIsDeletedTheNextWriteSucceeds() throws IOException {
    AtomicFolder.replace(folder, MARKER, version("one"));
    AtomicFolder.replace(
        folder,
        MARKER,
        f -> {
          fill(f, "two");
          fill(dir.resolve("last.old"), "zero");
        });
    assertEquals(List.of("last"), names());
    Path half = dir.resolve("last." + NO_PROCESS + "-2.tmp");
    fill(half, "one");
    Files.delete(half.resolve(MARKER));
    AtomicFolder.replace(folder, MARKER, version("three"));
    assertEquals(List.of("last"), names());
    assertEquals("three", current());
  }

  /** On an overlay the new one waits as .old while the one of the lower layer is deleted. */
  @Test
  void afterACrashWhileOneIsReplacedInPlaceTheWholeOneIsRead() throws IOException {
    for (String rest : List.of(MARKER + " sub/a", "sub/a", "")) {
      fill(folder, "lower");
      fill(dir.resolve("last.old"), "new");
      for (String gone : List.of(MARKER, "sub/a", "sub")) {
        if (!List.of((rest + " sub").split(" ")).contains(gone) || rest.isEmpty()) {
          Files.delete(folder.resolve(gone));
        }
      }
      String whole = rest.startsWith(MARKER) ? "lower" : "new";
      assertEquals(whole, current());
      AtomicFolder.recover(folder, MARKER);
      assertEquals(whole, current());
      assertEquals(List.of("last"), names());
    }
    // A folder with a file of another is no rest of ours.
    Files.delete(folder.resolve(MARKER));
    fill(dir.resolve("last.old"), "new");
    Files.writeString(folder.resolve("thesis"), "mine");
    AtomicFolder.recover(folder, MARKER);
    assertEquals("mine", Files.readString(folder.resolve("thesis")));
    assertEquals(List.of("last", "last.old"), names());
  }

  @Test
  void temporariesOfOthersStay() throws IOException {
    long init = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(1L);
    List<String> others = List.of("last." + init + "-1.tmp", "last2." + NO_PROCESS + "-1.tmp");
    for (String other : others) {
      Files.createDirectory(dir.resolve(other));
    }
    AtomicFolder.replace(folder, MARKER, version("one"));
    assertTrue(names().containsAll(others), names().toString());
  }

  @Test
  void aFullDiskLeavesTheEarlierOne() throws IOException {
    fill(folder, "one");
    CsdpException e =
        fails(
            f -> {
              fill(f, "half");
              throw new IOException("No space left on device");
            });
    assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
    assertEquals(
        "cannot write "
            + folder
            + ": no space left on the disk; free some or choose a folder elsewhere",
        e.getMessage());
    assertEquals("one", current());
    assertEquals(List.of("last"), names());
  }

  @Test
  void anyOtherFailureLeavesTheEarlierOne() throws IOException {
    fill(folder, "one");
    assertThrows(
        StackOverflowError.class,
        () ->
            AtomicFolder.replace(
                folder,
                MARKER,
                f -> {
                  fill(f, "half");
                  throw new StackOverflowError();
                }));
    assertEquals("one", current());
    assertEquals(List.of("last"), names());
  }

  @Test
  void foldersOfOthersAreNotDeleted() throws IOException {
    Files.createDirectory(folder);
    AtomicFolder.replace(folder, MARKER, version("an empty folder may be taken"));
    Path thesis = Files.createDirectory(dir.resolve("home"));
    Files.writeString(thesis.resolve("thesis.tex"), "years of work");
    CsdpException e =
        assertThrows(
            CsdpException.class, () -> AtomicFolder.replace(thesis, MARKER, version("one")));
    assertEquals(CsdpException.USAGE, e.exitCode());
    assertTrue(e.getMessage().contains("holds other files"), e.getMessage());
    assertTrue(Files.exists(thesis.resolve("thesis.tex")));
    assertThrows(
        CsdpException.class, () -> AtomicFolder.replace(folder, null, version("no marker")));
    assertThrows(
        CsdpException.class,
        () -> AtomicFolder.replace(thesis.resolve("thesis.tex"), MARKER, version("a file")));
    assertThrows(CsdpException.class, () -> AtomicFolder.replace(Path.of("/"), MARKER, f -> {}));
  }

  @Test
  void aFileInTheWayIsOneLine() throws IOException {
    Path file = Files.writeString(dir.resolve("file"), "x");
    CsdpException e =
        assertThrows(
            CsdpException.class,
            () -> AtomicFolder.replace(file.resolve("a/b"), MARKER, version("one")));
    assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
    assertTrue(e.getMessage().contains("a file has the name of a required folder"), e.getMessage());
  }

  @Test
  void aReadOnlyParentIsOneLine() throws IOException {
    fill(folder, "one");
    assertTrue(dir.toFile().setWritable(false));
    try {
      assumeFalse(Files.isWritable(dir), "this user (root?) may write everywhere");
      CsdpException e = fails(version("two"));
      assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
      assertTrue(e.getMessage().contains("no permission"), e.getMessage());
      assertEquals("one", current());
      e = assertThrows(CsdpException.class, () -> AtomicFile.write(dir.resolve("f"), "x"));
      assertTrue(e.getMessage().contains("no permission"), e.getMessage());
    } finally {
      assertTrue(dir.toFile().setWritable(true));
    }
  }

  @Test
  void deniedAndReadOnlyHaveTheirOwnLines() {
    CsdpException denied =
        fails(
            f -> {
              throw new java.nio.file.AccessDeniedException("/x");
            });
    assertTrue(denied.getMessage().contains("no permission"), denied.getMessage());
    CsdpException readOnly =
        fails(
            f -> {
              throw new java.nio.file.FileSystemException("/x", null, "Read-only file system");
            });
    assertTrue(readOnly.getMessage().contains("read-only"), readOnly.getMessage());
  }

  @Test
  void failedReadsHaveTheirOwnLines() {
    String denied = "cannot read f: no permission; make it readable";
    Path f = Path.of("f");
    assertReadFails(3, f, new java.nio.file.AccessDeniedException("f"), denied);
    assertReadFails(3, f, new java.io.FileNotFoundException("f (Permission denied)"), denied);
    assertReadFails(3, f, new IOException("Input/output error"), "Input/output error; check the");
    assertReadFails(2, f, new java.nio.file.NoSuchFileException("f"), "f does not exist");
    assertReadFails(2, f, new java.io.EOFException(), "f: damaged (it ends too early); get it");
  }

  private static void assertReadFails(int exitCode, Path file, IOException e, String words) {
    CsdpException failure = Disk.unreadable(file, e);
    assertEquals(exitCode, failure.exitCode(), failure.getMessage());
    assertTrue(failure.getMessage().contains(words), failure.getMessage());
  }

  @Test
  void aLinkKeepsLeadingThere() throws IOException {
    Path real = Files.createDirectory(dir.resolve("real"));
    fill(real, "one");
    Files.createSymbolicLink(folder, real);
    AtomicFolder.replace(folder, MARKER, version("two"));
    assertTrue(Files.isSymbolicLink(folder));
    assertEquals("two", Files.readString(real.resolve(MARKER)));
  }

  @Test
  void filesAreReplacedWhole() throws IOException {
    Path file = dir.resolve("a/b/log.json");
    AtomicFile.write(file, "one");
    Files.writeString(file.resolveSibling("log.json." + NO_PROCESS + "-7.tmp"), "stale");
    AtomicFile.write(file, "two");
    assertEquals("two", Files.readString(file));
    try (Stream<Path> all = Files.list(file.getParent())) {
      assertEquals(1, all.count());
    }
    CsdpException e = assertThrows(CsdpException.class, () -> AtomicFile.write(dir, "x"));
    assertEquals(CsdpException.USAGE, e.exitCode());
    assertTrue(e.getMessage().endsWith("is a folder; name a file"), e.getMessage());
    assertThrows(CsdpException.class, () -> AtomicFile.write(file.resolve("c"), "x"));
  }
}
