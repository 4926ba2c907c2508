package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
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

  /**
   * Writes a temporary file in the same folder, syncs it and renames it. Missing parent folders are
   * created.
   *
   * @throws CsdpException environment if it cannot be written (no space, no permission, ...); the
   *     earlier file is then intact
   */
  public static void write(Path file, byte[] bytes) {
    Path temporary = null;
    try {
      Path target = Disk.target(file);
      Disk.makeFolder(target.getParent());
      Disk.removeStale(target);
      temporary = Disk.temporary(target);
      try (FileChannel out =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
        out.force(true);
      }
      try {
        Disk.operations.move(temporary, target);
      } catch (FileSystemException e) {
        if (!Files.isRegularFile(target)) {
          throw e;
        }
        // A mounted file, as in containers, cannot be renamed: overwrite it in place.
        Files.write(target, bytes);
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
