package csdp.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Runs commands as the command line does, and keeps the output of the last one. */
public abstract class CommandTest {
  /** Standard output of the last command. */
  protected String out;

  /** Standard error of the last command. */
  protected String err;

  /** Runs a command; returns its exit code. */
  protected int run(String... args) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    int code = Main.run(args, new PrintWriter(o, true), new PrintWriter(e, true));
    out = o.toString();
    err = e.toString();
    return code;
  }
}
