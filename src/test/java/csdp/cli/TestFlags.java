package csdp.cli;

import csdp.sweep.Flags;

/** The flags of the train command for tests of other packages. */
public final class TestFlags {
  private TestFlags() {}

  public static Flags train() {
    return new TrainFlags(line -> {});
  }
}
