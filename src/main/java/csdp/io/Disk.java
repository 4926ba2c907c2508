package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@link AtomicFile} and {@link AtomicFolder} share: temporaries, fsync, error lines. */
public final class Disk {
  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

  /** Temporaries of {@link #probe} have this name. */
  static final String PROBE = ".probe";

  private static final AtomicLong COUNTER = new AtomicLong();
  private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

  /** Replaced by tests only. */
  static volatile FileOperations operations = new FileOperations();

  private Disk() {}

  /**
   * Does in a folder what writing a run will need, so that a file system or a permission that
   * forbids it shows before any work is done: makes a file and a folder, brings them to the disk,
   * renames both over earlier names, deletes them.
   *
   * @param folder is there
   * @param warning told, in a line, of a guarantee that this file system does not give
   * @throws CsdpException environment when files or folders cannot be written or renamed here
   */
  public static void probe(Path folder, Consumer<String> warning) {
    Path probe = null;
    try {
      probe = temporary(folder.toRealPath().resolve(PROBE));
      Files.createDirectory(probe);
      Path written = Files.write(probe.resolve("written"), new byte[1]);
      operations.syncFile(written);
      Path earlier = Files.write(probe.resolve("earlier"), new byte[0]);
      operations.move(written, earlier);
      Path inner = Files.createDirectory(probe.resolve("folder"));
      operations.move(inner, probe.resolve("renamed"));
    } catch (IOException e) {
      throw failure(folder, e);
    } finally {
      if (probe != null) {
        release(probe);
      }
    }
    if (!WINDOWS) {
      try {
        operations.syncFolder(folder);
      } catch (IOException e) {
        warning.accept(
            String.format(
                Locale.ROOT,
                "the file system of %s cannot sync folders (%s): after a power failure the newest"
                    + " checkpoint may be missing",
                folder,
                reason(e)));
      }
    }
  }

  /** The nearest folder of a path that is there: its own, or one above it. */
  static Path existingFolder(Path folder) {
    Path place = folder.toAbsolutePath().normalize();
    while (place.getParent() != null && !Files.exists(place)) {
      place = place.getParent();
    }
    return place;
  }

  /** Where a path really leads: absolute, symbolic links at its end followed. */
  static Path target(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    if (absolute.getFileName() == null) {
      throw CsdpException.badInput("%s cannot be replaced; name a file or folder below it", path);
    }
    return Files.isSymbolicLink(absolute) && Files.exists(absolute)
        ? absolute.toRealPath()
        : absolute;
  }

  /** A new name beside the target, in use until {@link #release}. */
  static Path temporary(Path target) {
    String name = target.getFileName() + "." + ProcessHandle.current().pid();
    Path path = target.resolveSibling(name + "-" + COUNTER.incrementAndGet() + ".tmp");
    IN_USE.add(path);
    return path;
  }

  /** Deletes a temporary, or what is left of it, as far as possible. */
  static void release(Path temporary) {
    try {
      delete(temporary);
    } catch (IOException e) {
      // The next write of the same target tries again.
    }
    IN_USE.remove(temporary);
  }

  /**
   * Takes a folder out of the target's way and deletes it. A crash meanwhile leaves a temporary,
   * never half of a folder under its own name.
   */
  public static void discard(Path folder, Path target) throws IOException {
    Path temporary = temporary(target);
    try {
      operations.move(folder, temporary);
    } catch (AtomicMoveNotSupportedException e) {
      delete(folder); // see AtomicFolder on overlay file systems
    } finally {
      release(temporary);
    }
  }

  /** Makes a folder, and those on the way; a link to a folder is one. */
  public static void makeFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder);
    }
  }

  /** Deletes temporaries of the target that runs left behind which have ended since. */
  static void removeStale(Path target) throws IOException {
    Pattern mine =
        Pattern.compile(
            Pattern.quote(target.getFileName().toString()) + "\\.(\\d{1,18})-\\d+\\.tmp");
    try (DirectoryStream<Path> siblings = Files.newDirectoryStream(target.getParent())) {
      for (Path p : siblings) {
        Matcher m = mine.matcher(p.getFileName().toString());
        if (m.matches() && !IN_USE.contains(p)) {
          long pid = Long.parseLong(m.group(1));
          boolean own = pid == ProcessHandle.current().pid();
          if (own || ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
            delete(p);
          }
        }
      }
    }
  }

  /** Deletes a file or a folder with all that is in it; links are not followed. */
  public static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Waits until a folder, its files and its subfolders are on the disk. */
  static void syncTree(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            operations.syncFile(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException e) {
            syncFolder(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /**
   * Waits until the names in a folder are on the disk, where the file system can do that. Contents
   * were synced before: a refusal costs a guarantee, which {@link #probe} tells, not the work.
   */
  static void syncFolder(Path folder) {
    if (!WINDOWS) {
      try {
        operations.syncFolder(folder);
      } catch (IOException e) {
        // Windows, network and FUSE file systems: names reach the disk when the system likes.
      }
    }
  }

  /** One line for a write that failed: what, where, what to do. */
  public static CsdpException failure(Path target, Exception e) {
    Exception cause = e instanceof UncheckedIOException u ? u.getCause() : e;
    String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    String lower = text.toLowerCase(Locale.ROOT);
    String line;
    if (cause instanceof AccessDeniedException || lower.contains("permission denied")) {
      line = "no permission; make the folder writable or choose another";
    } else if (cause instanceof ReadOnlyFileSystemException || lower.contains("read-only")) {
      line = "the file system is read-only; choose another folder";
    } else if (lower.contains("space") || lower.contains("quota")) {
      line = "no space left on the disk; free some or choose a folder elsewhere";
    } else if (cause instanceof FileAlreadyExistsException || lower.contains("not a directory")) {
      line = "a file stands where a folder is needed; choose another folder";
    } else if (cause instanceof NoSuchFileException) {
      line = "the folder cannot be made or has gone; choose another folder";
    } else {
      line = reason(cause) + "; check the disk or choose another folder";
    }
    return CsdpException.environment("cannot write %s: %s", target, line).because(e);
  }

  /** What the system said, in a line. */
  static String reason(Exception e) {
    String reason =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : e.getMessage();
    return String.valueOf(reason).replaceAll("\\p{Cntrl}+", " ");
  }
}
