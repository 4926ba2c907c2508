package csdp.backend.cuda;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * Where this user keeps native libraries that were unpacked and kernels that were compiled here:
 * {@code $CSDP_CACHE}, else {@code $XDG_CACHE_HOME/csdp4j}, {@code %LOCALAPPDATA%\csdp4j} or {@code
 * ~/.cache/csdp4j}. Code is loaded from there, so a folder is the user's own and closed to others
 * (mode 700), or it is not used. All of it can be deleted at any time.
 */
public final class UserCache {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private UserCache() {}

  /** A folder of this user in the cache; a new temporary one where that cannot be had. */
  public static Path folder(String name) {
    Path folder = root(System.getenv(), System.getProperty("user.home", "")).resolve(name);
    try {
      return own(folder);
    } catch (IOException e) {
      try {
        Path temporary = Files.createTempDirectory("csdp4j-" + name); // mode 700
        temporary.toFile().deleteOnExit();
        return temporary;
      } catch (IOException f) {
        throw csdp.CsdpException.environment(
                "no folder for %s: neither %s (%s) nor a temporary one (%s): set CSDP_CACHE to a"
                    + " folder of your own",
                name, folder, e.getMessage(), f.getMessage())
            .because(f);
      }
    }
  }

  static Path root(Map<String, String> env, String home) {
    for (String variable : new String[] {"CSDP_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"}) {
      String value = env.get(variable);
      if (value != null && !value.isBlank() && Path.of(value).isAbsolute()) {
        return variable.equals("CSDP_CACHE") ? Path.of(value) : Path.of(value, "csdp4j");
      }
    }
    return Path.of(home.isBlank() ? "." : home, ".cache", "csdp4j").toAbsolutePath();
  }

  /** Makes a folder, or takes one that is there if nobody else can have put anything into it. */
  static Path own(Path folder) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    Files.createDirectories(folder.getParent());
    try {
      if (posix) {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
      } else {
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException e) {
      // Looked at below.
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(folder + " is not a folder");
    }
    Path probe = Files.createTempFile(folder, "probe", null); // also: may it be written?
    try {
      if (posix) {
        Object mine = Files.getAttribute(probe, "unix:uid");
        if (!mine.equals(Files.getAttribute(folder, "unix:uid"))) {
          throw new FileSystemException(folder + " belongs to somebody else");
        }
        if (!Files.getPosixFilePermissions(folder).equals(PRIVATE)) {
          // Others may have had their hands in it.
          throw new FileSystemException(folder + " is open to others: chmod 700 it or delete it");
        }
      }
    } finally {
      Files.delete(probe);
    }
    return folder;
  }

  /**
   * Writes a file so that whoever reads it at the same time sees all of it; leaves one that already
   * has this content.
   */
  static void write(Path file, byte[] content) throws IOException {
    if (Files.isRegularFile(file)
        && Files.size(file) == content.length
        && Arrays.equals(Files.readAllBytes(file), content)) {
      return;
    }
    Path aside = Files.createTempFile(file.getParent(), "new", null);
    try {
      Files.write(aside, content);
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(aside);
    }
  }
}
