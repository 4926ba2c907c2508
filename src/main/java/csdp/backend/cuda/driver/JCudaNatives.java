package csdp.backend.cuda.driver;

import csdp.error.CsdpException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Loads JCuda's native libraries from a private folder of the user.
 *
 * <p>JCuda 12.6.0 (jcuda.LibUtils) unpacks a library into the folder that the property {@code
 * java.io.tmpdir} names at the moment its class is initialised, and loads an existing file of that
 * name: in a shared /tmp anybody could have put it there. So the library is unpacked atomically
 * into a folder that only this user can write, and the property points to that folder while JCuda's
 * class is initialised.
 */
public final class JCudaNatives {
  /** JCuda's version; the names of its libraries contain it. */
  public static final String VERSION = "12.6.0";

  private static final Pattern MISSING =
      Pattern.compile("((?:lib)?[\\w.+-]+\\.(?:so|dll)[\\w.]*): (cannot open[^\\r\\n]*)");

  private JCudaNatives() {}

  /** Returns true if JCuda has native libraries for this platform. */
  public static boolean platform() {
    return platform(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  static boolean platform(String os, String arch) {
    String o = os.toLowerCase(Locale.ROOT);
    return (o.startsWith("linux") || o.startsWith("windows"))
        && (arch.equals("amd64") || arch.equals("x86_64"));
  }

  /** Returns the file name of a library in the jars for this platform. */
  public static String fileName(String library) {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    return (windows ? "" : "lib")
        + library
        + "-"
        + VERSION
        + (windows ? "-windows-x86_64.dll" : "-linux-x86_64.so");
  }

  /**
   * Initialises a class of JCuda and with it its library.
   *
   * @param library JCudaDriver or JCublas2
   * @throws UnsatisfiedLinkError with one line if it cannot be loaded
   */
  public static synchronized void load(String library, String className) {
    String resource = "/lib/" + fileName(library);
    try (InputStream in = JCudaNatives.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new UnsatisfiedLinkError(
            "the jar with JCuda's natives is not on the class path (" + resource + ")");
      }
      Path folder = UserCache.folder("natives-" + VERSION);
      UserCache.write(folder.resolve(fileName(library)), in.readAllBytes());
      String before = System.getProperty("java.io.tmpdir");
      System.setProperty("java.io.tmpdir", folder.toString());
      try {
        Class.forName(className);
      } finally {
        System.setProperty("java.io.tmpdir", before);
      }
    } catch (IOException e) {
      throw CsdpException.environment("cannot unpack JCuda's natives: %s", e.getMessage())
          .because(e);
    } catch (ClassNotFoundException e) {
      throw new UnsatisfiedLinkError("JCuda is not on the class path");
    } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
      throw new UnsatisfiedLinkError(firstCause(String.valueOf(e.getMessage())));
    }
  }

  /** Returns the loader's line of JCuda's message, which contains two stack traces. */
  static String firstCause(String message) {
    Matcher m = MISSING.matcher(message);
    String last = null;
    while (m.find()) {
      last = m.group(1) + ": " + m.group(2);
    }
    return last != null ? last : message.lines().findFirst().orElse("no reason given");
  }
}
