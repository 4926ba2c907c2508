package csdp.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Translates PTX to C++, to execute it without a GPU: each instruction becomes a call of a function
 * of {@code kernels/host/ptx.h}, registers become variables, labels stay labels. It supports the
 * instructions that the kernels use, and similar ones; any other opcode, modifier or directive is
 * an error that names it.
 *
 * <p>In a library compiled with {@code -DCSDP_COUNT} each basic block counts its executions. Its
 * weight estimates machine instructions: 9 for a division or square root of floats, 20 for an
 * integer division or remainder, none for a move or an address conversion, 1 for everything else. A
 * branch that only skips up to four instructions of arithmetic is none either: ptxas makes them
 * conditional, so they count whether they are skipped or not.
 *
 * @see <a href="https://docs.nvidia.com/cuda/parallel-thread-execution/">PTX ISA</a>
 */
public final class PtxTranslator {
  private static final Pattern ENTRY =
      Pattern.compile(
          "(?s)\\.visible \\.entry (\\w+)\\((.*?)\\)\\s*((?:\\.\\w+ [\\d, ]+\\s*)*)\\{\\n(.*?)\\n\\}");
  private static final Pattern NAME =
      Pattern.compile("\\.(?:entry|func)\\s+(?:\\([^)]*\\)\\s*)?(\\w+)");

  private final StringBuilder text = new StringBuilder();
  private final List<String> kernels = new ArrayList<>();

  private PtxTranslator() {}

  /**
   * Translates all kernels of a PTX.
   *
   * @throws IllegalArgumentException naming kernel and instruction if one is not supported
   */
  public static PtxTranslator translate(String ptx) {
    PtxTranslator t = new PtxTranslator();
    String source = ptx.replace("\r\n", "\n");
    Matcher m = ENTRY.matcher(source);
    while (m.find()) {
      t.kernels.add(m.group(1));
      t.text.append(new PtxKernel(m.group(1), m.group(2), m.group(3)).translate(m.group(4)));
    }
    Matcher named = NAME.matcher(source);
    while (named.find()) {
      if (!t.kernels.contains(named.group(1))) {
        throw new IllegalArgumentException(
            "the PTX has a function that is not understood: " + named.group(1));
      }
    }
    return t;
  }

  /** The C++ functions. */
  public String text() {
    return text.toString();
  }

  /** Names of the kernels. */
  public List<String> kernels() {
    return List.copyOf(kernels);
  }
}
