package csdp.backend.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.error.CsdpException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The semantics of PTX as they are emulated, on small hand-written kernels. Expected values follow
 * NVIDIA's "PTX ISA", chapter 9, and are computed by Java, whose floats have the same rounding.
 */
class PtxTranslatorTest {
  private static final int LANES = 64;
  private static final Geometry ONE = new Geometry(1, 1, 1, 0);

  private EmulatedDevice device;
  private DeviceMemory memory;

  @AfterEach
  void close() {
    if (device != null) {
      memory.close();
      device.close();
    }
  }

  private void open() {
    device = Emulated.ofPtx(LANES_AND_VECTORS + MISTAKES);
    memory = new DeviceMemory(device);
  }

  // Warps, vectors, branches, spaces of memory.

  private static final String LANES_AND_VECTORS =
      """
      .visible .entry lanes(
        .param .u64 out,
        .param .u32 amount,
        .param .u32 clamp
      )
      .maxntid 64, 1, 1
      {
        .reg .pred %p<3>;
        .reg .b32 %r<9>;
        .reg .b64 %rd<4>;
        ld.param.u64 %rd1, [out];
        cvta.to.global.u64 %rd1, %rd1;
        ld.param.u32 %r1, [amount];
        ld.param.u32 %r2, [clamp];
        mov.u32 %r3, %tid.x;
        mul.wide.u32 %rd2, %r3, 4;
        add.s64 %rd1, %rd1, %rd2;
        shfl.sync.up.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1], %r4;
        shfl.sync.down.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1+256], %r4;
        shfl.sync.bfly.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1+512], %r4;
        shfl.sync.idx.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1+768], %r4;
        setp.lt.u32 %p2, %r3, 40;
        vote.sync.ballot.b32 %r6, %p2, 0xFFFFFFFF;
        st.global.u32 [%rd1+1024], %r6;
        vote.sync.any.pred %p1, %p2, -1;
        selp.u32 %r7, 1, 0, %p1;
        vote.sync.all.pred %p1, %p2, -1;
        selp.u32 %r8, 2, 0, %p1;
        or.b32 %r7, %r7, %r8;
        bar.warp.sync -1;
        st.global.u32 [%rd1+1280], %r7;
        ret;
      }
      .visible .entry vectors(
        .param .u64 in,
        .param .u64 out,
        .param .f32 factor
      )
      {
        .local .align 16 .b8 depot[32];
        .shared .align 16 .b8 pool[16];
        .reg .pred %p<2>;
        .reg .b16 %rs<3>;
        .reg .b32 %r<6>;
        .reg .f32 %f<6>;
        .reg .b64 %rd<8>;
        ld.param.u64 %rd1, [in];
        ld.param.u64 %rd2, [out];
        ld.param.f32 %f5, [factor];
        ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
        mul.rn.f32 %f4, %f4, %f5;
        st.shared.v4.f32 [pool], {%f4, %f3, %f2, %f1};
        ld.shared.v2.f32 {%f1, %f2}, [pool+8];
        ld.shared.f32 %f3, [pool+4];
        ld.shared.f32 %f4, [pool];
        st.global.v2.f32 [%rd2], {%f1, %f2};
        st.global.v2.f32 [%rd2+8], {%f3, %f4};
        mov.u64 %rd3, depot;
        cvta.local.u64 %rd4, %rd3;
        ld.global.v2.u32 {%r1, %r2}, [%rd1];
        mov.b64 %rd5, {%r1, %r2};
        st.local.u64 [%rd3+24], %rd5;
        ld.local.v2.u32 {%r3, %r4}, [%rd3+24];
        st.global.v2.u32 [%rd2+16], {%r4, %r3};
        mov.b64 {%r1, %r2}, %rd5;
        mov.b64 {%r3, _}, %rd5;
        st.global.v4.u32 [%rd2+32], {%r1, %r2, %r3, 0};
        ld.global.u8 %rs1, [%rd1+3];
        ld.global.s8 %rs2, [%rd1+3];
        st.global.v2.u16 [%rd2+24], {%rs1, %rs2};
        mov.f32 %f1, 0fBF800000;
        mov.u32 %r1, 0;
      $again:
        add.s32 %r1, %r1, 1;
        add.rn.f32 %f1, %f1, 0f3F000000;
        setp.ne.s32 %p1, %r1, 5;
        @%p1 bra $again;
        st.global.f32 [%rd2+28], %f1;
        @!%p1 bra.uni $end;
        st.global.f32 [%rd2+28], 0f00000000;
      $end:
        atom.global.add.u32 %r2, [%rd2+48], -3;
        st.global.u32 [%rd2+52], %r2;
        atom.global.min.s32 %r2, [%rd2+56], -3;
        atom.global.max.u32 %r2, [%rd2+60], 7;
        ret;
      }
      """;

