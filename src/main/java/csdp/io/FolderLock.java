package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An exclusive lock on writing a run's folder. It is an operating system lock on the file {@code
 * .lock}, so it ends with its process, also after a kill; the existence of the file means nothing.
 * Readers need no lock.
 */
public final class FolderLock implements AutoCloseable {
  private static final String FILE = ".lock";

  /** Position beyond the content, which stays readable where locks forbid reading (Windows). */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  /**
   * Folders locked by this process. The system's locks are per process and are released when the
   * process closes any handle of the file, so the file must not be opened twice.
   */
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path folder; // real
  private final FileChannel channel;

  private FolderLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Locks a folder, which is created if missing.
   *
   * @param warning receives one line if the file system has no locks
   * @throws CsdpException bad input if another holder has it, environment if the folder cannot be
   *     written
   */
  public static FolderLock take(Path folder, Consumer<String> warning) {
    Path real = null;
    FileChannel channel = null;
    try {
      while (true) {
        Disk.makeFolder(folder);
        real = folder.toRealPath();
        if (!HELD_HERE.add(real)) {
          real = null; // not held: nothing to release
          throw refused(folder, "this very process");
        }
        channel =
            FileChannel.open(
                real.resolve(FILE),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        if (!lock(channel, folder, warning)) {
          throw refused(folder, holder(channel));
        }
        if (Files.exists(real.resolve(FILE))) {
          break;
        }
        release(real, channel); // its last holder has just deleted the file
      }
      channel.truncate(0);
      String pid = Long.toString(ProcessHandle.current().pid());
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)));
      FolderLock lock = new FolderLock(real, channel);
      real = null;
      return lock;
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    } finally {
      if (real != null) {
        release(real, channel);
      }
    }
  }

  /** Returns false if another process has the lock; true also if the file system has no locks. */
  private static boolean lock(FileChannel channel, Path folder, Consumer<String> warning) {
    try {
      return Disk.operations.lock(channel, LOCKED_BYTE);
    } catch (IOException e) {
      warning.accept(
          String.format(
              Locale.ROOT,
              "the file system of %s has no locks (%s): a second training in this folder is not"
                  + " prevented",
              folder,
              Disk.reason(e)));
      return true;
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(20);
    channel.read(content, 0);
    String pid = new String(content.array(), 0, content.position(), StandardCharsets.US_ASCII);
    return pid.matches("\\d+") ? "process " + pid : "another process";
  }

  private static CsdpException refused(Path folder, String by) {
    return CsdpException.badInput(
        "%s is in use: %s trains there; wait until it ends, stop it, or choose another folder",
        folder, by);
  }

  private static void release(Path real, FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // It is released when the process ends.
    }
    HELD_HERE.remove(real);
  }

  /** Releases the lock. Deletes the folder if it is empty. */
  @Override
  public void close() {
    try (Stream<Path> entries = Files.list(folder)) {
      Path file = folder.resolve(FILE);
      if (entries.allMatch(file::equals)) {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // Deletion is best effort.
    }
    release(folder, channel);
  }
}
