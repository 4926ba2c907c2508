package csdp.error;

/**
 * An error that a user can correct: bad input, a missing device, missing data, or a failed run. The
 * message is one line that names the error, its place and a remedy. The command line prints it
 * without a stack trace and exits with {@link #exitCode()}.
 */
public final class CsdpException extends RuntimeException {
  /** The command ran but did not succeed (a replay over tolerance, training diverged). */
  public static final int FAILED = 1;

  /** Wrong usage or bad input: flags, files, configuration. */
  public static final int USAGE = 2;

  /** The machine lacks something: no device, no data, no disk space, no permission. */
  public static final int ENVIRONMENT = 3;

  private static final long serialVersionUID = 1L;
  private final int exitCode;

  /** Limit of a message's length, in characters: it may quote a file of any size. */
  private static final int LONGEST = 1_000;

  private CsdpException(int exitCode, String message, Throwable cause) {
    super(oneLine(message), cause);
    this.exitCode = exitCode;
  }

  /** The command ran but did not succeed; exit code 1. */
  public static CsdpException failed(String format, Object... args) {
    return new CsdpException(FAILED, format(format, args), null);
  }

  /** Wrong usage or bad input; exit code 2. */
  public static CsdpException badInput(String format, Object... args) {
    return new CsdpException(USAGE, format(format, args), null);
  }

  /** The machine lacks something; exit code 3. */
  public static CsdpException environment(String format, Object... args) {
    return new CsdpException(ENVIRONMENT, format(format, args), null);
  }

  /** Returns the same error with its cause, for debugging. */
  public CsdpException because(Throwable cause) {
    return new CsdpException(exitCode, getMessage(), cause);
  }

  /** Returns the same error with its place in front of the message. */
  public CsdpException in(String format, Object... where) {
    return new CsdpException(exitCode, format(format, where) + ": " + getMessage(), this);
  }

  /** Returns the same error with advice after the message. */
  public CsdpException then(String advice) {
    return new CsdpException(exitCode, getMessage() + "; " + advice, this);
  }

  /** Returns the exit code of the process: 1, 2 or 3. */
  public int exitCode() {
    return exitCode;
  }

  /** Returns the text without line breaks and control characters, truncated to the limit. */
  private static String oneLine(String s) {
    StringBuilder line = new StringBuilder(Math.min(s.length(), LONGEST + 3));
    for (int i = 0; i < s.length() && i < LONGEST; i++) {
      char c = s.charAt(i);
      boolean plain =
          switch (Character.getType(c)) {
            case Character.CONTROL,
                Character.FORMAT,
                Character.LINE_SEPARATOR,
                Character.PARAGRAPH_SEPARATOR ->
                false;
            default -> true;
          };
      line.append(plain ? c : ' ');
    }
    return s.length() <= LONGEST ? line.toString() : line.append("...").toString();
  }

  private static String format(String format, Object... args) {
    return args.length == 0 ? format : String.format(java.util.Locale.ROOT, format, args);
  }
}
