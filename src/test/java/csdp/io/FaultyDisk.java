package csdp.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/** While open, file operations of this process fail as on other file systems. */
public final class FaultyDisk implements AutoCloseable {
  /** The failing operation. */
  public enum Fault {
    /** Overlay file systems: folders of a lower layer cannot be renamed (EXDEV). */
    LOWER_FOLDERS,
    /** A file that is a mount point cannot be replaced by a rename (EBUSY). */
    MOUNTED_FILES,
    NO_FOLDER_SYNC,
    NO_LOCKS,
    NO_RENAME
  }

  private final FileOperations before = Disk.operations;

  private FaultyDisk() {}

  /**
   * Faults, until the result is closed.
   *
   * @param lower all folders and files that are in it now belong to the lower layer
   */
  public static FaultyDisk of(Path lower, Set<Fault> faults) throws IOException {
    FaultyDisk disk = new FaultyDisk();
    Set<Path> old = new HashSet<>();
    if (Files.exists(lower)) {
      try (Stream<Path> all = Files.walk(lower)) {
        all.map(p -> p.toAbsolutePath().normalize()).forEach(old::add);
      }
    }
    Disk.operations = new Faulty(old, faults);
    return disk;
  }

  @Override
  public void close() {
    Disk.operations = before;
  }

  private static final class Faulty extends FileOperations {
    private final Set<Path> lower;
    private final Set<Fault> faults;

    Faulty(Set<Path> lower, Set<Fault> faults) {
      this.lower = lower;
      this.faults = faults;
    }

    @Override
    void move(Path from, Path to) throws IOException {
      if (faults.contains(Fault.NO_RENAME)) {
        throw new FileSystemException(from.toString(), to.toString(), "Operation not supported");
      }
      if (faults.contains(Fault.LOWER_FOLDERS)
          && Files.isDirectory(from)
          && lower.contains(from.toAbsolutePath().normalize())) {
        throw new AtomicMoveNotSupportedException(
            from.toString(), to.toString(), "Invalid cross-device link");
      }
      if (faults.contains(Fault.MOUNTED_FILES)
          && Files.isRegularFile(to)
          && lower.contains(to.toAbsolutePath().normalize())) {
        throw new FileSystemException(from.toString(), to.toString(), "Device or resource busy");
      }
      lower.remove(to.toAbsolutePath().normalize()); // that name is of the upper layer from now on
      super.move(from, to);
    }

    @Override
    void syncFolder(Path folder) throws IOException {
      if (faults.contains(Fault.NO_FOLDER_SYNC)) {
        throw new IOException("Invalid argument");
      }
      super.syncFolder(folder);
    }

    @Override
    boolean lock(FileChannel channel, long position) throws IOException {
      if (faults.contains(Fault.NO_LOCKS)) {
        throw new IOException("No locks available");
      }
      return super.lock(channel, position);
    }
  }
}
