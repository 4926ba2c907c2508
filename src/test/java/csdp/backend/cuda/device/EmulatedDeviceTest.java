package csdp.backend.cuda.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.error.CsdpException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** CUDA's execution model on the host, by the kernels of kernels/host/check.cu. */
class EmulatedDeviceTest {
  private EmulatedDevice device;
  private DeviceMemory memory;

  @BeforeEach
  void open() {
    device = EmulatedDevice.open(Emulated.library(Emulated.Kernels.SOURCES), 1 << 20);
    memory = new DeviceMemory(device);
  }

  @AfterEach
  void close() {
    if (device != null) {
      memory.close();
      assertEquals(0, device.used());
      device.close();
    }
  }

  @Test
  void collectives() {
    for (int n : new int[] {32, 96, 1024}) {
      Ints out = memory.ints("out", 10L * n);
      device.launch("check_collectives", new Geometry(1, 1, n, 0), out);
      int[] got = out.download(new int[10 * n]);
      int offset = 0;
      for (int t = 0; t < n; t++) {
        int lane = t % 32;
        int warp = t - lane;
        offset = lane == 0 ? 0 : offset; // within a warp
        int ballot = 0;
        for (int l = 0; l < 32; l++) {
          ballot |= ((warp + l) % 3 == 0 ? 1 : 0) << l;
        }
        int[] expected = {
          lane < 3 ? t : t - 3,
          lane + 5 > 31 ? t : t + 5,
          warp + (lane ^ 9),
          ballot,
          warp == 32 ? 1 : 0,
          warp == 0 ? 1 : 0,
          offset,
          48,
          32 * warp + 496,
          lane % 16 < 8 ? 0x76543210 : 0xFEDCBA98
        };
        for (int k = 0; k < expected.length; k++) {
          assertEquals(expected[k], got[k * n + t], "collective " + k + ", thread " + t);
        }
        offset += t % 4;
      }
      out.close();
    }
  }

  @Test
  void dynamicSharedMemoryBarriersAndAtomics() {
    int n = 1000;
    Ints in = memory.ints("in", n);
    Ints out = memory.ints("out", 9);
    int[] numbers = new int[n];
    Arrays.setAll(numbers, k -> k * k);
    in.upload(numbers);
    out.upload(new int[out.length()]);
    device.launch("check_sums", new Geometry(8, 1, 128, 128 * 4), in, out, n);
    int[] expected = new int[9];
    for (int k = 0; k < n; k++) {
      expected[k / 128] += numbers[k];
      expected[8] += numbers[k];
    }
    assertArrayEquals(expected, out.download(new int[9]));
  }

  private String failure(String kernel, Geometry geometry, Object... arguments) {
    CsdpException e =
        assertThrows(CsdpException.class, () -> device.launch(kernel, geometry, arguments));
    assertEquals(CsdpException.FAILED, e.exitCode());
    assertEquals(1, e.getMessage().lines().count());
    return e.getMessage();
  }

  @Test
  void failingLaunchesAreNamed() {
    Ints out = memory.ints("out", 64);
    Geometry two = new Geometry(2, 1, 64, 0);
    assertEquals(
        "the kernel check_missing_thread <<<(2, 1), 64, 0 bytes>>> failed: a barrier or warp"
            + " collective was not reached by all threads (block 0, 0)",
        failure("check_missing_thread", two, out));
    assertTrue(failure("check_partial_mask", two, out).contains("full warp mask"));
    assertEquals(
        "the kernel check_collectives <<<(1, 1), 2048, 0 bytes>>> failed: invalid launch geometry",
        failure("check_collectives", new Geometry(1, 1, 2048, 0), out));
    assertTrue(failure("no_such", two, out).endsWith("failed: no such kernel"));
    assertTrue(
        failure("check_overrun", two, out, 1f)
            .endsWith("arguments pf do not fit the parameters pi"));
    assertTrue(failure("check_overrun", two, out).contains("arguments p do not fit"));
    // A failed launch does not affect the next one.
    device.launch("check_collectives", new Geometry(1, 1, 32, 0), memory.ints("more", 320));
  }

  @Test
  void writingBesideABufferIsFound() {
    Ints out = memory.ints("ten numbers", 10);
    device.launch("check_overrun", new Geometry(1, 1, 32, 0), out, 10);
    IllegalStateException e = assertThrows(IllegalStateException.class, out::close);
    assertEquals("a kernel wrote out of bounds of the memory of ten numbers", e.getMessage());
  }

  @Test
  void memoryIsCountedCheckedAndNotAGift() {
    Floats a = memory.floats("a", 3);
    assertTrue(Float.isNaN(a.download(new float[3])[2]), "never written");
    assertEquals(1, memory.live());
    assertEquals(12, memory.liveBytes());
    assertThrows(IllegalArgumentException.class, () -> a.upload(new float[4]));
    assertThrows(IllegalArgumentException.class, () -> a.download(new float[4]));
    a.close();
    a.close();
    assertEquals(0, memory.live());
    assertThrows(IllegalStateException.class, a::address);
  }

  @Test
  void outOfMemoryNamesWhatWasTooLarge() {
    memory.floats("small", 1000);
    CsdpException e =
        assertThrows(CsdpException.class, () -> memory.floats("weights of W1", 1 << 20));
    assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
    assertEquals(
        "out of memory on emulated: weights of W1 needs 4,194,304 bytes, 1,044,576 of 1,048,576 are"
            + " free: use smaller batches (--batch) or fewer hidden units (--hidden)",
        e.getMessage());
    assertEquals(1, memory.live());
  }
}
