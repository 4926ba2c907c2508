package csdp.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Code is loaded only from folders that no other user can write. */
class UserCacheTest {
  @TempDir Path dir;

  @BeforeEach
  void posix() {
    assumeTrue(
        dir.getFileSystem().supportedFileAttributeViews().contains("unix"),
        "no file modes on this system");
  }

  @Test
  void aNewFolderIsClosedToOthers() throws IOException {
    Path folder = UserCache.own(dir.resolve("a/b"));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    assertEquals(folder, UserCache.own(folder), "and taken again");
  }

  @Test
  void anOpenFolderIsNotUsed() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("open"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertTrue(
        assertThrows(IOException.class, () -> UserCache.own(folder))
            .getMessage()
            .contains("chmod 700"));
  }

  @Test
  void aFolderOfSomebodyElseIsNotUsed() throws IOException {
    Path folder = UserCache.own(dir.resolve("theirs"));
    giveAway(folder);
    assertTrue(refusal(folder).contains("theirs belongs to another user"), refusal(folder));
  }

  @Test
  void aFolderBelowOneOfSomebodyElseIsNotUsed() throws IOException {
    Path above = Files.createDirectory(dir.resolve("theirs"));
    Path folder = UserCache.own(above.resolve("mine"));
    giveAway(above);
    assertTrue(refusal(folder).contains("theirs above it belongs to"), refusal(folder));
  }

  @Test
  void aFolderBelowOneThatEverybodyMayWriteToIsNotUsed() throws IOException {
    Path above = Files.createDirectory(dir.resolve("common"));
    Path folder = above.resolve("mine");
    Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertTrue(refusal(folder).contains("everybody may write to " + above), refusal(folder));
    Path link = Files.createSymbolicLink(dir.resolve("link"), above);
    assertTrue(refusal(link.resolve("mine")).contains("everybody may write to"));
    Files.setAttribute(above, "unix:mode", 01777); // as /tmp: nobody else can rename what is mine
    assertEquals(folder, UserCache.own(folder));
  }

  @Test
  void theRefusalIsOneLineAndNotAnotherFolder() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("natives"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    CsdpException e = assertThrows(CsdpException.class, () -> UserCache.folder(dir, "natives"));
    assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
    assertEquals(
        "no code is loaded from %1$s: mode rwxrwxrwx of %1$s lets others in: delete it or chmod 700"
                .formatted(folder)
            + " it, or set CSDP_CACHE to a folder of your own",
        e.getMessage());
  }

  @Test
  void whereNoneCanBeMadeATemporaryOneServes() throws IOException {
    Path file = Files.createFile(dir.resolve("file"));
    Path folder = UserCache.folder(file, "natives");
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    assertTrue(!folder.startsWith(dir));
    Files.delete(folder);
  }

  private static String refusal(Path folder) {
    return assertThrows(UserCache.Unsafe.class, () -> UserCache.own(folder)).getMessage();
  }

  private static void giveAway(Path folder) throws IOException {
    try {
      Files.setAttribute(folder, "unix:uid", 12345);
    } catch (IOException e) {
      abort("only root can give a folder away");
    }
  }

  @Test
  void aLinkIsNotFollowed() throws IOException {
    Path real = UserCache.own(dir.resolve("real"));
    Path link = Files.createSymbolicLink(dir.resolve("link"), real);
    assertThrows(IOException.class, () -> UserCache.own(link));
  }

  @Test
  void whatLiesThereIsReplacedUnlessItIsTheSame() throws IOException {
    Path file = Files.write(dir.resolve("x.so"), new byte[] {1, 2});
    UserCache.write(file, new byte[] {3, 4});
    assertArrayEquals(new byte[] {3, 4}, Files.readAllBytes(file));
    Object before = Files.getAttribute(file, "unix:ino");
    UserCache.write(file, new byte[] {3, 4});
    assertEquals(before, Files.getAttribute(file, "unix:ino"));
  }

  @Test
  void whereItIs() {
    assertEquals(Path.of("/c"), UserCache.root(Map.of("CSDP_CACHE", "/c"), "/h"));
    assertEquals(
        Path.of("/x/csdp4j"),
        UserCache.root(Map.of("XDG_CACHE_HOME", "/x", "LOCALAPPDATA", "/y"), "/h"));
    assertEquals(Path.of("/h/.cache/csdp4j"), UserCache.root(Map.of(), "/h"));
  }

  @Test
  void jcudaHasNativesForTwoSystems() {
    assertTrue(JCudaNatives.platform("Linux", "amd64"));
    assertTrue(JCudaNatives.platform("Windows 11", "amd64"));
    assertTrue(!JCudaNatives.platform("Mac OS X", "aarch64"));
    assertTrue(!JCudaNatives.platform("Linux", "aarch64"));
  }

  @Test
  void theLoadersReasonIsPickedOut() {
    String jcuda =
        "Error while loading native library \"JCublas2-12.6.0-linux-x86_64\"\n"
            + "Operating system name: Linux\n"
            + "java.lang.UnsatisfiedLinkError: /h/libJCublas2-12.6.0-linux-x86_64.so:"
            + " libcublas.so.12: cannot open shared object file: No such file or directory\n"
            + "\tat java.base/x\n";
    assertEquals(
        "libcublas.so.12: cannot open shared object file: No such file or directory",
        JCudaNatives.firstCause(jcuda));
    assertEquals("other", JCudaNatives.firstCause("other\nlines"));
  }
}
