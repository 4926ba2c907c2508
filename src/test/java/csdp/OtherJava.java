package csdp;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts another Java process with the class path of the tests. */
public final class OtherJava {
  public static final String PROGRAM =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  public static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  private OtherJava() {}

  /** Returns the command that runs a main class. */
  public static List<String> command(List<String> options, String main, List<String> arguments) {
    List<String> all = new ArrayList<>(List.of(PROGRAM));
    all.addAll(options);
    all.addAll(List.of("-cp", CLASS_PATH, main));
    all.addAll(arguments);
    return all;
  }
}
