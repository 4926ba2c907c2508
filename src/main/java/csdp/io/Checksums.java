package csdp.io;

import csdp.error.CsdpException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/** Hashes of files, and checks of compressed files. */
public final class Checksums {
  private Checksums() {}

  /** Above this size, a compression ratio over 100 is refused. */
  private static final long BOMB_BYTES = 64L << 20;

  private static final int BOMB_RATIO = 100;

  /** Returns true if the compression ratio is implausible for pixels or weights. */
  public static boolean isBomb(long unpacked, long packed) {
    return unpacked > BOMB_BYTES && unpacked / BOMB_RATIO > packed;
  }

  /**
   * Refuses a gzip file whose content is implausibly large. Reads it, at most up to that size;
   * other files pass.
   *
   * @throws CsdpException bad input
   * @throws IOException if it cannot be read or is damaged
   */
  public static void requirePlausible(Path file) throws IOException {
    if (!isGzip(file)) {
      return;
    }
    long packed = Files.size(file);
    byte[] buffer = new byte[1 << 16];
    long total = 0;
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = new GZIPInputStream(raw, 1 << 16)) {
      for (int n; (n = in.read(buffer)) >= 0; ) {
        total += n;
        if (isBomb(total, packed)) {
          throw CsdpException.badInput(
              "%s unpacks to more than %d times its size of %,d bytes; refused",
              file, BOMB_RATIO, packed);
        }
      }
    }
  }

  public static MessageDigest sha256() {
    return digest("SHA-256");
  }

  public static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  public static String md5(byte[] content) {
    MessageDigest digest = digest("MD5");
    digest.update(content);
    return hex(digest);
  }

  /** Returns true if a file begins with the magic of gzip. */
  public static boolean isGzip(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == 0x1f && in.read() == 0x8b;
    }
  }

  /** Returns the MD5 of the file. */
  public static String md5(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return hash(in, digest("MD5"), Long.MAX_VALUE);
    }
  }

  /**
   * Returns the SHA-256 of the content, uncompressed if the file is gzip.
   *
   * @param limit maximum size of the content in bytes
   * @throws IOException if it is larger, or the gzip is damaged
   */
  public static String sha256Uncompressed(Path file, long limit) throws IOException {
    boolean gzip = isGzip(file);
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        InputStream in = gzip ? new GZIPInputStream(raw, 1 << 16) : raw) {
      return hash(in, sha256(), limit);
    }
  }

  private static String hash(InputStream in, MessageDigest digest, long limit) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long total = 0;
    for (int n; (n = in.read(buffer)) >= 0; ) {
      total += n;
      if (total > limit) {
        throw new IOException("more than " + limit + " bytes");
      }
      digest.update(buffer, 0, n);
    }
    return hex(digest);
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw CsdpException.environment("this Java has no %s: use another Java runtime", algorithm)
          .because(e);
    }
  }
}
