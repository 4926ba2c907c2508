package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Version;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Downloads the files of a {@link DataCatalog}. A file is written as NAME.part, which a later call
 * resumes, and renamed after its checksum was verified. A lock on the folder serialises processes;
 * the second finds the files of the first.
 *
 * <p>HTTPS only, except for plain HTTP to localhost; uses the environment's proxy.
 */
public final class Downloads {
  /** Receives the progress of a download, at most four times per second. */
  public interface Progress {
    /**
     * Called with the progress of a file.
     *
     * @param file name of the file
     * @param bytes received so far
     * @param total bytes, or -1 if unknown
     */
    void at(String file, long bytes, long total);
  }

  /** Maximum size of a file in bytes, compressed or not. */
  static final long MAX_BYTES = 1L << 28;

  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");
  private static final ConcurrentHashMap<Path, ReentrantLock> IN_THIS_JVM =
      new ConcurrentHashMap<>();

  private final int connectMillis;
  private final int readMillis;
  private final long maxBytes;
  private final Proxies proxies;
  private final Progress progress;

  /** Downloads with the usual limits: 10 s to connect, 30 s without a byte, 256 MiB a file. */
  public Downloads(Progress progress) {
    this(
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        MAX_BYTES,
        new Proxies(System.getenv()),
        progress);
  }

  Downloads(Duration connect, Duration read, long maxBytes, Proxies proxies, Progress progress) {
    this.connectMillis = (int) connect.toMillis();
    this.readMillis = (int) read.toMillis();
    this.maxBytes = maxBytes;
    this.proxies = proxies;
    this.progress = progress;
  }

