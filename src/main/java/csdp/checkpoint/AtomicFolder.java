package csdp.checkpoint;

import csdp.CsdpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/**
 * Replaces a folder completely or not at all, whatever happens meanwhile.
 *
 * <p>The new content is written to a temporary beside the folder and brought to the disk; then the
 * folder is moved aside to {@code <name>.old}, the temporary is renamed, and the old one is
 * deleted. A crash between the two renames leaves only {@code <name>.old}: {@link #existing} finds
 * it there and the next {@link #replace} puts it back first. Only one process may write a folder at
 * a time.
 */
public final class AtomicFolder {
  private AtomicFolder() {}

  /** Writes the content of a folder. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes.
     *
     * @param folder new and empty; its final name comes later
     */
    void write(Path folder) throws IOException;
  }

  /**
   * Replaces a folder. Folders that are missing on the way are created.
   *
   * @param folder the folder to be
   * @param marker a file that every earlier version of the folder has, so that no other folder is
   *     deleted by mistake; null where nothing may be replaced
   * @param content writes the new content
   * @throws CsdpException environment when it cannot be written (no space, no permission, ...), bad
   *     input when the folder holds something else; the earlier folder is intact in both cases
   */
  public static void replace(Path folder, String marker, Content content) {
    Path temporary = null;
    try {
      Path target = Disk.target(folder);
      Path old = old(target);
      Files.createDirectories(target.getParent());
      Disk.removeStale(target);
      if (!Files.exists(target) && holds(old, marker)) {
        move(old, target);
      }
      requireReplaceable(target, marker);
      temporary = Disk.temporary(target);
      Files.createDirectory(temporary);
      content.write(temporary);
      Disk.syncTree(temporary);
      if (Files.exists(target)) {
        if (Files.exists(old)) {
          requireReplaceable(old, marker);
          Disk.delete(old);
        }
        move(target, old);
        try {
          move(temporary, target);
        } catch (IOException | RuntimeException e) {
          move(old, target);
          throw e;
        }
        Disk.syncFolder(target.getParent());
        Disk.release(old);
      } else {
        move(temporary, target);
        Disk.syncFolder(target.getParent());
      }
    } catch (IOException | UncheckedIOException e) {
      throw Disk.failure(folder, e);
    } finally {
      if (temporary != null) {
        Disk.release(temporary);
      }
    }
  }

  /**
   * The folder to read: itself, or {@code <name>.old} after a crash between the two renames.
   *
   * @throws CsdpException bad input when neither is there
   */
  public static Path existing(Path folder) {
    if (Files.isDirectory(folder)) {
      return folder;
    }
    Path absolute = folder.toAbsolutePath().normalize();
    if (absolute.getFileName() != null
        && !Files.exists(folder)
        && Files.isDirectory(old(absolute))) {
      return old(absolute);
    }
    throw CsdpException.badInput(
        "%s %s", folder, Files.exists(folder) ? "is not a folder" : "does not exist");
  }

  /** Whether {@link #existing} would find a folder. */
  public static boolean exists(Path folder) {
    Path absolute = folder.toAbsolutePath().normalize();
    return Files.isDirectory(folder)
        || (absolute.getFileName() != null
            && !Files.exists(folder)
            && Files.isDirectory(old(absolute)));
  }

  private static Path old(Path target) {
    return target.resolveSibling(target.getFileName() + ".old");
  }

  private static boolean holds(Path folder, String marker) {
    return marker != null && Files.isRegularFile(folder.resolve(marker));
  }

  private static void requireReplaceable(Path target, String marker) throws IOException {
    if (!Files.exists(target) || holds(target, marker)) {
      return;
    }
    if (!Files.isDirectory(target)) {
      throw CsdpException.badInput("%s is a file; name a folder", target);
    }
    try (Stream<Path> entries = Files.list(target)) {
      if (entries.findAny().isPresent()) {
        throw CsdpException.badInput(
            "%s holds other files%s; name a new or an empty folder",
            target, marker == null ? "" : " (and no " + marker + ")");
      }
    }
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }
}