  @ParameterizedTest
  @CsvSource({"3, 0, 31", "9, 0, 31", "31, 24, 7", "5, 24, 7", "6, 16, 15", "40, 0, 31", "2, 0, 9"})
  void lanes(int amount, int segments, int last) {
    open();
    Ints out = memory.ints("out", 6L * LANES);
    device.launch("lanes", new Geometry(1, 1, LANES, 0), out, amount, segments << 8 | last);
    int[] got = out.download(new int[6 * LANES]);
    int distance = amount % 32;
    for (int t = 0; t < LANES; t++) {
      int lane = t % 32;
      int warp = t - lane;
      int begin = lane & segments; // of the lane's segment
      int end = begin | (last & ~segments); // last lane that can be read; for "up" the first
      int[] from = {
        lane - distance, lane + distance, lane ^ distance, begin | (distance & ~segments)
      };
      for (int mode = 0; mode < 4; mode++) {
        boolean there = mode == 0 ? from[0] >= end : from[mode] <= end;
        int expected = warp + (there ? from[mode] : lane) + (there ? 1000 : 0);
        assertEquals(expected, got[mode * LANES + t], "shuffle " + mode + ", thread " + t);
      }
      assertEquals(warp == 0 ? -1 : 0xFF, got[4 * LANES + t], "ballot");
      assertEquals(warp == 0 ? 3 : 1, got[5 * LANES + t], "any and all");
    }
  }

  @Test
  void aBlockLargerThanTheKernelsBoundIsRefused() {
    open();
    Ints out = memory.ints("out", 6L * LANES);
    Geometry larger = new Geometry(1, 1, LANES + 1, 0);
    CsdpException e =
        assertThrows(CsdpException.class, () -> device.launch("lanes", larger, out, 1, 31));
    assertTrue(e.getMessage().contains("a block of 65 threads, not 1..64, by thread 0"));
  }

  @Test
  void vectorsBranchesAndSpaces() {
    open();
    Ints in = memory.ints("in", 4);
    Ints out = memory.ints("out", 16);
    int[] floats = new int[4];
    Arrays.setAll(floats, k -> Float.floatToRawIntBits(-1.5f - k));
    in.upload(floats);
    out.upload(new int[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 5, 5});
    device.launch("vectors", ONE, in, out, 2f);
    int[] expected = {
      floats[1],
      floats[0],
      floats[2],
      Float.floatToRawIntBits(-9f),
      floats[1],
      floats[0],
      0xFFBF00BF,
      Float.floatToRawIntBits(1.5f),
      floats[0],
      floats[1],
      floats[0],
      0,
      7,
      10,
      -3,
      7
    };
    assertArrayEquals(expected, out.download(new int[16]));
  }

  // Mistakes that a kernel can make.

  private static final String MISTAKES =
      mistake("misaligned_vector", "ld.global.v2.u32 {%r1, %r2}, [%rd1+4];")
          + mistake("misaligned_store", "st.global.v4.f32 [%rd1+8], {%f1, %f1, %f1, %f1};")
          + mistake("behind", "ld.global.u32 %r1, [%rd1+20];")
          + mistake("across_the_end", "ld.global.v2.u32 {%r1, %r2}, [%rd1+16];")
          + mistake("before", "st.global.u32 [%rd1+-4], %r1;")
          + mistake("no_address", "ld.global.u32 %r1, [0];")
          + mistake("host_address", "mov.u64 %rd2, depot; ld.global.u32 %r1, [%rd2];")
          + mistake("misaligned_shared", "st.shared.v2.u32 [a+4], {%r1, %r1};")
          + mistake("between_shared_arrays", "st.shared.u32 [a+16], %r1;")
          + mistake("behind_shared", "st.shared.u32 [b+16], %r1;")
          + mistake("before_shared", "mov.u32 %r2, a; st.shared.u32 [%r2+-4], %r1;")
          + mistake(
              "unwritten_shared", "st.shared.u32 [a+4], %r1; ld.shared.v2.u32 {%r1, %r2}, [a];")
          + mistake("outside_local", "mov.u64 %rd2, depot; st.local.u32 [%rd2+16], %r1;")
          + mistake("misaligned_local", "mov.u64 %rd2, depot; st.local.u64 [%rd2+4], %rd1;")
          + mistake("missing_at_barrier", "@%p1 ret; bar.sync 0;")
          + mistake("missing_lane", "@!%p1 shfl.sync.idx.b32 %r1, %r1, 0, 31, -1;")
          + mistake("partial_mask", "vote.sync.ballot.b32 %r1, %p1, 0xFFFF;")
          + mistake("partial_warp_barrier", "bar.warp.sync 1;")
          + mistake("division_by_zero", "div.s32 %r1, 1, %r3;")
          + mistake("remainder_of_zero", "rem.u64 %rd2, 1, %rd3;")
          + mistake("right", "st.shared.u32 [b+12], %r1; ld.shared.u32 %r2, [b+12];");

