package csdp.io;

import csdp.error.CsdpException;
import java.io.EOFException;
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
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipException;

/**
 * Shared functions of {@link AtomicFile} and {@link AtomicFolder}: temporaries, fsync, error
 * messages; also those of failed reads.
 */
public final class Disk {
  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

  /** Name of {@link #probe}'s temporaries. */
  static final String PROBE = ".probe";

  private static final AtomicLong COUNTER = new AtomicLong();
  private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

  /** Replaced by tests only. */
  static volatile FileOperations operations = new FileOperations();

  private Disk() {}

  /**
   * Tests all operations that a run needs in a folder, to detect a missing permission or an
   * unsuitable file system before any work: creates a file and a folder, syncs them, renames them
   * onto existing names, deletes them.
   *
   * @param folder existing folder
   * @param warning receives one line for a guarantee that this file system does not give
   * @throws CsdpException environment if files or folders cannot be written or renamed here
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

  /** Returns the nearest existing folder of a path: itself or an ancestor. */
  static Path existingFolder(Path folder) {
    Path place = folder.toAbsolutePath().normalize();
    while (place.getParent() != null && !Files.exists(place)) {
      place = place.getParent();
    }
    return place;
  }

  /** Returns the absolute target of a path; symbolic links at its end are followed. */
  static Path target(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    if (absolute.getFileName() == null) {
      throw CsdpException.badInput("%s cannot be replaced; name a file or folder below it", path);
    }
    return Files.isSymbolicLink(absolute) && Files.exists(absolute)
        ? absolute.toRealPath()
        : absolute;
  }

  /** Returns a path without links; of a file that does not exist, the absolute path. */
  public static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path.toAbsolutePath().normalize();
    }
  }

  /** Returns a new name in the target's folder, reserved until {@link #release}. */
  static Path temporary(Path target) {
    String name = target.getFileName() + "." + ProcessHandle.current().pid();
    Path path = target.resolveSibling(name + "-" + COUNTER.incrementAndGet() + ".tmp");
    IN_USE.add(path);
    return path;
  }

  /** Deletes a temporary as far as possible. */
  static void release(Path temporary) {
    try {
      delete(temporary);
    } catch (IOException e) {
      // The next write of the same target retries.
    }
    IN_USE.remove(temporary);
  }

  /**
   * Renames a folder to a temporary name and deletes it. A crash leaves a temporary, never a
   * partial folder under the original name.
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

  /** Creates a folder and its parents; a link to a folder counts as a folder. */
  public static void makeFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder);
    }
  }

  /** Deletes temporaries of the target whose processes have ended. */
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

  /**
   * Deletes the selected entries of a folder, which need not exist.
   *
   * @param files selects files by name
   * @param folders selects folders, which are discarded
   */
  public static void deleteEntries(Path folder, Predicate<String> files, Predicate<Path> folders)
      throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.toList()) {
        if (files.test(entry.getFileName().toString())) {
          Files.delete(entry);
        } else if (folders.test(entry)) {
          discard(entry, entry);
        }
      }
    }
  }

  /** Deletes a file or a folder recursively; links are not followed. */
  public static void delete(Path path) throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      walk(path, Files::delete, Files::delete);
    }
  }

  /**
   * As {@link #delete}.
   *
   * @throws CsdpException environment if that fails
   */
  public static void remove(Path path) {
    try {
      delete(path);
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** Syncs a folder recursively. */
  static void syncTree(Path folder) throws IOException {
    walk(folder, operations::syncFile, Disk::syncFolder);
  }

  /** Work on a file or folder. */
  private interface Visit {
    void accept(Path path) throws IOException;
  }

  /** Visits all files below a path, and each folder after its contents. */
  private static void walk(Path path, Visit file, Visit folder) throws IOException {
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path f, BasicFileAttributes attributes)
              throws IOException {
            file.accept(f);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
            if (e != null) {
              throw e;
            }
            folder.accept(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /**
   * Syncs the names in a folder if the file system supports it. Contents are already synced: a
   * refusal weakens a guarantee, which {@link #probe} reports.
   */
  static void syncFolder(Path folder) {
    if (!WINDOWS) {
      try {
        operations.syncFolder(folder);
      } catch (IOException e) {
        // Windows, network and FUSE file systems write names to the disk at any time.
      }
    }
  }

  /** Returns the error for a failed write: reason, path, remedy. */
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
      line = "a file has the name of a required folder; choose another folder";
    } else if (cause instanceof NoSuchFileException) {
      line = "the folder cannot be created or was removed; choose another folder";
    } else {
      line = reason(cause) + "; check the disk or choose another folder";
    }
    return CsdpException.environment("cannot write %s: %s", target, line).because(e);
  }

  /**
   * Returns the error for a failed read: reason, path, remedy. It is bad input if the file does not
   * exist or its content is damaged, else the environment.
   */
  public static CsdpException unreadable(Path source, Exception e) {
    Exception cause = e instanceof UncheckedIOException u ? u.getCause() : e;
    if (cause instanceof NoSuchFileException) {
      return CsdpException.badInput("%s does not exist", source).because(e);
    }
    if (cause instanceof EOFException || cause instanceof ZipException) {
      String reason = cause instanceof EOFException ? "it ends too early" : reason(cause);
      return CsdpException.badInput("%s: damaged (%s); get it again", source, reason).because(e);
    }
    boolean denied =
        cause instanceof AccessDeniedException
            || String.valueOf(cause.getMessage())
                .toLowerCase(Locale.ROOT)
                .contains("permission denied");
    return CsdpException.environment(
            "cannot read %s: %s",
            source,
            denied
                ? "no permission; make it readable or use a copy"
                : reason(cause) + "; check the disk or use a copy")
        .because(e);
  }

  /** Returns the system's message in one line. */
  static String reason(Exception e) {
    String reason =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : e.getMessage();
    return String.valueOf(reason).replaceAll("\\p{Cntrl}+", " ");
  }
}
