package csdp.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Operations that network, overlay and parallel file systems may refuse. Tests replace them. */
class FileOperations {
  /** Renames a file or a folder; a file replaces an earlier one. */
  void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Syncs the content of a file. */
  void syncFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Syncs the names in a folder. */
  void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Locks one byte for this process; returns false if another process has the lock. */
  boolean lock(FileChannel channel, long position) throws IOException {
    return channel.tryLock(position, 1, false) != null;
  }
}
