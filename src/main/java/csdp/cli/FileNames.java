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
 * File names in this process. Java reads and writes them in the locale's encoding; with {@code
 * LC_ALL=C} that is ASCII, and a folder {@code données} becomes another one.
 */
final class FileNames {
  private static final char UNREADABLE = '\uFFFD';
  private static final Path SELF = Path.of("/proc/self");

  private FileNames() {}

  /** The encoding of names, as Java found it. */
  static String encoding() {
    return System.getProperty("sun.jnu.encoding", "UTF-8");
  }

  /**
   * Refuses a process whose folder, arguments or settings have names that it cannot write.
   *
   * @throws CsdpException environment, in one line that says which
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
    return CsdpException.environment(
        "%s has characters that this locale's encoding (%s) lacks: set LC_ALL=C.UTF-8, or another"
            + " locale with UTF-8",
        what, encoding());
  }

  /** Whether the target of a link is the same after its name was text; true without such a link. */
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

  /** A line for a name that cannot be a path here, from wherever it came. */
  static CsdpException refused(InvalidPathException e) {
    boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(e.getInput());
    return ascii
        ? CsdpException.badInput("%s is not a path: %s", e.getInput(), e.getReason())
        : unnameable("the path " + e.getInput());
  }
}
