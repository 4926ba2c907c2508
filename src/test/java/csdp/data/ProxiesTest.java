package csdp.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.CsdpException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The environment's proxies. Hosts under .invalid are nowhere, by RFC 2606. */
class ProxiesTest {
  private static final URI MIRROR = URI.create("https://mirror.csdp.invalid/m/file.gz");

  @TempDir Path dir;

  private static Proxies.Route route(Map<String, String> env) {
    return new Proxies(env).to(MIRROR);
  }

  private static String address(Map<String, String> env) {
    Proxy proxy = route(env).proxy();
    if (proxy == null || proxy.type() == Proxy.Type.DIRECT) {
      return "direct";
    }
    InetSocketAddress at = (InetSocketAddress) proxy.address();
    return proxy.type() + " " + at.getHostString() + ":" + at.getPort();
  }

  @Test
  void formsThatCurlTakes() {
    for (String variable : List.of("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")) {
      assertEquals("HTTP p.test:3128", address(Map.of(variable, "http://p.test:3128")));
    }
    assertEquals("HTTP p.test:3128", address(Map.of("https_proxy", "p.test:3128/")));
    assertEquals("HTTP p.test:80", address(Map.of("https_proxy", "http://p.test")));
    assertEquals("HTTP ::1:3128", address(Map.of("https_proxy", "http://[::1]:3128")));
    assertEquals("SOCKS p.test:1080", address(Map.of("https_proxy", "socks5h://p.test")));
    assertEquals("HTTP p.test:1", address(Map.of("https_proxy", "http://me:a%40b@p.test:1")));
    assertFalse(
        route(Map.of("https_proxy", "http://me:secret@p.test:1")).name().contains("secret"));
    // The one for plain HTTP is not for HTTPS; an empty one is none.
    assertEquals("direct", address(Map.of("http_proxy", "http://p.test:3128")));
    assertEquals("direct", address(Map.of("https_proxy", "")));
    assertEquals("direct", address(Map.of()));
    assertEquals(
        Proxy.NO_PROXY,
        new Proxies(Map.of("http_proxy", "p.test:1"))
            .to(URI.create("http://127.0.0.1:9/x"))
            .proxy());
  }

  @Test
  void exceptions() {
    for (String of :
        List.of(
            "*",
            "mirror.csdp.invalid",
            "csdp.invalid",
            ".invalid",
            "*.invalid",
            "x, Mirror.CSDP.invalid",
            "a b .csdp.invalid",
            "csdp.invalid:443")) {
      for (String variable : List.of("no_proxy", "NO_PROXY")) {
        assertEquals("direct", address(Map.of("https_proxy", "p.test:1", variable, of)), of);
      }
    }
    for (String of :
        List.of("", ",", "or.csdp.invalid", "irror.csdp.invalid", "csdp", "localhost")) {
      assertEquals("HTTP p.test:1", address(Map.of("https_proxy", "p.test:1", "no_proxy", of)), of);
    }
  }

  @Test
  void nonsenseIsRefusedByNameAndWithoutItsPassword() {
    for (String value :
        List.of(
            "https://p.test:1", "http://", "ftp://p.test", "p test", "http://a:secret@:b", "://")) {
      CsdpException e =
          assertThrows(CsdpException.class, () -> route(Map.of("HTTPS_PROXY", value)), value);
      assertEquals(CsdpException.USAGE, e.exitCode());
      assertTrue(e.getMessage().startsWith("https_proxy is no proxy"), e.getMessage());
      assertFalse(e.getMessage().contains("secret"));
    }
  }

  /** A download asks the proxy for a tunnel, with the password where there is one. */
  @Test
  void downloadsGoThroughIt() throws IOException {
    List<String> asked = new CopyOnWriteArrayList<>();
    try (ServerSocket proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread server = new Thread(() -> refuse(proxy, asked));
      server.setDaemon(true);
      server.start();
      String at = "127.0.0.1:" + proxy.getLocalPort();
      String message = fetch(Map.of("https_proxy", "http://me:secret@" + at));
      assertTrue(message.contains("through the proxy " + at + " of https_proxy"), message);
      assertEquals("CONNECT mirror.csdp.invalid:443 HTTP/1.1", asked.get(0));
      assertTrue(asked.contains("Proxy-Authorization: Basic bWU6c2VjcmV0"), asked.toString());
      asked.clear();
      fetch(Map.of("https_proxy", at, "no_proxy", ".invalid"));
      assertEquals(List.of(), asked);
    }
  }

  private String fetch(Map<String, String> env) {
    Downloads downloads =
        new Downloads(
            Duration.ofSeconds(5), Duration.ofSeconds(5), 100, new Proxies(env), (f, b, t) -> {});
    Manifest.SetEntry set =
        new Manifest.SetEntry(
            "set",
            "Title",
            "CC0",
            "us",
            2,
            2,
            2,
            8,
            4,
            List.of("https://mirror.csdp.invalid/m/"),
            List.of(new Manifest.FileEntry("file.gz", "0".repeat(64), null)));
    return assertThrows(CsdpException.class, () -> downloads.fetch(set, dir.resolve("set")))
        .getMessage();
  }

  /** Asks for a password once, then says no. */
  private static void refuse(ServerSocket proxy, List<String> asked) {
    while (!proxy.isClosed()) {
      try (Socket client = proxy.accept()) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        boolean password = false;
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
          asked.add(line);
          password |= line.startsWith("Proxy-Authorization");
        }
        String answer =
            password
                ? "HTTP/1.1 403 Forbidden\r\n"
                : "HTTP/1.1 407 Proxy Authentication Required\r\n"
                    + "Proxy-Authenticate: Basic realm=\"x\"\r\n";
        client
            .getOutputStream()
            .write((answer + "Content-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // The next one.
      }
    }
  }
}
