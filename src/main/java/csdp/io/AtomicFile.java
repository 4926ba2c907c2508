package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Replaces a file atomically. */
public final class AtomicFile {
  private AtomicFile() {}

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
   * Writes a temporary file in the same folder, syncs it and renames it. Missing parent folders are
   * created.
   *
   * @throws CsdpException environment if it cannot be written (no space, no permission, ...); the
   *     earlier file is then intact
   */
  public static void write(Path file, byte[] bytes) {
    write(
        file,
        temporary -> {
          try (FileChannel out =
              FileChannel.open(
                  temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
              out.write(buffer);
            }
          }
        });
  }

  /** As above, with content of any size. */
  public static void write(Path file, Content content) {
    Path temporary = null;
    try {
      Path target = Disk.target(file);
      Disk.makeFolder(target.getParent());
      Disk.removeStale(target);
      temporary = Disk.temporary(target);
      content.to(temporary);
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
    } finally {
      if (temporary != null) {
        Disk.release(temporary);
      }
    }
  }

  /** As above, with text as UTF-8. */
  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
