package csdp.data;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A web server on this machine's loopback that behaves as badly as a test needs. */
public final class FileServer implements AutoCloseable {
  /** How a path is answered. */
  public enum Manner {
    RANGES,
    NO_RANGES,
    /** Says 206, but sends from elsewhere. */
    WRONG_RANGE,
    CUT_SHORT,
    /** Stops half-way and says no more. */
    SILENT,
    /** Rests a second half-way. */
    SLOW,
    ERROR
  }

  /** Requests: path, and the Range header or null. */
  public final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();

  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, Manner> manners = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;

  public FileServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Serves a file under a folder. */
  public FileServer put(String path, byte[] content, Manner manner) {
    files.put(path, content);
    manners.put(path, manner);
    return this;
  }

  /** URL of a folder, with its slash at the end. */
  public String url(String folder) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + folder + "/";
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath().substring(1);
      String range = exchange.getRequestHeaders().getFirst("Range");
      asked.add(path + " " + range);
      byte[] content = files.get(path);
      Manner manner = manners.getOrDefault(path, Manner.ERROR);
      if (content == null || manner == Manner.ERROR) {
        exchange.sendResponseHeaders(content == null ? 404 : 503, -1);
        return;
      }
      int from = 0;
      if (range != null && (manner == Manner.RANGES || manner == Manner.WRONG_RANGE)) {
        from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
        if (from >= content.length) {
          exchange.sendResponseHeaders(416, -1);
          return;
        }
        from = manner == Manner.WRONG_RANGE ? from - 1 : from;
        exchange
            .getResponseHeaders()
            .add(
                "Content-Range",
                "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
      }
      exchange.sendResponseHeaders(range != null && from > 0 ? 206 : 200, content.length - from);
      int length = content.length - from;
      if (manner == Manner.CUT_SHORT || manner == Manner.SILENT) {
        exchange.getResponseBody().write(content, from, length / 2);
        exchange.getResponseBody().flush();
        if (manner == Manner.SILENT) {
          Thread.sleep(60_000); // until close() interrupts it
        }
        return;
      }
      if (manner == Manner.SLOW) {
        exchange.getResponseBody().write(content, from, length / 2);
        exchange.getResponseBody().flush();
        Thread.sleep(1000);
        from += length / 2;
        length -= length / 2;
      }
      exchange.getResponseBody().write(content, from, length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