  private static String mistake(String name, String body) {
    return """
        .visible .entry NAME(
          .param .u64 out
        )
        {
          .local .align 16 .b8 depot[16];
          .shared .align 16 .b8 a[16];
          .shared .align 16 .b8 b[16];
          .reg .pred %p<2>;
          .reg .b32 %r<4>;
          .reg .f32 %f<2>;
          .reg .b64 %rd<4>;
          ld.param.u64 %rd1, [out];
          mov.u32 %r1, %tid.x;
          setp.eq.u32 %p1, %r1, 1;
          mov.u32 %r3, 0;
          mov.u64 %rd3, 0;
          BODY
          ret;
        }
        """
        .replace("NAME", name)
        .replace("BODY", body.replace("; ", ";\n  "));
  }

  @ParameterizedTest
  @CsvSource({
    "misaligned_vector, a misaligned access of 8 bytes by thread 0",
    "misaligned_store, a misaligned access of 16 bytes by thread 0",
    "behind, an access of 4 bytes outside device memory by thread 0",
    "across_the_end, an access of 8 bytes outside device memory by thread 0",
    "before, an access of 4 bytes outside device memory by thread 0",
    "no_address, an access of 4 bytes outside device memory by thread 0",
    "host_address, an access of 4 bytes outside device memory by thread 0",
    "misaligned_shared, a misaligned access of 8 bytes to shared memory by thread 0",
    "between_shared_arrays, an access of 4 bytes outside shared memory by thread 0",
    "behind_shared, an access of 4 bytes outside shared memory by thread 0",
    "before_shared, an access of 4 bytes outside shared memory by thread 0",
    "unwritten_shared, a read of shared memory that the block did not write by thread 0",
    "outside_local, an access of 4 bytes outside local memory by thread 0",
    "misaligned_local, a misaligned access of 8 bytes to local memory by thread 0",
    "missing_at_barrier, a barrier or warp collective was not reached by all threads",
    "missing_lane, a barrier or warp collective was not reached by all threads",
    "partial_mask, only the full warp mask is emulated by thread 0",
    "partial_warp_barrier, only the full warp mask is emulated by thread 0",
    "division_by_zero, an integer division by zero by thread 0",
    "remainder_of_zero, an integer division by zero by thread 0",
  })
  void mistakesEndTheLaunch(String kernel, String error) {
    open();
    Geometry warp = new Geometry(1, 1, 32, 0);
    Ints out = memory.ints("out", 5);
    CsdpException e = assertThrows(CsdpException.class, () -> device.launch(kernel, warp, out));
    assertEquals(
        "the kernel " + kernel + " <<<(1, 1), 32, 0 bytes>>> failed: " + error + " (block 0, 0)",
        e.getMessage());
    device.launch("right", warp, out);
  }

  /** The weights of the blocks of a kernel whose branch skips some instructions. */
  private static String weights(String... skipped) {
    String body =
        ".reg .pred %p<2>;\n.reg .b32 %r<3>;\n.reg .b64 %rd<2>;\nmov.u64 %rd1, 0;\nsetp.eq.s32 %p1, %r1, 0;\n@%p1 bra $L1;\n"
            + String.join("\n", skipped)
            + "\n$L1:\nadd.s32 %r2, %r1, 1;\nret;\n";
    Matcher m =
        Pattern.compile("weights\\[] = \\{(.*)}")
            .matcher(
                PtxTranslator.translate(".visible .entry k(\n.param .u64 x\n)\n{\n" + body + "}\n")
                    .text());
    assertTrue(m.find());
    return m.group(1);
  }

  @Test
  void aShortBranchCountsAsConditionalInstructions() {
    String add = "add.s32 %r1, %r1, 1;";
    assertEquals("5, 0, 2", weights(add, add, add, add));
    assertEquals("2, 5, 2", weights(add, add, add, add, add));
    assertEquals("2, 2, 2", weights(add, "st.global.u32 [%rd1], %r1;"));
  }

  // Errors name the unsupported instruction or line.

