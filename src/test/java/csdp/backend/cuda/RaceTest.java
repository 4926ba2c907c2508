package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.Emulated.Kernels;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.EmulatedLibrary;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.error.CsdpException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The kernels with a check of each access to memory (kernels/host/races.h) and of undefined
 * behaviour: a launch in which there is any fails. The mistakes of kernels/host/check.cu show that
 * each kind is found.
 */
class RaceTest {
  private EmulatedDevice device;
  private DeviceMemory memory;

  @BeforeEach
  void open() {
    device = Emulated.device(Kernels.RACES);
    memory = new DeviceMemory(device);
  }

  @AfterEach
  void close() {
    if (device != null) {
      memory.close();
      device.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "13, 7", "140, 6", "70, 100"})
  void noFindingInAnyKernel(int units, int batch) {
    for (Kernels kernels : List.of(Kernels.RACES, Kernels.UNDEFINED)) {
      try (EmulatedDevice checked = Emulated.device(kernels)) {
        for (KernelCheck.Result r : KernelCheck.run(checked, units, batch, 11)) {
          assertTrue(r.passed(), r.kernel() + ": " + r.difference());
        }
      }
    }
  }

  static List<Windows.Case> windows() {
    return Windows.cases();
  }

  @ParameterizedTest
  @MethodSource("windows")
  void noFindingInAWindow(Windows.Case c) {
    for (Kernels kernels : List.of(Kernels.RACES, Kernels.UNDEFINED)) {
      try (EmulatedDevice checked = Emulated.device(kernels)) {
        assertNull(Windows.difference(c, checked));
      }
    }
  }

  private static String failure(
      EmulatedDevice device, String kernel, Geometry geometry, Object... arguments) {
    CsdpException e =
        assertThrows(CsdpException.class, () -> device.launch(kernel, geometry, arguments));
    assertEquals(1, e.getMessage().lines().count());
    String message = e.getMessage();
    return message.substring(message.indexOf(" failed: ") + 9, message.lastIndexOf(" (block "));
  }

  private void assertFinds(String expected, String kernel, Object... arguments) {
    String found = failure(device, kernel, new Geometry(2, 1, 64, 0), arguments);
    assertTrue(found.matches(expected.replace("LINE", "check\\.cu:\\d+")), found);
  }

  private Ints cleared(int length) {
    Ints out = memory.ints("out", length);
    out.upload(new int[out.length()]);
    return out;
  }

  @Test
  void eachKindOfRaceIsFound() {
    Ints out = cleared(256);
    assertFinds(
        "a race within a warp: thread 31 of block 0 at LINE reads what thread 30 of block 0 at"
            + " LINE wrote",
        "check_race_in_warp",
        out);
    assertFinds(
        "a race within a block: thread 31 of block 0 at LINE reads what thread 63 of block 0 at"
            + " LINE wrote",
        "check_race_in_block",
        out);
    assertFinds(
        "a race between blocks: thread 0 of block 1 at LINE writes what thread 0 of block 0 at"
            + " LINE read",
        "check_race_between_blocks",
        out);
    assertFinds(
        "a race within a block: thread 63 of block 0 at LINE reads what thread 0 of block 0 at"
            + " LINE changed",
        "check_race_with_atomics",
        out);
    assertFinds(
        "a race within a warp: thread 4 of block 0 at LINE writes what thread 3 of block 0 at LINE"
            + " wrote",
        "check_race_of_bytes",
        out);
  }

  @Test
  void whatNobodyWroteIsNotRead() {
    Ints out = cleared(64);
    assertFinds(
        "a read of bytes of shared memory that nobody wrote, 4 bytes, by thread 0 of block 0 at"
            + " LINE",
        "check_unwritten_shared",
        out);
    Ints in = memory.ints("in", 64);
    Geometry half = new Geometry(1, 1, 32, 0);
    String unwritten = "a read of bytes of device memory that nobody wrote, 4 bytes, by thread ";
    assertTrue(failure(device, "check_copy", half, out, in).startsWith(unwritten + "0 "));
    in.upload(new int[64], 32);
    device.launch("check_copy", half, out, in);
    assertFinds(unwritten + "32 of block 0 at LINE", "check_copy", out, in);
    // Memory that was free in between is as new.
    in.close();
    Ints again = memory.ints("again", 64);
    assertTrue(failure(device, "check_copy", half, out, again).startsWith(unwritten + "0 "));
    // Memory that a kernel has written counts as written.
    device.launch("check_copy", half, again, out);
    device.launch("check_copy", half, out, again);
  }

  @Test
  void whatIsNotThereIsNotAccessed() {
    Ints out = cleared(64);
    String place = ", 4 bytes, by thread 0 of block 0 at LINE";
    assertFinds("an access outside device memory" + place, "check_overrun", out, 64);
    assertFinds("a misaligned access" + place, "check_misaligned", out);
    assertFinds(
        "a misaligned access of 16 bytes by thread 0",
        "check_misaligned_quad",
        memory.floats("quads", 8));
  }

  @Test
  void undefinedBehaviourIsFound() {
    Geometry warp = new Geometry(1, 1, 32, 0);
    device.launch("check_shift", warp, cleared(32), -1, 20); // no matter to the check for races
    try (EmulatedDevice checked = Emulated.device(Kernels.UNDEFINED);
        DeviceMemory of = new DeviceMemory(checked)) {
      Ints out = of.ints("out", 32);
      checked.launch("check_shift", warp, out, 1, 31);
      for (int[] mistake : new int[][] {{1, 32}, {-1, 20}}) {
        String found = failure(checked, "check_shift", warp, out, mistake[0], mistake[1]);
        String expected = "undefined behaviour: shift .* at check\\.cu:\\d+ by thread 0";
        assertTrue(found.matches(expected), found);
      }
    }
  }

  /** Barriers of warps and blocks, atomics and the end of a launch are order, in any order. */
  @ParameterizedTest
  @EnumSource(EmulatedLibrary.Order.class)
  void whatIsOrderedIsNoRace(EmulatedLibrary.Order order) {
    Ints out = cleared(129);
    EmulatedLibrary library = Emulated.library(Kernels.RACES);
    library.setOrder(order, 1);
    try {
      for (int k = 1; k <= 3; k++) {
        device.launch("check_ordered", new Geometry(2, 1, 64, 0), out);
        int[] expected = new int[129];
        Arrays.fill(expected, 1);
        expected[128] = 128 * k;
        assertArrayEquals(expected, out.download(new int[129]));
      }
      device.launch("check_collectives", new Geometry(1, 1, 64, 0), memory.ints("all", 640));
    } finally {
      library.setOrder(EmulatedLibrary.Order.ASCENDING, 0);
    }
  }
}
