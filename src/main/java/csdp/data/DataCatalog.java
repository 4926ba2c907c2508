package csdp.data;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import csdp.io.Checksums;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The downloadable data sets: files, mirrors and checksums, from data/manifest.json in the sources.
 *
 * @param sets in the order in which they are listed
 */
public record DataCatalog(List<SetEntry> sets) {
  /** Checks and freezes the list. */
  public DataCatalog {
    sets = List.copyOf(sets);
  }

  /** Result of checking a folder. */
  public enum Check {
    /** All files of the set are present and valid. */
    VERIFIED,
    /** A file is missing. */
    INCOMPLETE,
    /** A file is damaged, different, or of a format without a known checksum. */
    WRONG
  }

  /**
   * A data set of four IDX files.
   *
   * @param name for users
   * @param title a line about it
   * @param licence its licence
   * @param source authors and home page
   * @param width of an image, in pixels
   * @param height of an image, in pixels
   * @param classes number of classes
   * @param train number of training images
   * @param test number of test images
   * @param mirrors URLs of folders that hold the files, tried in turn
   * @param files the files
   */
  public record SetEntry(
      String name,
      String title,
      String licence,
      String source,
      int width,
      int height,
      int classes,
      int train,
      int test,
      List<String> mirrors,
      List<FileEntry> files) {
    /** Checks and freezes the lists. */
    public SetEntry {
      mirrors = List.copyOf(mirrors);
      files = List.copyOf(files);
    }

    /** Returns the entry of a file by its standard name, for example "train-images-idx3-ubyte". */
    Optional<FileEntry> file(String stem) {
      return files.stream().filter(f -> f.stem().equals(stem)).findFirst();
    }

    /** Compares the files in a folder with this set. */
    public Check check(Path folder) {
      Check result = Check.VERIFIED;
      for (FileEntry entry : files) {
        Path file = IdxFolder.find(folder, entry.stem());
        if (file == null) {
          result = result == Check.VERIFIED ? Check.INCOMPLETE : result;
        } else if (!entry.isIn(file)) {
          result = Check.WRONG;
        }
      }
      return result;
    }
  }

  /**
   * A file and its checksum, one of two.
   *
   * @param name on the mirrors, such as train-images-idx3-ubyte.gz
   * @param sha256 of the uncompressed content, hex, or null
   * @param gzipMd5 MD5 of the gzip file, hex, or null
   */
  public record FileEntry(String name, String sha256, String gzipMd5) {
    /** One checksum there must be. */
    public FileEntry {
      if (name == null || (sha256 == null) == (gzipMd5 == null)) {
        throw new IllegalArgumentException("a file needs a name and one checksum: " + name);
      }
    }

    /** The name without .gz. */
    String stem() {
      return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
    }

    /**
     * Returns true if a file has the hash of this entry.
     *
     * @param sha256Of computes the SHA-256 of the uncompressed content if needed
     * @param gzipMd5Of MD5 of the file as it is, null unless gzip
     */
    boolean matches(Supplier<String> sha256Of, String gzipMd5Of) {
      return sha256 != null ? sha256.equals(sha256Of.get()) : gzipMd5.equals(gzipMd5Of);
    }

    /**
     * Whether a file on disk is this one.
     *
     * @param limit most bytes that it may have uncompressed
     * @throws IOException where it cannot be read or is damaged gzip
     */
    boolean matches(Path file, long limit) throws IOException {
      return sha256 != null
          ? sha256.equals(Checksums.sha256Uncompressed(file, limit))
          : gzipMd5.equals(Checksums.md5(file));
    }

    private boolean isIn(Path file) {
      try {
        return matches(file, Downloads.MAX_BYTES);
      } catch (IOException e) {
        return false;
      }
    }
  }

  /** Returns the manifest of this library. */
  public static DataCatalog standard() {
    return Standard.MANIFEST;
  }

  /** Reads a manifest; unknown and missing fields are errors. */
  static DataCatalog read(InputStream in) throws IOException {
    return new ObjectMapper()
        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .readValue(in, DataCatalog.class);
  }

  /** The set of a name. */
  public Optional<SetEntry> find(String name) {
    return sets.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  private static final class Standard {
    static final DataCatalog MANIFEST = load();

    private static DataCatalog load() {
      try (InputStream in = DataCatalog.class.getResourceAsStream("manifest.json")) {
        if (in == null) {
          throw new IOException("csdp/data/manifest.json is not on the class path");
        }
        return read(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
