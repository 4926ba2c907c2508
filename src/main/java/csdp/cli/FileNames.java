package csdp.cli;

import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Encoding of file names in this process. Java reads and writes names in the locale's encoding;
 * with {@code LC_ALL=C} that is ASCII, and the name {@code données} would change.
 */
final class FileNames {
  private static final char UNREADABLE = '\uFFFD';
  private static final Path SELF = Path.of("/proc/self");

  private FileNames() {}

  /** Returns Java's encoding of file names. */
  static String encoding() {
    return System.getProperty("sun.jnu.encoding", "UTF-8");
  }

  /**
   * Refuses a working directory, argument or variable whose name the encoding cannot represent.
   *
   * @throws CsdpException environment, naming it
   */
  static void check(Map<String, String> environment, String[] arguments) {
    if (!isNameable(SELF.resolve("cwd"))) {
      throw unnameable("the current folder");
    }
    if (!isReadable(SELF.resolve("cmdline"))) {
      throw unnameable("an argument");
    }
    for (String argument : arguments) {
      if (argument.indexOf(UNREADABLE) >= 0) {
        throw unnameable("the argument " + argument);
      }
    }
    environment.forEach(
        (name, value) -> {
          if (name.startsWith("CSDP_") && value.indexOf(UNREADABLE) >= 0) {
            throw unnameable("the variable " + name);
          }
        });
  }

  private static CsdpException unnameable(String what) {
    if (encoding().equalsIgnoreCase("UTF-8")) {
      return CsdpException.environment(
          "%s is not valid UTF-8, the encoding of this locale: rename the file or folder", what);
    }
    return CsdpException.environment(
        "%s has characters that this locale's encoding (%s) lacks: set LC_ALL=C.UTF-8, or another"
            + " locale with UTF-8",
        what, encoding());
  }

  /** Returns true if the target's name survives decoding, or if there is no such link. */
  private static boolean isNameable(Path link) {
    try {
      Path target = Files.readSymbolicLink(link);
      return Path.of(target.toString()).equals(target);
    } catch (InvalidPathException e) {
      return false;
    } catch (IOException | UnsupportedOperationException e) {
      return true;
    }
  }

  private static boolean isReadable(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      Charset.forName(encoding()).newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    } catch (IOException | IllegalCharsetNameException | UnsupportedCharsetException e) {
      return true;
    }
  }

  /** Returns the error for a name that is not a valid path. */
  static CsdpException refused(InvalidPathException e) {
    boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(e.getInput());
    return ascii
        ? CsdpException.badInput("%s is not a path: %s", e.getInput(), e.getReason())
        : unnameable("the path " + e.getInput());
  }
}
