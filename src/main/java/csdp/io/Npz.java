package csdp.io;

import csdp.error.CsdpException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** NumPy's .npz: a zip archive of .npy files, stored or deflated. */
public final class Npz implements Closeable {
  /** Maximum unpacked size of an archive, in bytes. */
  private static final long MAX_BYTES = 4L << 30;

  /** The magic of non-empty zip archives. */
  static final byte[] MAGIC = {'P', 'K', 3, 4};

  private final Path file;
  private final long fileSize;
  private final ZipFile zip;
  private final Map<String, ZipEntry> arrays = new LinkedHashMap<>();

  private Npz(Path file, long fileSize, ZipFile zip) {
    this.file = file;
    this.fileSize = fileSize;
    this.zip = zip;
  }

  /**
   * Opens an archive and checks its directory.
   *
   * @throws CsdpException bad input when the file is missing, not a zip archive, names an entry
   *     twice or outside of itself, or unpacks to more than 4 GiB or to a hundred times its size;
   *     environment when it cannot be read
   */
  public static Npz open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw CsdpException.badInput(
          "%s %s", file, Files.exists(file) ? "is not a file" : "does not exist");
    }
    ZipFile zip = null;
    try {
      long size = Files.size(file);
      zip = new ZipFile(file.toFile());
      Npz npz = new Npz(file, size, zip);
      npz.list();
      return npz;
    } catch (IOException | RuntimeException e) {
      closeQuietly(zip);
      if (e instanceof CsdpException known) {
        throw known;
      }
      if (!Files.isReadable(file)) {
        throw Disk.unreadable(file, e);
      }
      throw CsdpException.badInput(
              "%s is not a whole .npz (zip) archive: %s", file, oneLine(e.getMessage()))
          .because(e);
    }
  }

  /**
   * Returns the only array of an archive.
   *
   * @throws CsdpException bad input, naming the arrays if there are several
   */
  static NpyArray onlyArray(Path file) {
    try (Npz npz = open(file)) {
      if (npz.arrays.size() != 1) {
        throw CsdpException.badInput(
            "%s is an .npz archive with the arrays %s; save the one that is meant as .npy",
            file, npz.arrays.isEmpty() ? "none" : npz.listing());
      }
      return npz.array(npz.arrays.keySet().iterator().next());
    }
  }

  private void list() {
    long total = 0;
    for (ZipEntry e : (Iterable<ZipEntry>) zip.stream().<ZipEntry>map(z -> z)::iterator) {
      String name = e.getName();
      if (unsafe(name)) {
        throw CsdpException.badInput(
            "%s: entry \"%s\" points outside of the archive; refused", file, oneLine(name));
      }
      if (!name.endsWith(".npy")) {
        continue;
      }
      if (arrays.put(name.substring(0, name.length() - 4), e) != null) {
        throw CsdpException.badInput("%s: entry \"%s\" is there twice", file, oneLine(name));
      }
      // Checked after each addition, so that sizes near 2^63 cannot overflow.
      if (e.getSize() < 0 || e.getSize() > MAX_BYTES || (total += e.getSize()) > MAX_BYTES) {
        throw CsdpException.badInput("%s unpacks to more than 4 GiB; refused", file);
      }
      if (Checksums.isBomb(e.getSize(), e.getCompressedSize())) {
        throw CsdpException.badInput(
            "%s: entry \"%s\" unpacks to %d bytes from %d; refused",
            file, name, e.getSize(), e.getCompressedSize());
      }
    }
  }

  private static boolean unsafe(String name) {
    String n = name.replace('\\', '/');
    return n.startsWith("/")
        || n.matches("[A-Za-z]:.*")
        || n.indexOf('\0') >= 0
        || ("/" + n + "/").contains("/../");
  }

  /** Names of the arrays, without .npy, in the archive's order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(arrays.keySet());
  }

  /** Returns true if there is an array of this name. */
  public boolean has(String name) {
    return arrays.containsKey(name);
  }

  /**
   * Reads an array.
   *
   * @param name without .npy
   * @throws CsdpException bad input when there is none, or it is damaged (its CRC is checked)
   */
  public NpyArray array(String name) {
    return array(name, null);
  }

  /**
   * Reads an array and checks its shape by the header.
   *
   * @param shape sizes, -1 for any; null for any shape
   * @throws CsdpException bad input as {@link #array(String)}, or naming found and expected shape
   */
  public NpyArray array(String name, int... shape) {
    return read(name, shape, true);
  }

  /**
   * Checks the shape of an array by its header, without allocating its elements.
   *
   * @throws CsdpException as {@link #array(String, int...)}
   */
  public void requireShape(String name, int... shape) {
    read(name, shape, false);
  }

  /** Returns null if only the header is requested. */
  private NpyArray read(String name, int[] shape, boolean elements) {
    ZipEntry entry = arrays.get(name);
    if (entry == null) {
      throw CsdpException.badInput(
          "%s has no array \"%s\"; it has %s", file, name, arrays.isEmpty() ? "none" : listing());
    }
    String where = file + " (" + name + ")";
    boolean stored = entry.getMethod() == ZipEntry.STORED;
    boolean present = stored && entry.getSize() <= fileSize;
    try (InputStream raw = zip.getInputStream(entry)) {
      CheckedInputStream in = new CheckedInputStream(raw, new CRC32());
      Npy.Header header = Npy.header(in, where, entry.getSize());
      if (shape != null) {
        NpyArray.requireShape(where, header.shape(), shape);
      }
      if (!elements) {
        return null;
      }
      NpyArray array = Npy.read(in, where, header, present);
      Npy.requireEnd(in, where);
      if (entry.getCrc() != -1 && entry.getCrc() != in.getChecksum().getValue()) {
        throw CsdpException.badInput(
            "%s is damaged: its checksum is wrong; take it from its source again", where);
      }
      return array;
    } catch (IOException e) {
      throw CsdpException.badInput("%s is damaged: %s", where, oneLine(e.getMessage())).because(e);
    }
  }

  private String listing() {
    return String.join(", ", arrays.keySet().stream().limit(8).toList())
        + (arrays.size() > 8 ? ", ..." : "");
  }

  @Override
  public void close() {
    closeQuietly(zip);
  }

  private static void closeQuietly(ZipFile zip) {
    try {
      if (zip != null) {
        zip.close();
      }
    } catch (IOException e) {
      // Read only: no data can be lost.
    }
  }

  private static String oneLine(String s) {
    return s == null ? "unreadable" : s.replaceAll("\\p{Cntrl}", "?");
  }
}
