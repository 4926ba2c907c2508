package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.EmulatedLibrary;
import csdp.backend.cuda.device.EmulatedLibrary.Check;
import csdp.backend.cuda.ptx.KernelSources;
import csdp.error.CsdpException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Each barrier of the kernels is needed, and the check for races sees when it is missing: without
 * that one there is a finding or a wrong bit. {@code target/barrier-controls.txt} has the table.
 */
class BarrierControlTest {
  private static final Pattern BARRIER = Pattern.compile("__sync(?:threads|warp)\\w*");
  private static final Pattern STATEMENT = Pattern.compile(BARRIER + "\\([^;]*\\);");
  private static final Pattern COMMENT = Pattern.compile("//.*");

  /** A barrier of a source, from its name to its semicolon. */
  private record Barrier(String file, int line, int from, int end, String text) {
    KernelSources removedFrom(KernelSources sources) {
      String all = sources.texts().get(file);
      return sources.with(file, all.substring(0, from) + ";" + all.substring(end));
    }
  }

  private static List<Barrier> barriers(KernelSources sources) {
    List<Barrier> barriers = new ArrayList<>();
    new TreeMap<>(sources.texts())
        .forEach(
            (file, text) -> {
              if (file.startsWith("host/")) {
                return;
              }
              String code = COMMENT.matcher(text).replaceAll(m -> " ".repeat(m.group().length()));
              int before = barriers.size();
              for (Matcher m = STATEMENT.matcher(code); m.find(); ) {
                int line = (int) code.substring(0, m.start()).lines().count();
                barriers.add(new Barrier(file, line, m.start(), m.end(), m.group()));
              }
              assertEquals(
                  BARRIER.matcher(code).results().count(),
                  barriers.size() - before,
                  file + " has a barrier that is no statement of its own: it cannot be removed");
            });
    return barriers;
  }

  /** The first finding or difference at small sizes; null if there is none. */
  private static String caught(KernelSources sources) {
    EmulatedLibrary library = EmulatedLibrary.ofSources(Emulated.CACHE, sources, Check.RACES);
    try (EmulatedDevice device = EmulatedDevice.open(library, 1L << 30)) {
      for (int[] size : new int[][] {{40, 7}, {110, 100}}) {
        for (KernelCheck.Result r : KernelCheck.run(device, size[0], size[1], 11)) {
          if (!r.passed()) {
            return r.kernel() + ": " + r.difference();
          }
        }
      }
      for (Windows.Case c : Windows.cases()) {
        String difference = Windows.difference(c, device);
        if (difference != null) {
          return difference;
        }
      }
      return null;
    } catch (CsdpException e) {
      return e.getMessage();
    }
  }

  @Test
  void withoutAnyOneThereIsARaceOrAWrongBit() throws Exception {
    Emulated.requireChecks();
    KernelSources sources = KernelSources.host();
    List<Barrier> barriers = barriers(sources);
    assertFalse(barriers.isEmpty());
    assertNull(caught(sources), "with all barriers");
    List<String> table = new ArrayList<>();
    List<String> unneeded = new ArrayList<>();
    ExecutorService workers =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<String>> results = new ArrayList<>();
      for (Barrier b : barriers) {
        results.add(workers.submit(() -> caught(b.removedFrom(sources))));
      }
      for (int k = 0; k < barriers.size(); k++) {
        Barrier b = barriers.get(k);
        String barrier = b.file + ":" + b.line + " " + b.text;
        String caught = results.get(k).get();
        table.add(barrier + " " + (caught == null ? "NOT NEEDED" : caught));
        if (caught == null) {
          unneeded.add(barrier);
        }
      }
    } finally {
      workers.shutdownNow();
    }
    Files.write(Path.of("target", "barrier-controls.txt"), table);
    assertEquals(List.of(), unneeded, "nothing is wrong without these barriers: remove them");
  }
}
