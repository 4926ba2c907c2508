package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.EmulatedLibrary;
import csdp.backend.cuda.device.EmulatedLibrary.Order;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same bits in whatever order blocks and threads start, and threads go on after a barrier. */
class OrderTest {
  private EmulatedLibrary library;
  private EmulatedDevice device;

  @BeforeEach
  void open() {
    library = Emulated.library();
    device = EmulatedDevice.open(library, 1L << 30);
  }

  @AfterEach
  void close() {
    if (device != null) {
      library.setOrder(Order.ASCENDING, 0);
      device.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"REVERSED, 0", "RANDOM, 1", "RANDOM, 2", "RANDOM, 3"})
  void kernelsHaveTheSameBitsInAnyOrder(Order order, long seed) {
    library.setOrder(order, seed);
    for (int[] size : new int[][] {{1, 1}, {13, 7}, {207, 40}, {70, 100}}) {
      for (KernelCheck.Result r : KernelCheck.run(device, size[0], size[1], 11)) {
        assertTrue(r.passed(), r.kernel() + ": " + r.difference());
      }
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @CsvSource({"ASCENDING, 0", "REVERSED, 0", "RANDOM, 1", "RANDOM, 2"})
  void windowsHaveTheBitsOfTheCpuInAnyOrder(Order order, long seed) {
    library.setOrder(order, seed);
    for (Windows.Case c : Windows.cases()) {
      assertNull(Windows.difference(c, device));
    }
  }

  @Tag("kernels")
  @Test
  void rowsOfTwoSegmentsHaveTheBitsOfTheCpu() {
    assertNull(Windows.difference(Windows.twoSegments(), device));
  }

  /** Which thread of two blocks of 64 counts itself when: before a barrier, and after it. */
  private int[] order(Order order, long seed) {
    library.setOrder(order, seed);
    try (DeviceMemory memory = new DeviceMemory(device)) {
      Ints out = memory.ints("out", 257);
      out.upload(new int[out.length()]);
      device.launch("check_order", new Geometry(2, 1, 64, 0), out);
      return Arrays.copyOfRange(out.download(new int[257]), 1, 257);
    }
  }

  private static int[] part(int[] of, int from) {
    return Arrays.copyOfRange(of, from, from + 64);
  }

  @Test
  void theOrdersDiffer() {
    int[] up = IntStream.range(0, 64).toArray();
    int[] ascending = order(Order.ASCENDING, 0);
    int[] reversed = order(Order.REVERSED, 0);
    int[] random = order(Order.RANDOM, 1);
    int[] other = order(Order.RANDOM, 2);
    assertEquals(Arrays.toString(up), Arrays.toString(part(ascending, 0)));
    assertEquals(127, reversed[0], "the last thread of the last block");
    for (int from = 0; from < 256; from += 64) { // two blocks, before and after the barrier
      for (int[] a : new int[][] {reversed, random, other}) {
        assertNotEquals(Arrays.toString(part(ascending, from)), Arrays.toString(part(a, from)));
        int[] sorted = part(a, from);
        Arrays.sort(sorted);
        int first = sorted[0] / 64 * 64;
        assertEquals(
            Arrays.toString(IntStream.range(first, first + 64).toArray()), Arrays.toString(sorted));
      }
      assertNotEquals(Arrays.toString(part(random, from)), Arrays.toString(part(other, from)));
    }
    assertEquals(Arrays.toString(random), Arrays.toString(order(Order.RANDOM, 1)));
  }
}
