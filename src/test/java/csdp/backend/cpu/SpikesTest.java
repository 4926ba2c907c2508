package csdp.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Philox.Stream;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists by unit, and by group of units, hold the same spikes as the lists by sample. */
class SpikesTest {
  private static final int SAMPLES = 9;

  @ParameterizedTest
  @CsvSource({"37, 4", "37, 0", "37, 9", "16, 5", "1, 3", "130, 8"})
  void transposes(int units, int positives) {
    RowLayout rows = new RowLayout(units);
    Spikes single = new Spikes(SAMPLES, rows, false);
    Spikes grouped = new Spikes(SAMPLES, rows, true);
    for (int round = 0; round < 2; round++) {
      boolean[][] fired = draw(units, round);
      fill(single, fired);
      fill(grouped, fired);
      single.transpose(positives);
      grouped.transpose(positives);
      for (int unit = 0; unit < units; unit++) {
        int i = unit;
        int[] expected = IntStream.range(0, SAMPLES).filter(b -> fired[b][i]).toArray();
        long first = Arrays.stream(expected).filter(b -> b < positives).count();
        for (Spikes s : new Spikes[] {single, grouped}) {
          assertEquals(expected.length, s.sampleCount[i]);
          assertEquals(first, s.positiveCount[i]);
        }
        int from = i * SAMPLES;
        assertArrayEquals(
            expected, Arrays.copyOfRange(single.sampleList, from, from + expected.length));
        int[] list = new int[expected.length]; // no room for one more
        grouped.samplesOf(i, list);
        assertArrayEquals(expected, list);
      }
    }
    grouped.clear();
    assertEquals(0, Arrays.stream(grouped.groupCount).sum());
  }

  /** Units 16 to 31 are silent at first. */
  private static boolean[][] draw(int units, int round) {
    Stream r = Philox.stream(7, Purpose.STROKES, units, round, 0);
    boolean[][] fired = new boolean[SAMPLES][units];
    for (boolean[] sample : fired) {
      for (int i = 0; i < units; i++) {
        sample[i] = r.nextFloat() < 0.4 && (round > 0 || i / 16 != 1);
      }
    }
    return fired;
  }

  private static void fill(Spikes s, boolean[][] fired) {
    s.clear();
    for (int b = 0; b < SAMPLES; b++) {
      for (int i = 0; i < s.units; i++) {
        if (fired[b][i]) {
          s.bits[b * s.words + i / 64] |= 1L << i % 64;
        }
      }
      s.list(b);
    }
  }
}
