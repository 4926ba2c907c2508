package csdp.data;

import csdp.error.CsdpException;
import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.IDN;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The proxies of the environment, as curl reads them: {@code https_proxy}, {@code all_proxy} and
 * {@code no_proxy}, in either case. Java itself reads system properties only; if {@code
 * https.proxyHost} is set, they take precedence.
 */
final class Proxies {
  private static final int HTTP_PORT = 80;
  private static final int SOCKS_PORT = 1080;

  private final Map<String, String> environment;

  Proxies(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * The route to a server.
   *
   * @param proxy null to leave it to Java
   * @param name for messages: variable and address, without a password; empty without a proxy
   * @param password requested once; null without a user name
   */
  record Route(Proxy proxy, String name, Authenticator password) {
    void authorize(HttpURLConnection connection) {
      if (password != null) {
        connection.setAuthenticator(password);
      }
    }
  }

  /**
   * Finds the route to a server.
   *
   * @throws CsdpException environment, naming the variable with an invalid proxy
   */
  Route to(URI url) {
    if (System.getProperty("https.proxyHost") != null
        || System.getProperty("socksProxyHost") != null) {
      return new Route(null, "", null);
    }
    boolean https = "https".equals(url.getScheme());
    String variable = https ? "https_proxy" : "http_proxy";
    String value = value(variable);
    if (value.isBlank()) {
      variable = "all_proxy";
      value = value(variable);
    }
    if (value.isBlank()) {
      return new Route(null, "", null);
    }
    if (Downloads.isThisMachine(url) || isExcepted(url)) {
      return new Route(Proxy.NO_PROXY, "", null);
    }
    return route(variable, value.strip());
  }

  /** Upper case is also common, except for http_proxy, which a web server's client could set. */
  private String value(String variable) {
    String value = environment.get(variable);
    if (value == null && !variable.equals("http_proxy")) {
      value = environment.get(variable.toUpperCase(Locale.ROOT));
    }
    return value == null ? "" : value;
  }

  private boolean isExcepted(URI url) {
    String host = url.getHost().toLowerCase(Locale.ROOT);
    return Stream.of(value("no_proxy").toLowerCase(Locale.ROOT).split("[,\\s]+"))
        .map(entry -> entry.replaceFirst(":(\\d+)$", "").replaceFirst("^\\*?\\.", ""))
        .filter(entry -> !entry.isEmpty())
        .anyMatch(entry -> entry.equals("*") || host.equals(entry) || host.endsWith("." + entry));
  }

  private static Route route(String variable, String value) {
    URI proxy;
    try {
      proxy = new URI(value.contains("://") ? value : "http://" + value);
    } catch (URISyntaxException e) {
      throw noProxy(variable);
    }
    Proxy.Type type =
        switch (String.valueOf(proxy.getScheme()).toLowerCase(Locale.ROOT)) {
          case "http" -> Proxy.Type.HTTP;
          case "socks", "socks4", "socks4a", "socks5", "socks5h" -> Proxy.Type.SOCKS;
          default -> throw noProxy(variable);
        };
    if (proxy.getHost() == null) {
      throw noProxy(variable);
    }
    int usual = type == Proxy.Type.HTTP ? HTTP_PORT : SOCKS_PORT;
    int port = proxy.getPort() < 0 ? usual : proxy.getPort();
    String host = IDN.toASCII(proxy.getHost().replaceAll("^\\[|]$", ""));
    return new Route(
        new Proxy(type, InetSocketAddress.createUnresolved(host, port)),
        " through the proxy " + host + ":" + port + " of " + variable,
        proxy.getRawUserInfo() == null ? null : password(proxy.getRawUserInfo()));
  }

  private static Authenticator password(String userInfo) {
    // By default Java does not send a password to a tunnel's proxy; curl does.
    System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
    String plain = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
    int colon = plain.indexOf(':');
    String user = colon < 0 ? plain : plain.substring(0, colon);
    String password = colon < 0 ? "" : plain.substring(colon + 1);
    return new Authenticator() {
      private boolean refused;

      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        if (refused || getRequestorType() != RequestorType.PROXY) {
          return null;
        }
        refused = true; // if it is requested again
        return new PasswordAuthentication(user, password.toCharArray());
      }
    };
  }

  private static CsdpException noProxy(String variable) {
    return CsdpException.environment(
        "%s is no proxy that downloads can use: write it as http://HOST:PORT or socks5://HOST:PORT,"
            + " or unset it",
        variable);
  }
}
