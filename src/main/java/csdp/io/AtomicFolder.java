package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Replaces a folder atomically.
 *
 * <p>The new content is written to a temporary sibling folder and synced. Then the folder is
 * renamed to {@code <name>.old}, the temporary is renamed to its final name, and the old folder is
 * deleted. A crash between the two renames leaves only {@code <name>.old}: {@link #existing} finds
 * it, and {@link #recover} or the next {@link #replace} renames it back. Only one process may write
 * a folder at a time; others may read it concurrently.
 *
 * <p>Overlay file systems cannot rename a folder of a lower layer (a container's image). There the
 * new content is stored as {@code <name>.old} until the folder is deleted, marker first: one of the
 * two is complete at any time.
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
   * Replaces a folder. Missing parent folders are created.
   *
   * @param folder the folder to replace or create
   * @param marker a file that each earlier version of the folder contains, so that no other folder
   *     is deleted by mistake; null if nothing may be replaced
   * @param content writes the new content
   * @throws CsdpException environment if it cannot be written (no space, no permission, ...), bad
   *     input if the folder holds something else; the earlier folder is intact in both cases
   */
  public static void replace(Path folder, String marker, Content content) {
    Path temporary = null;
    try {
      Path target = Disk.target(folder);
      Path old = old(target);
      Disk.makeFolder(target.getParent());
      clearUp(target, marker);
      requireReplaceable(target, marker);
      temporary = Disk.temporary(target);
      Files.createDirectory(temporary);
      content.write(temporary);
      Disk.syncTree(temporary);
      if (Files.exists(target)) {
        if (Files.exists(old)) {
          requireReplaceable(old, marker);
          Disk.discard(old, target);
        }
        try {
          move(target, old);
        } catch (AtomicMoveNotSupportedException e) {
          replaceInPlace(temporary, target, old, marker);
          return;
        }
        try {
          move(temporary, target);
        } catch (IOException | RuntimeException e) {
          move(old, target);
          throw e;
        }
        Disk.syncFolder(target.getParent());
        Disk.discard(old, target);
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

  private static void replaceInPlace(Path temporary, Path target, Path old, String marker)
      throws IOException {
    move(temporary, old);
    Disk.syncFolder(target.getParent());
    if (marker != null) {
      Files.deleteIfExists(target.resolve(marker));
      Disk.syncFolder(target);
    }
    Disk.delete(target);
    move(old, target);
    Disk.syncFolder(target.getParent());
  }

  /**
   * Refuses a path that is not writable. Tests by writing to the nearest existing folder.
   *
   * @throws CsdpException environment
   */
  public static void requireWritable(Path folder) {
    Disk.probe(Disk.existingFolder(folder), line -> {});
  }

  /**
   * Tests whether {@link #replace} can move an earlier folder aside.
   *
   * @throws CsdpException environment if the folder can neither be renamed nor replaced in place
   */
  public static void probe(Path folder) {
    try {
      Path target = Disk.target(folder);
      if (Files.isDirectory(target)) {
        move(target, old(target));
        move(old(target), target);
      }
    } catch (AtomicMoveNotSupportedException e) {
      // replaceInPlace works without the rename
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /**
   * Cleans up after a crash during a write: restores the old folder if there is no new one, else
   * deletes it, and deletes temporaries.
   *
   * @param marker as for {@link #replace}
   * @throws CsdpException environment if that fails
   */
  public static void recover(Path folder, String marker) {
    try {
      clearUp(Disk.target(folder), marker);
    } catch (IOException | UncheckedIOException e) {
      throw Disk.failure(folder, e);
    }
  }

  private static void clearUp(Path target, String marker) throws IOException {
    Disk.removeStale(target);
    Path old = old(target);
    if (!Files.exists(target) && holds(old, marker)) {
      move(old, target);
    } else if (!holds(target, marker) && holds(old, marker) && isRestOf(target, old)) {
      Disk.delete(target); // replaceInPlace was interrupted here
      move(old, target);
    } else if (holds(target, marker) && holds(old, marker)) {
      Disk.discard(old, target);
    }
  }

  /** Returns true if each file of a folder also exists in another one. */
  private static boolean isRestOf(Path folder, Path other) throws IOException {
    try (Stream<Path> entries = Files.walk(folder)) {
      return entries.allMatch(p -> Files.exists(other.resolve(folder.relativize(p).toString())));
    }
  }

  /**
   * Returns the folder to read: the folder itself, or {@code <name>.old} after a crash during a
   * write.
   *
   * @param marker as for {@link #replace}
   * @throws CsdpException bad input if neither exists
   */
  public static Path existing(Path folder, String marker) {
    Path absolute = folder.toAbsolutePath().normalize();
    // During a replacement, one of the two is complete if they are examined in this order.
    if (!holds(folder, marker)
        && absolute.getFileName() != null
        && holds(old(absolute), marker)
        && !holds(folder, marker)) {
      return old(absolute);
    }
    if (Files.isDirectory(folder)) {
      return folder;
    }
    throw CsdpException.badInput(
        "%s %s", folder, Files.exists(folder) ? "is not a folder" : "does not exist");
  }

  /** Returns true if {@link #existing} would find a folder with the marker. */
  public static boolean exists(Path folder, String marker) {
    Path absolute = folder.toAbsolutePath().normalize();
    return holds(folder, marker)
        || (absolute.getFileName() != null && holds(old(absolute), marker))
        || holds(folder, marker); // again: the first check may have been between the two renames
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
    Disk.operations.move(from, to);
  }
}
