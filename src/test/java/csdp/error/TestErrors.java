package csdp.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** The form of every error. */
public final class TestErrors {
  private TestErrors() {}

  /** Checks that a call fails with an exit code and one line that contains the given words. */
  public static CsdpException assertFails(int exitCode, Executable call, String... words) {
    CsdpException e = assertThrows(CsdpException.class, call);
    assertEquals(exitCode, e.exitCode(), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), "'" + word + "' in: " + e.getMessage());
    }
    return e;
  }
}
