package csdp.backend.cuda.driver;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
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
 * The user's cache of unpacked native libraries and compiled kernels: {@code $CSDP_CACHE}, else
 * {@code $XDG_CACHE_HOME/csdp4j}, {@code %LOCALAPPDATA%\csdp4j} or {@code ~/.cache/csdp4j}. Code is
 * loaded from there, so a folder must belong to the user with mode 700, and no folder above it may
 * be owned or writable by another user, who could replace it. Any other folder is refused. The
 * cache can be deleted at any time.
 *
 * <p>Windows has no such modes: there the folder in the user's profile is trusted, which Windows
 * protects.
 */
public final class UserCache {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private static final int ROOT = 0;
  private static final int OTHERS_WRITE = 0002;
  private static final int STICKY = 01000; // as /tmp: only the owner can rename a file

  private UserCache() {}

  /**
   * Returns a folder of the cache; a new temporary one if it cannot be created.
   *
   * @throws csdp.error.CsdpException if the folder exists and others could have written to it
   */
  public static Path folder(String name) {
    return folder(root(System.getenv(), System.getProperty("user.home", "")), name);
  }

  static Path folder(Path root, String name) {
    Path folder = root.resolve(name);
    try {
      return own(folder);
    } catch (Unsafe e) {
      throw csdp.error.CsdpException.environment(
              "no code is loaded from %s: %s, or set CSDP_CACHE to a folder of your own",
              folder, e.getMessage())
          .because(e);
    } catch (IOException e) {
      try {
        Path temporary = Files.createTempDirectory("csdp4j-" + name); // mode 700
        temporary.toFile().deleteOnExit();
        return temporary;
      } catch (IOException f) {
        throw csdp.error.CsdpException.environment(
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

  /**
   * Creates a folder, or accepts an existing one that no other user can write to.
   *
   * @throws Unsafe if another user can
   */
  static Path own(Path folder) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("unix");
    Files.createDirectories(folder.getParent());
    try {
      if (posix) {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
      } else {
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException e) {
      // Checked below.
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new Unsafe(folder + " is a link or a file: delete it");
    }
    if (!posix) {
      Files.delete(Files.createTempFile(folder, "probe", null)); // test whether it is writable
      return folder;
    }
    Set<PosixFilePermission> modes = Files.getPosixFilePermissions(folder);
    if (!modes.equals(PRIVATE)) {
      throw new Unsafe(
          "mode "
              + PosixFilePermissions.toString(modes)
              + " of "
              + folder
              + " lets others in: delete it or chmod 700 it");
    }
    int mine;
    Path probe;
    try {
      probe = Files.createTempFile(folder, "probe", null);
    } catch (AccessDeniedException e) { // mode 700, but not accessible to this user
      throw new Unsafe(folder + " belongs to another user");
    }
    try {
      mine = owner(probe);
    } finally {
      Files.delete(probe);
    }
    if (owner(folder) != mine) {
      throw new Unsafe(folder + " belongs to another user");
    }
    checkAbove(folder.toAbsolutePath(), mine); // the folders that contain links on the path
    checkAbove(folder.toRealPath(), mine);
    return folder;
  }

  /**
   * Checks that each folder above belongs to root or this user, and that nobody else can rename its
   * entries.
   */
  private static void checkAbove(Path folder, int mine) throws IOException {
    for (Path way = folder.getParent(); way != null; way = way.getParent()) {
      int owner = owner(way);
      if (owner != mine && owner != ROOT) {
        throw new Unsafe(way + " above it belongs to another user");
      }
      int mode = (Integer) Files.getAttribute(way, "unix:mode");
      if ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
        throw new Unsafe("everybody may write to " + way + " above it: chmod o-w it");
      }
    }
  }

  private static int owner(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:uid");
  }

  /** Another user could have put code there. */
  static final class Unsafe extends FileSystemException {
    private static final long serialVersionUID = 1;

    Unsafe(String reason) {
      super(reason);
    }
  }

  /** Writes a file atomically; keeps one that already has this content. */
  public static void write(Path file, byte[] content) throws IOException {
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
