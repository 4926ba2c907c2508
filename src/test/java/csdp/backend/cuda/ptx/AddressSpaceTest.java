package csdp.backend.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.error.CsdpException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Shared memory read through a pointer that claims global memory: nvcc then deletes the read,
 * without a word. It once did so in learn. Each of four independent checks finds it.
 */
class AddressSpaceTest {
  private static final int LANES = 32;

  /** Each lane sums 4 bits of the words that the last word of the input selects. */
  private static final String SUMS =
      """
      #include "common.cuh"

      KERNEL sums(const unsigned* in, int* out) {
        __shared__ unsigned spikes[WARP];
        Global<const unsigned> from = argumentOfKernel(in);
        int t = threadIdx.x;
        spikes[t] = from[t];
        __syncthreads();
        int sum = 0;
        for (unsigned left = from[WARP]; left != 0; left &= left - 1) {
          READ
          sum += (int)spikesOfQuad(word, 4 * t);
        }
        argumentOfKernel(out)[t] = sum;
      }
      """;

  private static final String RIGHT = SUMS.replace("READ", "unsigned word = spikes[lowest(left)];");

  private static final String CONVERTED =
      SUMS.replace("READ", "Global<unsigned> at = &spikes[lowest(left)]; unsigned word = at[0];");

  private static final String CLAIMED =
      SUMS.replace(
          "READ",
          "Global<unsigned> at = argumentOfKernel(&spikes[lowest(left)]); unsigned word = at[0];");

  private static final int[] IN = new int[LANES + 1];
  private static final int[] EXPECTED = new int[LANES];

  static {
    Arrays.setAll(IN, k -> 0x9E3779B9 * (k + 1));
    for (int t = 0; t < LANES; t++) {
      for (int k = 0; k < LANES; k++) {
        EXPECTED[t] += (IN[LANES] >>> k & 1) * (IN[k] >>> 4 * t % 32 & 15);
      }
    }
  }

  private static int[] sums(EmulatedDevice opened) {
    try (EmulatedDevice device = opened;
        DeviceMemory memory = new DeviceMemory(device)) {
      Ints in = memory.ints("in", IN.length);
      Ints out = memory.ints("out", LANES);
      in.upload(IN);
      device.launch("sums", new Geometry(1, 1, LANES, 0), in, out);
      return out.download(new int[LANES]);
    }
  }

  private static String compiled(String text) throws IOException {
    Optional<Nvcc> nvcc = Nvcc.find();
    assumeTrue(nvcc.isPresent(), "no nvcc on the PATH to compile kernels");
    return Ptx.lower(nvcc.get().ptx(KernelSources.device().only(text), "compute_75"));
  }

  @Test
  void withoutTheFaultEveryCheckPasses() throws IOException {
    assertArrayEquals(EXPECTED, sums(Emulated.ofSources(KernelSources.host().only(RIGHT))));
    String ptx = compiled(RIGHT);
    assertEquals(List.of(), PtxTest.addressFaults(ptx));
    assertArrayEquals(EXPECTED, sums(Emulated.ofPtx(ptx)));
  }

  @Test
  void aSharedPointerDoesNotConvertToAGlobalOne() {
    CsdpException e =
        assertThrows(
            CsdpException.class, () -> Emulated.ofSources(KernelSources.host().only(CONVERTED)));
    assertTrue(e.getMessage().contains("g++ failed"), e.getMessage());
    assertTrue(e.getMessage().contains("Global<unsigned int>"), e.getMessage());
  }

  @Test
  void theEmulatedDeviceRefusesSuchAnAccess() {
    EmulatedDevice device = Emulated.ofSources(KernelSources.host().only(CLAIMED));
    CsdpException e = assertThrows(CsdpException.class, () -> sums(device));
    assertTrue(
        e.getMessage().contains("failed: an access of 4 bytes outside device memory by thread "),
        e.getMessage());
  }

  @Test
  void thePtxStoresWhatItNeverLoads() throws IOException {
    List<String> faults = PtxTest.addressFaults(compiled(CLAIMED));
    assertEquals(1, faults.size(), faults.toString());
    assertTrue(
        faults.get(0).matches("sums stores to the shared array \\w*spikes.*"), faults.get(0));
  }

  @Test
  void theExecutedPtxGivesOtherResults() throws IOException {
    EmulatedDevice device = Emulated.ofPtx(compiled(CLAIMED));
    assertFalse(Arrays.equals(EXPECTED, sums(device)));
  }
}
