package csdp;

/**
 * Something a user can mend: bad input, a missing device or missing data, a run that failed. The
 * message is one line that says what was wrong, where, and what to do; the command line prints it
 * without a stack trace and ends with {@link #exitCode()}.
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

  /** More than any message needs; files that are quoted in one can be of any length. */
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

  /** The same failure with the exception that led to it, for those who debug. */
  public CsdpException because(Throwable cause) {
    return new CsdpException(exitCode, getMessage(), cause);
  }

  /** The same failure, its message led by where it happened. */
  public CsdpException in(String format, Object... where) {
    return new CsdpException(exitCode, format(format, where) + ": " + getMessage(), this);
  }

  /** The same failure, its message followed by what to do. */
  public CsdpException then(String advice) {
    return new CsdpException(exitCode, getMessage() + "; " + advice, this);
  }

  /** The process exit code that this failure stands for: 1, 2 or 3. */
  public int exitCode() {
    return exitCode;
  }

  /** Without what would break the line or steer a terminal, and of bounded length. */
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
