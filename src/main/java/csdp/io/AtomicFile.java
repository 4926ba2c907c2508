package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * Replaces a file atomically: a temporary file in the same folder is written, synced and renamed.
 * Without {@link #commit} the earlier file is intact.
 */
public final class AtomicFile implements AutoCloseable {
  private static final Set<Path> OF_LONG_WORK = new HashSet<>();
  private static boolean hooked;
  private static boolean ending;

  private final Path file;
  private final Path target;
  private final Path temporary;

  private AtomicFile(Path file, Path target) {
    this.file = file;
    this.target = target;
    this.temporary = Disk.temporary(target);
  }

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes a new file.
     *
     * @param file that does not exist yet
     */
    void to(Path file) throws IOException;
  }

  /**
   * Begins a new version of a file. Missing parent folders are created.
   *
   * @throws CsdpException bad input for a folder, pipe or device, environment if the folder cannot
   *     be used
   */
  public static AtomicFile begin(Path file) {
    try {
      Path target = Disk.target(file);
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        throw CsdpException.badInput(
            Files.isDirectory(target)
                ? "%s is a folder; name a file"
                : "%s is a pipe or device, which cannot be replaced; name a file",
            file);
      }
      Disk.makeFolder(target.getParent());
      Disk.removeStale(target);
      return new AtomicFile(file, target);
    } catch (IOException e) {
      throw Disk.failure(file, e);
    }
  }

  /** Returns the path of the new content, a file that does not exist yet. */
  public Path temporary() {
    return temporary;
  }

  /**
   * Creates the temporary for content of a long work: it is also deleted when a signal ends the
   * process.
   *
   * @return open for writing
   */
  public FileChannel open() throws IOException {
    synchronized (OF_LONG_WORK) {
      if (!hooked) {
        hooked = true;
        try {
          Runtime.getRuntime().addShutdownHook(new Thread(AtomicFile::deleteOnExit));
        } catch (IllegalStateException e) {
          ending = true;
        }
      }
      if (ending) {
        throw new IOException("the process is ending");
      }
      FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      OF_LONG_WORK.add(temporary);
      return channel;
    }
  }

  private static void deleteOnExit() {
    synchronized (OF_LONG_WORK) {
      ending = true; // the work goes on until the process has ended, and may want another file
      OF_LONG_WORK.forEach(Disk::release);
    }
  }

  /** Returns the error for a failed write of the new content. */
  public CsdpException failure(IOException e) {
    return Disk.failure(file, e);
  }

  /**
   * Replaces the file by the new content, which must be closed.
   *
   * @throws CsdpException environment if it cannot be written (no space, no permission, ...); the
   *     earlier file is then intact
   */
  public void commit() {
    try {
      Disk.operations.syncFile(temporary);
      try {
        Disk.operations.move(temporary, target);
      } catch (FileSystemException e) {
        if (!Files.isRegularFile(target)) {
          throw e;
        }
        // A mounted file, as in containers, cannot be renamed: overwrite it in place.
        try (OutputStream out = Files.newOutputStream(target)) {
          Files.copy(temporary, out);
        }
        Disk.operations.syncFile(target);
      }
      Disk.syncFolder(target.getParent());
    } catch (IOException e) {
      throw Disk.failure(file, e);
    }
  }

  /** Discards the new content unless it is committed. */
  @Override
  public void close() {
    Disk.release(temporary);
    synchronized (OF_LONG_WORK) {
      OF_LONG_WORK.remove(temporary);
    }
  }

  /**
   * Writes a whole file. Missing parent folders are created.
   *
   * @throws CsdpException environment if it cannot be written; the earlier file is then intact
   */
  public static void write(Path file, Content content) {
    try (AtomicFile next = begin(file)) {
      content.to(next.temporary);
      next.commit();
    } catch (IOException e) {
      throw Disk.failure(file, e);
    }
  }

  /** As above. */
  public static void write(Path file, byte[] bytes) {
    write(file, (Path temporary) -> Files.write(temporary, bytes));
  }

  /** As above, with text as UTF-8. */
  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
