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

/** Hashes of files, and what else is checked of packed ones. */
public final class Checksums {
  private Checksums() {}

  /** More than this is not unpacked unless at least a hundredth of it is really there. */
  private static final long BOMB_BYTES = 64L << 20;

  private static final int BOMB_RATIO = 100;

  /** Whether so many bytes from so few packed ones are more than pixels or weights ever shrink. */
  public static boolean isBomb(long unpacked, long packed) {
    return unpacked > BOMB_BYTES && unpacked / BOMB_RATIO > packed;
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

  /** Whether a file begins like gzip. */
  public static boolean isGzip(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == 0x1f && in.read() == 0x8b;
    }
  }

  /** MD5 of the file as it is. */
  public static String md5(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return hash(in, digest("MD5"), Long.MAX_VALUE);
    }
  }

  /**
   * SHA-256 of the content, uncompressed where the file is gzip.
   *
   * @param limit most bytes that the content may have
   * @throws IOException where it has more, or the gzip is damaged
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
