package csdp.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * The operations that file systems differ in: network, overlay and parallel ones refuse some of
 * them. Tests put others in their place.
 */
class FileOperations {
  /** Renames a file or a folder; a file replaces an earlier one. */
  void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Waits until the content of a file is on the disk. */
  void syncFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Waits until the names in a folder are on the disk. */
  void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Locks one byte for this process; false where another process has it. */
  boolean lock(FileChannel channel, long position) throws IOException {
    return channel.tryLock(position, 1, false) != null;
  }
}
