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
 * The right to write a run's folder, for one holder at a time. The operating system keeps it with
 * the file {@code .lock}, so it goes with its process, however that ends; the file itself stays and
 * says nothing. Readers need no lock.
 */
public final class FolderLock implements AutoCloseable {
  private static final String FILE = ".lock";

  /** Beyond the content, which others can then read where locks forbid reading (Windows). */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  /**
   * What this process holds. The system knows only whole processes, and takes a lock away as soon
   * as its process closes the file anywhere: here nobody may even open it twice.
   */
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path folder; // real
  private final FileChannel channel;

  private FolderLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder, which is made where it is missing.
   *
   * @param warning told, in a line, where the file system has no locks
   * @throws CsdpException bad input when somebody else holds it, environment when the folder cannot
   *     be written
   */
  public static FolderLock take(Path folder, Consumer<String> warning) {
    Path real = null;
    FileChannel channel = null;
    try {
      while (true) {
        Disk.makeFolder(folder);
        real = folder.toRealPath();
        if (!HELD_HERE.add(real)) {
          real = null; // not ours to give back
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
        release(real, channel); // its last holder took the file away just now
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

  /** False where another process has it; true without a lock where there are none. */
  private static boolean lock(FileChannel channel, Path folder, Consumer<String> warning) {
    try {
      return Disk.operations.lock(channel, LOCKED_BYTE);
    } catch (IOException e) {
      warning.accept(
          String.format(
              Locale.ROOT,
              "the file system of %s has no locks (%s): nothing keeps a second training out",
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
      // Then it goes with the process.
    }
    HELD_HERE.remove(real);
  }

  /** Gives the folder back. A folder that nothing came into goes with it. */
  @Override
  public void close() {
    try (Stream<Path> entries = Files.list(folder)) {
      Path file = folder.resolve(FILE);
      if (entries.allMatch(file::equals)) {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // It is gone, or stays.
    }
    release(folder, channel);
  }
}
