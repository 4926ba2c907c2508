package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Replaces a folder completely or not at all, whatever happens meanwhile.
 *
 * <p>The new content is written to a temporary beside the folder and brought to the disk; then the
 * folder is moved aside to {@code <name>.old}, the temporary is renamed, and the old one is
 * deleted. A crash between the two renames leaves only {@code <name>.old}: {@link #existing} finds
 * it there, and {@link #recover} or the next {@link #replace} puts it back first. Only one process
 * may write a folder at a time; others may read meanwhile.
 *
 * <p>Overlay file systems cannot rename a folder that came with a lower layer (a container's
 * image). There the new content waits as {@code <name>.old} until the folder is deleted, marker
 * first: one of the two is complete at any time.
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
   * Refuses a place where nothing can be written: tries it, in the nearest folder that is there.
   *
   * @throws CsdpException environment
   */
  public static void requireWritable(Path folder) {
    Disk.probe(Disk.existingFolder(folder), line -> {});
  }

  /**
   * Tries whether {@link #replace} will be able to put an earlier folder aside.
   *
   * @throws CsdpException environment when the folder can neither be renamed nor replaced in place
   */
  public static void probe(Path folder) {
    try {
      Path target = Disk.target(folder);
      if (Files.isDirectory(target)) {
        move(target, old(target));
        move(old(target), target);
      }
    } catch (AtomicMoveNotSupportedException e) {
      // replaceInPlace will do
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /**
   * Clears up what a crash left of a write: puts the old folder back where nothing has taken its
   * place, deletes it where the new one has, and deletes temporaries.
   *
   * @param marker as for {@link #replace}
   * @throws CsdpException environment when that cannot be done
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
      Disk.delete(target); // replaceInPlace got so far
      move(old, target);
    } else if (holds(target, marker) && holds(old, marker)) {
      Disk.discard(old, target);
    }
  }

  /** Whether a folder has no file that another one lacks. */
  private static boolean isRestOf(Path folder, Path other) throws IOException {
    try (Stream<Path> entries = Files.walk(folder)) {
      return entries.allMatch(p -> Files.exists(other.resolve(folder.relativize(p).toString())));
    }
  }

  /**
   * The folder to read: itself, or {@code <name>.old} after a crash in the middle of a write.
   *
   * @param marker as for {@link #replace}
   * @throws CsdpException bad input when neither is there
   */
  public static Path existing(Path folder, String marker) {
    Path absolute = folder.toAbsolutePath().normalize();
    // While it is replaced one of the two is always whole, if one looks in this order.
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

  /** Whether {@link #existing} would find a folder that has such a file. */
  public static boolean exists(Path folder, String marker) {
    Path absolute = folder.toAbsolutePath().normalize();
    return holds(folder, marker)
        || (absolute.getFileName() != null && holds(old(absolute), marker))
        || holds(folder, marker); // again: the first look may have come between two moves
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