  private static String refusal(String ptx) {
    return assertThrows(IllegalArgumentException.class, () -> PtxTranslator.translate(ptx))
        .getMessage();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ex2.approx.f32 %f1, %f1", // opcodes
        "call helper, (%r1)",
        "brx.idx %r1, targets",
        "red.global.add.u32 [%rd1], %r1",
        "cp.async.ca.shared.global [%r1], [%rd1], 16",
        "cvta.shared.u64 %rd1, %rd1", // a shared address as one of any space
        "add.f32 %f1, %f1, %f1", // modifiers: without a rounding the driver may fuse it
        "add.rn.ftz.f32 %f1, %f1, %f1",
        "add.rz.f32 %f1, %f1, %f1",
        "add.sat.s32 %r1, %r1, %r1",
        "add.cc.u32 %r1, %r1, %r1",
        "div.approx.f32 %f1, %f1, %f1",
        "div.full.f32 %f1, %f1, %f1",
        "sqrt.approx.f32 %f1, %f1",
        "min.NaN.f32 %f1, %f1, %f1",
        "setp.lt.ftz.f32 %p1, %f1, %f1",
        "setp.lt.and.s32 %p1, %r1, %r1, %p1",
        "shf.l.clamp.b32 %r1, %r1, %r1, %r1",
        "shfl.idx.b32 %r1, %r1, 0, 31",
        "bar.red.popc.u32 %r1, 0, %p1",
        "ld.u32 %r1, [%rd1]", // accesses
        "st.u32 [%rd1], %r1",
        "atom.add.u32 %r1, [%rd1], 1",
        "ld.volatile.global.u32 %r1, [%rd1]",
        "ld.global.nc.u32 %r1, [%rd1]",
        "ld.const.u32 %r1, [%rd1]",
        "atom.global.add.f32 %f1, [%rd1], %f1",
        "ld.shared.u32 %r1, [%r1]", // of a kernel without shared memory
        "ld.local.u32 %r1, [%rd1]",
        "add.s32 %r9, %r1, %r1", // operands
        "mov.u32 %r1, %tid.y",
        "mov.u64 %rd1, table",
        "barrier.sync 1",
        "ld.global.u32 %r1, [%rd1-4]",
        "ld.param.u32 %r1, [out]",
        "ld.param.u64 %rd1, [other]",
        "add.s32 %r1, %r1, %r1, %r1",
      })
  void unknownInstructionsAreNamed(String instruction) {
    String ptx =
        """
        .visible .entry k(
          .param .u64 out
        )
        {
          .reg .pred %p<2>;
          .reg .b32 %r<2>;
          .reg .f32 %f<2>;
          .reg .b64 %rd<2>;
          BODY;
          ret;
        }
        """
            .replace("BODY", instruction);
    String message = refusal(ptx);
    assertTrue(message.startsWith("the PTX of k has an unknown "), message);
    String opcode = instruction.split(" ")[0];
    String operand = instruction.replaceAll(".*?(%r9|%tid.y|table|\\[%rd1-4\\]).*", "$1");
    assertTrue(message.contains(opcode) || message.contains(operand), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".reg .b128 %q<2>;",
        ".shared .align 4 .u32 words[4];",
        ".shared .align 4 .b8 much[49156];",
        ".local .align 4 .b8 a[4];\n.local .align 4 .b8 b[4];",
        ".branchtargets a, b;",
        ".reg .b32 %r;\n.reg .f32 %r;",
        "add.s32 %r1, %r1",
      })
  void unknownLinesAreNamed(String lines) {
    String message = refusal(".visible .entry k(\n.param .u64 out\n)\n{\n" + lines + "\n}\n");
    String last = lines.substring(lines.lastIndexOf('\n') + 1);
    String named =
        lines.contains(".local") ? "array b" : last.replaceAll(".*(\\.b128|much|%r(?=;)).*", "$1");
    assertTrue(
        message.startsWith("the PTX of k has an unknown ") && message.contains(named), message);
  }

  @Test
  void unknownFunctionsAndParametersAreNamed() {
    String body = "\n)\n{\nret;\n}\n";
    assertEquals(
        "the PTX of k has an unknown parameter .param .u16 x",
        refusal(".visible .entry k(\n.param .u16 x" + body));
    assertEquals(
        "the PTX has a function that is not understood: helper",
        refusal(".visible .func (.param .b32 y) helper(\n.param .b32 x" + body));
    assertEquals(
        "the PTX has a function that is not understood: hidden",
        refusal(".weak .entry hidden(\n.param .u64 x" + body));
    assertEquals(
        "the PTX of k has an unknown directive .maxclusterrank 8",
        refusal(".visible .entry k(\n.param .u64 x\n)\n.maxclusterrank 8\n{\nret;\n}\n"));
  }
}
