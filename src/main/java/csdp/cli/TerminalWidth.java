package csdp.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Columns of the terminal, polled every second with {@code stty} in a separate thread: Java offers
 * neither the size nor the signal of a change.
 */
final class TerminalWidth implements IntSupplier {
  private static final int USUAL = 80;
  private static final long SECOND = 1_000_000_000L;
  private static final Pattern SIZE = Pattern.compile("\\d+ (\\d+)\\s*");

  private volatile int columns;
  private volatile boolean asking;
  private long asked;

  @Override
  public int getAsInt() {
    long now = System.nanoTime();
    if (columns == 0) {
      ask();
      asked = now;
    } else if (!asking && now - asked > SECOND) {
      asked = now;
      asking = true;
      Thread thread = new Thread(this::ask, "terminal width");
      thread.setDaemon(true);
      thread.start();
    }
    return columns;
  }

  private void ask() {
    columns = columns(new File("/dev/tty"), System.getenv("COLUMNS"));
    asking = false;
  }

  /**
   * The width of a terminal.
   *
   * @param environment value of COLUMNS, or null; used if the terminal does not report its size
   */
  static int columns(File terminal, String environment) {
    int told = 0;
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(terminal)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (stty.waitFor(1, TimeUnit.SECONDS)) {
        told = parse(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
      }
      stty.destroyForcibly();
    } catch (IOException e) {
      // Windows, or no stty.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (told == 0 && environment != null) {
      told = parse("0 " + environment);
    }
    return told == 0 ? USUAL : told;
  }

  private static int parse(String size) {
    Matcher m = SIZE.matcher(size);
    return m.matches() && m.group(1).length() < 6 ? Integer.parseInt(m.group(1)) : 0;
  }
}