  /**
   * Downloads missing files of a set. Existing files are checked and kept.
   *
   * @param set to download
   * @param folder target; created if missing
   * @return number of downloaded files
   * @throws CsdpException environment: no mirror responds, wrong content, or the folder cannot be
   *     written; bad input: an existing file has other content
   */
  public int fetch(DataCatalog.SetEntry set, Path folder) {
    ReentrantLock mine =
        IN_THIS_JVM.computeIfAbsent(
            folder.toAbsolutePath().normalize(), any -> new ReentrantLock());
    mine.lock();
    try {
      Path parent = folder.toAbsolutePath().getParent();
      boolean newParent = parent != null && Files.notExists(parent);
      while (true) {
        Files.createDirectories(folder);
        Path lock = folder.resolve(".lock");
        try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
          lock(channel);
          if (!Files.exists(lock)) {
            continue; // another process failed and cleaned up while this one waited
          }
          try {
            int fetched = 0;
            for (DataCatalog.FileEntry file : set.files()) {
              fetched += isThere(file, folder) ? 0 : fetch(set, file, folder);
            }
            return fetched;
          } finally {
            if (removeIfEmpty(folder, lock) && newParent) {
              parent.toFile().delete(); // only if empty
            }
          }
        }
      }
    } catch (IOException e) {
      throw CsdpException.environment(
              "cannot write the files of %s to %s: %s; choose another folder",
              set.name(), folder, reason(e))
          .because(e);
    } finally {
      mine.unlock();
    }
  }

  /** Locks until the channel is closed. */
  private static void lock(FileChannel channel) {
    try {
      channel.lock();
    } catch (IOException e) {
      // A file system without locks: checksums detect a conflict of two downloads.
    }
  }

  /** Deletes a folder that contains only the lock. */
  private static boolean removeIfEmpty(Path folder, Path lock) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      if (files.anyMatch(file -> !file.equals(lock))) {
        return false;
      }
    }
    Files.deleteIfExists(lock);
    return Files.deleteIfExists(folder);
  }

  private boolean isThere(DataCatalog.FileEntry entry, Path folder) throws IOException {
    for (String name : List.of(entry.name(), entry.stem())) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        if (isRight(entry, file)) {
          return true;
        }
        if (name.equals(entry.name())) {
          throw CsdpException.badInput(
              "%s: not the file of that name in the manifest (wrong checksum); remove it and fetch"
                  + " again",
              file);
        }
      }
    }
    return false;
  }

  private boolean isRight(DataCatalog.FileEntry entry, Path file) {
    try {
      return entry.matches(file, maxBytes);
    } catch (IOException e) {
      return false;
    }
  }

  private int fetch(DataCatalog.SetEntry set, DataCatalog.FileEntry entry, Path folder)
      throws IOException {
    Path part = folder.resolve(entry.name() + ".part");
    String last = "the manifest names no mirror";
    for (String mirror : set.mirrors()) {
      URI url = URI.create(mirror).resolve(entry.name());
      if (!isAllowed(url)) {
        last = url + " is not HTTPS";
        continue;
      }
      try {
        boolean resumed = transfer(url, part, entry.name());
        if (!isRight(entry, part)) {
          Files.delete(part);
          // The partial file may belong to other content: retry from 0.
          if (!resumed || transfer(url, part, entry.name()) || !isRight(entry, part)) {
            Files.deleteIfExists(part);
            last = url + " sent a file with a wrong checksum";
            continue;
          }
        }
        publish(part, folder.resolve(entry.name()));
        return 1;
      } catch (TransferException e) {
        last = url + ": " + e.getMessage();
      }
    }
    throw CsdpException.environment(
        "cannot download %s of %s: %s (%d mirror%s tried); check the network, or put the file into"
            + " %s yourself",
        entry.name(),
        set.name(),
        last,
        set.mirrors().size(),
        set.mirrors().size() == 1 ? "" : "s",
        folder);
  }

  private static void publish(Path part, Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  static boolean isAllowed(URI url) {
    return "https".equals(url.getScheme())
        || ("http".equals(url.getScheme()) && isThisMachine(url));
  }

  static boolean isThisMachine(URI url) {
    return THIS_MACHINE.contains(url.getHost());
  }

  /** An error of the server, not of the disk: the next mirror is tried. */
  private static final class TransferException extends Exception {
    private static final long serialVersionUID = 1L;

    TransferException(String message) {
      super(message);
    }
  }

  /**
   * Downloads the rest of a file to its .part.
   *
   * @return true if the start of an earlier attempt was kept
   */
  private boolean transfer(URI url, Path part, String name) throws IOException, TransferException {
    long have = Files.exists(part) ? Files.size(part) : 0;
    HttpURLConnection connection = null;
    try {
      int status;
      try {
        connection = open(url, have);
        status = connection.getResponseCode();
        // The server ignores the range or returns another: restart from 0.
        if (have > 0 && status != 200 && !(status == 206 && startsAt(connection, have))) {
          connection.disconnect();
          have = 0;
          connection = open(url, 0);
          status = connection.getResponseCode();
        }
      } catch (IOException e) {
        throw new TransferException(reason(e) + proxies.to(url).name());
      }
      if (status != 200 && !(status == 206 && have > 0)) {
        String who = status == HttpURLConnection.HTTP_PROXY_AUTH ? proxies.to(url).name() : "";
        throw new TransferException("the server answers " + status + who);
      }
      long start = status == 206 ? have : 0;
      long length = connection.getContentLengthLong();
      long total = length < 0 ? -1 : start + length;
      if (total > maxBytes) {
        throw new TransferException(total + " bytes, more than the " + maxBytes + " allowed");
      }
      receive(connection, part, start, total, name);
      return start > 0;
    } finally {
      if (connection != null) {
        connection.disconnect();
      }
    }
  }

  private void receive(HttpURLConnection connection, Path part, long start, long total, String name)
      throws IOException, TransferException {
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(start).position(start);
      byte[] buffer = new byte[1 << 16];
      long have = start;
      long told = System.nanoTime();
      progress.at(name, have, total);
      while (true) {
        int n = read(connection, buffer);
        if (n < 0) {
          break;
        }
        have += n;
        if (have > maxBytes) {
          out.truncate(0);
          throw new TransferException("more than the " + maxBytes + " bytes allowed");
        }
        for (ByteBuffer left = ByteBuffer.wrap(buffer, 0, n); left.hasRemaining(); ) {
          out.write(left);
        }
        if (System.nanoTime() - told > 250_000_000L) {
          told = System.nanoTime();
          progress.at(name, have, total);
        }
      }
      if (total >= 0 && have != total) {
        throw new TransferException(
            "the connection ended after " + have + " of " + total + " bytes");
      }
      progress.at(name, have, have);
    }
  }

  private static int read(HttpURLConnection connection, byte[] buffer) throws TransferException {
    try {
      InputStream in = connection.getInputStream();
      return in.read(buffer);
    } catch (IOException e) {
      throw new TransferException(reason(e));
    }
  }

  private HttpURLConnection open(URI url, long from) throws IOException {
    Proxies.Route route = proxies.to(url);
    HttpURLConnection connection =
        (HttpURLConnection)
            (route.proxy() == null
                ? url.toURL().openConnection()
                : url.toURL().openConnection(route.proxy()));
    route.authorize(connection);
    connection.setConnectTimeout(connectMillis);
    connection.setReadTimeout(readMillis);
    // Java follows redirects within a protocol only, so HTTPS stays HTTPS. Plain HTTP is restricted
    // to localhost.
    connection.setInstanceFollowRedirects("https".equals(url.getScheme()));
    connection.setUseCaches(false);
    connection.setRequestProperty("User-Agent", "csdp4j/" + Version.text());
    if (from > 0) {
      connection.setRequestProperty("Range", "bytes=" + from + "-");
    }
    return connection;
  }

  private static boolean startsAt(HttpURLConnection connection, long from) {
    String range = connection.getHeaderField("Content-Range");
    Matcher m = CONTENT_RANGE.matcher(range == null ? "" : range);
    return m.matches() && m.group(1).equals(Long.toString(from));
  }

  /**
   * Returns a readable reason of an I/O error: Java's messages are often only a file or host name.
   */
  static String reason(IOException e) {
    if (e instanceof UnknownHostException) {
      return "no such host " + e.getMessage() + " (no network?)";
    }
    if (e instanceof ConnectException || e instanceof NoRouteToHostException) {
      return "no connection (" + e.getMessage() + ")";
    }
    if (e instanceof SocketTimeoutException) {
      return "no answer in time (" + e.getMessage() + ")";
    }
    if (e instanceof AccessDeniedException) {
      return "no permission for " + e.getMessage();
    }
    if (e instanceof NoSuchFileException) {
      return "no such file " + e.getMessage();
    }
    if (e instanceof FileAlreadyExistsException) {
      return e.getMessage() + " is a file";
    }
    if (e instanceof EOFException) {
      return "it ends too early";
    }
    String message = e.getMessage();
    return message == null || message.isBlank()
        ? e.getClass().getSimpleName()
        : message.lines().findFirst().orElse(message);
  }
}
