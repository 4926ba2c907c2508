package csdp.io;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The destination of a command's output. A regular file is replaced atomically; anything else
 * (device, pipe, open descriptor, standard output) is written in place.
 */
public final class OutputFile {
  private static final Path DASH = Path.of("-");
  private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");
  private static final Pattern DESCRIPTORS =
      Pattern.compile("/dev/fd|/proc/(self|thread-self|\\d+)(/task/\\d+)?/fd");
  private static final int LINKS = 40; // the limit of Linux

  private enum Way {
    STANDARD_OUTPUT,
    STREAM,
    /** In place, because its folder cannot be written. */
    OVERWRITE,
    REPLACE
  }

  private final Path named;
  private final Path target;
  private final Way way;

  private OutputFile(Path named, Path target, Way way) {
    this.named = named;
    this.target = target;
    this.way = way;
  }

  /** Returns true if a path is {@code -}, which means standard output. */
  public static boolean isDash(Path path) {
    return DASH.equals(path);
  }

  /**
   * Selects the way to write a path.
   *
   * @throws CsdpException bad input for a folder, environment if it cannot be written
   */
  public static OutputFile of(Path path) {
    if (isDash(path)) {
      return new OutputFile(path, path, Way.STANDARD_OUTPUT);
    }
    try {
      Path target = target(path.toAbsolutePath());
      return new OutputFile(path, target, way(path, target));
    } catch (IOException e) {
      throw Disk.failure(path, e);
    }
  }

  private static Way way(Path path, Path target) throws IOException {
    boolean exists = Files.exists(target);
    if (Files.isDirectory(target)) {
      throw CsdpException.badInput("%s is a folder; name a file", path);
    }
    if (exists && Files.exists(STANDARD_OUTPUT) && Files.isSameFile(target, STANDARD_OUTPUT)) {
      return Way.STANDARD_OUTPUT; // without truncating earlier output
    }
    if (isDescriptor(target) || (exists && !Files.isRegularFile(target))) {
      if (!Files.isWritable(target)) {
        throw CsdpException.environment("cannot write %s: no permission; name another file", path);
      }
      return Way.STREAM;
    }
    try {
      Disk.probe(Disk.existingFolder(target.getParent()), line -> {});
      return Way.REPLACE;
    } catch (CsdpException e) {
      if (exists && Files.isWritable(target)) {
        return Way.OVERWRITE;
      }
      throw e;
    }
  }

  /** Follows links, but not through a file descriptor: its file must not be replaced. */
  private static Path target(Path path) throws IOException {
    Path at = path.normalize();
    for (int i = 0; i < LINKS && Files.isSymbolicLink(at) && !isDescriptor(at); i++) {
      at = at.resolveSibling(Files.readSymbolicLink(at)).normalize();
    }
    return at;
  }

  private static boolean isDescriptor(Path path) {
    Path folder = path.getParent();
    return folder != null && DESCRIPTORS.matcher(folder.toString()).matches();
  }

  /** Returns true for a pipe, device or open descriptor, which {@link #open} writes in place. */
  public boolean isStream() {
    return switch (way) {
      case STREAM -> true;
      case STANDARD_OUTPUT -> isDescriptor(target) || !Files.isRegularFile(target);
      case OVERWRITE, REPLACE -> false;
    };
  }

  /** Opens a {@link #isStream stream}, for content of any length. A pipe waits for its reader. */
  public OutputStream open() throws IOException {
    return Files.newOutputStream(target, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  /**
   * Writes everything.
   *
   * @param standardOutput receives the bytes if the path means standard output
   * @throws CsdpException environment if that fails; a regular file is then unchanged, unless its
   *     folder is not writable
   */
  public void write(byte[] bytes, Consumer<byte[]> standardOutput) {
    switch (way) {
      case STANDARD_OUTPUT -> standardOutput.accept(bytes);
      case STREAM -> stream(bytes, StandardOpenOption.APPEND);
      case OVERWRITE -> stream(bytes, StandardOpenOption.TRUNCATE_EXISTING);
      case REPLACE -> AtomicFile.write(target, bytes);
    }
  }

  private void stream(byte[] bytes, StandardOpenOption how) {
    try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE, how)) {
      out.write(bytes);
    } catch (IOException e) {
      throw Disk.failure(named, e);
    }
  }
}
