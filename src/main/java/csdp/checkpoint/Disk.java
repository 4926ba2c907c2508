package csdp.checkpoint;

import csdp.CsdpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
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
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@link AtomicFile} and {@link AtomicFolder} share: temporaries, fsync, error lines. */
final class Disk {
  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
  private static final AtomicLong COUNTER = new AtomicLong();
  private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

  private Disk() {}

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
  static void discard(Path folder, Path target) throws IOException {
    Path temporary = temporary(target);
    try {
      Files.move(folder, temporary, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      release(temporary);
    }
  }

  /** Makes a folder, and those on the way; a link to a folder is one. */
  static void makeFolder(Path folder) throws IOException {
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
  static void delete(Path path) throws IOException {
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
            syncFile(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
            syncFolder(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void syncFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Waits until the names in a folder are on the disk; Windows has no such thing. */
  static void syncFolder(Path folder) throws IOException {
    if (!WINDOWS) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** One line for a write that failed: what, where, what to do. */
  static CsdpException failure(Path target, Exception e) {
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
      String reason =
          cause instanceof FileSystemException f && f.getReason() != null ? f.getReason() : text;
      line = reason.replaceAll("\\p{Cntrl}+", " ") + "; check the disk or choose another folder";
    }
    return CsdpException.environment("cannot write %s: %s", target, line).because(e);
  }
}
