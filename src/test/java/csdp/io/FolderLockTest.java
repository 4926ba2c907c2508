package csdp.io;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.OtherJava;
import csdp.checkpoint.RunFolder;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One holder at a time. A holder that is killed: CrashTest. */
@SuppressWarnings("try") // a lock acts while open; the variable is not used
class FolderLockTest {
  @TempDir Path dir;

  private CsdpException refused(Path folder) {
    return assertFails(CsdpException.USAGE, () -> FolderLock.take(folder, line -> {}).close());
  }

  /** Whether another process gets the lock. */
  private static boolean elsewhere(Path folder) throws IOException, InterruptedException {
    Child other =
        Child.run(
            new ProcessBuilder(
                OtherJava.command(List.of(), Other.class.getName(), List.of(folder.toString()))));
    assertEquals(0, other.code(), other.err());
    return Boolean.parseBoolean(other.out().strip());
  }

  /** The other process. */
  static final class Other {
    public static void main(String[] args) {
      try (FolderLock lock = FolderLock.take(Path.of(args[0]), line -> {})) {
        System.out.println(true);
      } catch (CsdpException e) {
        System.out.println(false);
      }
    }
  }

  @Test
  void onlyOneHolds() throws Exception {
    Path folder = Files.createDirectory(dir.resolve("run"));
    Files.writeString(folder.resolve("config.json"), "{}");
    try (FolderLock lock = FolderLock.take(folder, line -> {})) {
      assertTrue(refused(folder).getMessage().contains("this very process"));
      // A refusal within the process must not make the system forget its lock.
      assertFalse(elsewhere(folder));
      Path link = Files.createSymbolicLink(dir.resolve("link"), folder);
      assertTrue(refused(link).getMessage().startsWith(link + " is in use"));
      FolderLock.take(dir.resolve("another"), line -> {}).close();
    }
    assertTrue(elsewhere(folder));
    FolderLock.take(folder, line -> {}).close();
    assertTrue(Files.exists(folder.resolve("config.json")));
  }

  @Test
  void aFolderThatNothingCameIntoGoesAgain() {
    Path folder = dir.resolve("new");
    FolderLock lock = FolderLock.take(folder, line -> {});
    assertTrue(Files.isDirectory(folder));
    lock.close();
    assertFalse(Files.exists(folder));
  }

  /** The lock is exclusive, so all temporaries belong to processes that have ended. */
  @Test
  void clearsUpAfterACrash() throws IOException {
    long pid = ProcessHandle.current().pid(); // as if the process id had been reused
    List<String> mine =
        List.of("best", "last", "last.old", "config.json", "acc-5.npy", "metrics.jsonl");
    for (String name : mine) {
      Files.createDirectories(dir.resolve(name + "." + pid + "-3.tmp/adam"));
    }
    Files.createDirectory(dir.resolve("best"));
    Files.writeString(dir.resolve("best/manifest.json"), "{}");
    Files.createDirectory(dir.resolve("best.old"));
    Files.writeString(dir.resolve("best.old/manifest.json"), "{}");
    Files.createDirectory(dir.resolve("last.old"));
    Files.writeString(dir.resolve("last.old/manifest.json"), "{}");
    Files.writeString(dir.resolve("notes.1-2.tmp"), "somebody's");
    new RunFolder(dir).lock(line -> {}).close();
    try (Stream<Path> left = Files.list(dir)) {
      assertEquals(
          List.of(".lock", "best", "last", "notes.1-2.tmp"),
          left.map(p -> p.getFileName().toString()).sorted().toList());
    }
  }
}
