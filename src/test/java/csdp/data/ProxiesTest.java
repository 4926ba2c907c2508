package csdp.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.error.CsdpException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The environment's proxies. Hosts under .invalid are nowhere, by RFC 2606. */
class ProxiesTest {
  private static final URI MIRROR = URI.create("https://mirror.csdp.invalid/m/file.gz");

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
      assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
      assertTrue(e.getMessage().startsWith("https_proxy is no proxy"), e.getMessage());
      assertFalse(e.getMessage().contains("secret"));
    }
  }
}
