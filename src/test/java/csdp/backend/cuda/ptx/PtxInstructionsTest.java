package csdp.backend.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Single PTX instructions as they are emulated. Expected values follow NVIDIA's "PTX ISA", chapter
 * 9, and are computed by Java, whose floats have the same rounding.
 *
 * <p>Operand k of an instruction is register k + 1 of its class, filled with the low bits of input
 * k; the result is register 0.
 */
class PtxInstructionsTest {
  private static final int MIN = Integer.MIN_VALUE;
  private static final int MAX = Integer.MAX_VALUE;

  /** Instructions with inputs and the result that they must have. */
  private static final class Table {
    private static final Pattern REGISTER = Pattern.compile("%(rs|rd|r|fd|f|p)(\\d)");

    private record Row(String instruction, long expected, long[] inputs) {}

    private final List<Row> rows = new ArrayList<>();

    void add(String instruction, long expected, long... inputs) {
      rows.add(new Row(instruction, expected, inputs));
    }

    void f32(String instruction, float expected, float... inputs) {
      add(instruction, bits(expected), bits(inputs));
    }

    /** A comparison or another result that is no float. */
    void ofF32(String instruction, long expected, float... inputs) {
      add(instruction, expected, bits(inputs));
    }

    void f64(String instruction, double expected, double... inputs) {
      add(instruction, Double.doubleToRawLongBits(expected), bits(inputs));
    }

    void ofF64(String instruction, long expected, double... inputs) {
      add(instruction, expected, bits(inputs));
    }

    private static long bits(float x) {
      return Float.floatToRawIntBits(x) & 0xFFFFFFFFL;
    }

    private static long[] bits(float[] x) {
      long[] all = new long[x.length];
      Arrays.setAll(all, k -> bits(x[k]));
      return all;
    }

    private static long[] bits(double[] x) {
      return java.util.stream.DoubleStream.of(x).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    /** A kernel that executes all rows: inputs and results are 8 bytes each, 4 inputs a row. */
    String kernel() {
      StringBuilder body =
          new StringBuilder(
              """
              .visible .entry instructions(
                .param .u64 in,
                .param .u64 out
              )
              {
                .reg .pred %p<6>;
                .reg .b16 %rs<6>;
                .reg .b32 %r<6>;
                .reg .f32 %f<6>;
                .reg .b64 %rd<6>;
                .reg .f64 %fd<6>;
                .reg .b64 %from;
                .reg .b64 %to;
                ld.param.u64 %from, [in];
                ld.param.u64 %to, [out];
              """);
      for (int k = 0; k < rows.size(); k++) {
        Row row = rows.get(k);
        Matcher m = REGISTER.matcher(row.instruction);
        String result = null;
        while (m.find()) {
          if (result == null) {
            result = m.group(1);
          } else {
            int input = Integer.parseInt(m.group(2)) - 1;
            String at = "[%from+" + (32 * k + 8 * input) + "]";
            body.append(
                m.group(1).equals("p")
                    ? "  ld.global.u32 %r0, " + at + ";\n  setp.ne.u32 " + m.group() + ", %r0, 0;\n"
                    : "  ld.global." + typeOf(m.group(1)) + " " + m.group() + ", " + at + ";\n");
          }
        }
        body.append("  ").append(row.instruction).append(";\n");
        if (result.equals("p")) {
          body.append("  selp.u32 %r0, 1, 0, %p0;\n");
          result = "r";
        }
        body.append(
            "  st.global." + typeOf(result) + (" [%to+" + 8 * k + "], %" + result) + "0;\n");
      }
      return body.append("  ret;\n}\n").toString();
    }

    private static String typeOf(String registers) {
      return switch (registers) {
        case "rs" -> "u16";
        case "r" -> "u32";
        case "rd" -> "u64";
        case "f" -> "f32";
        case "fd" -> "f64";
        default -> throw new IllegalArgumentException(registers);
      };
    }

    void check(EmulatedDevice device, DeviceMemory memory) {
      int[] inputs = new int[8 * rows.size()];
      for (int k = 0; k < rows.size(); k++) {
        long[] of = rows.get(k).inputs;
        for (int i = 0; i < of.length; i++) {
          inputs[8 * k + 2 * i] = (int) of[i];
          inputs[8 * k + 2 * i + 1] = (int) (of[i] >> 32);
        }
      }
      Ints in = memory.ints("inputs", inputs.length);
      Ints out = memory.ints("results", 2L * rows.size());
      in.upload(inputs);
      out.upload(new int[out.length()]);
      device.launch("instructions", new Geometry(1, 1, 1, 0), in, out);
      int[] got = out.download(new int[2 * rows.size()]);
      List<String> wrong = new ArrayList<>();
      for (int k = 0; k < rows.size(); k++) {
        Row row = rows.get(k);
        long result = (got[2 * k] & 0xFFFFFFFFL) | (long) got[2 * k + 1] << 32;
        boolean bothNan = // its bits are left open
            row.instruction.matches("\\S+ %f0.*")
                && Float.isNaN(asFloat(row.expected))
                && Float.isNaN(asFloat(result));
        if (result != row.expected && !bothNan) {
          wrong.add(
              String.format(
                  Locale.ROOT,
                  "%s of %s is %x, not %x",
                  row.instruction,
                  hex(row.inputs),
                  result,
                  row.expected));
        }
      }
      assertEquals("", String.join("\n", wrong));
    }

    private static float asFloat(long bits) {
      return Float.intBitsToFloat((int) bits);
    }

    private static String hex(long... values) {
      return String.join(" ", Arrays.stream(values).mapToObj(Long::toHexString).toList());
    }
  }

  private static final Table INSTRUCTIONS = new Table();

  static {
    floats(INSTRUCTIONS);
    comparisons(INSTRUCTIONS);
    conversions(INSTRUCTIONS);
    integers(INSTRUCTIONS);
    shiftsAndFields(INSTRUCTIONS);
  }

  /** Rounding to nearest even, subnormals that are not flushed, signed zeros, NaN. */
  private static void floats(Table t) {
    float least = Float.MIN_VALUE;
    float[][] pairs = {
      {1, 3},
      {-7.3f, 1e-3f},
      {1, 0},
      {-1, 0},
      {0, -1},
      {least, 2},
      {3 * least, 2},
      {1e-38f, 3},
      {Float.MAX_VALUE, 0.5f},
      {1, 16777216f},
      {Float.NaN, 1},
      {1, Float.NaN},
      {0, 0},
      {0, -0f},
      {-0f, -0f},
      {1, -1},
      {16777216f, 1},
      {16777216f, 3},
      {Float.POSITIVE_INFINITY, -1e38f},
      {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY},
      {Float.MIN_NORMAL, 0.5f},
      {1.1f, 1.1f}
    };
    for (float[] p : pairs) {
      t.f32("div.rn.f32 %f0, %f1, %f2", p[0] / p[1], p);
      t.f32("add.rn.f32 %f0, %f1, %f2", p[0] + p[1], p);
      t.f32("sub.rn.f32 %f0, %f1, %f2", p[0] - p[1], p);
      t.f32("mul.rn.f32 %f0, %f1, %f2", p[0] * p[1], p);
      t.f64("div.rn.f64 %fd0, %fd1, %fd2", (double) p[0] / 3, p[0], 3);
    }
    for (float x : new float[] {2, 3, Float.MIN_VALUE, 7e-39f, 1e38f, 0, -0f, -1, Float.NaN}) {
      t.f32("sqrt.rn.f32 %f0, %f1", (float) StrictMath.sqrt(x), x);
      t.f32("rcp.rn.f32 %f0, %f1", 1 / x, x);
      t.f32("neg.f32 %f0, %f1", -x, x);
      t.f32("abs.f32 %f0, %f1", Math.abs(x), x);
    }
    t.f64("sqrt.rn.f64 %fd0, %fd1", StrictMath.sqrt(2), 2);
    float a = 1 + Math.ulp(1f);
    // Fused differs from a product and a sum: the product's low bits are all that is left.
    assertTrue(Math.fma(a, a, -a * a) != 0);
    for (float[] x :
        new float[][] {
          {a, a, -a * a},
          {least, 0.5f, 0},
          {least, 0.5f, least},
          {3, 5, Float.NaN},
          {-0f, 1, 0},
          {-0f, 1, -0f},
          {1e30f, 1e30f, Float.NEGATIVE_INFINITY},
          {1e20f, 1e20f, -1e38f}
        }) {
      t.f32("fma.rn.f32 %f0, %f1, %f2, %f3", Math.fma(x[0], x[1], x[2]), x);
    }
    double d = 1 + Math.ulp(1.0);
    t.f64("fma.rn.f64 %fd0, %fd1, %fd2, %fd3", Math.fma(d, d, -d * d), d, d, -d * d);
    for (float[] x : new float[][] {{1, 2}, {2, 1}, {0, -0f}, {-0f, 0}, {least, 0}, {-least, 0}}) {
      t.f32("min.f32 %f0, %f1, %f2", Math.min(x[0], x[1]), x);
      t.f32("max.f32 %f0, %f1, %f2", Math.max(x[0], x[1]), x);
    }
    for (String of : new String[] {"min", "max"}) { // unlike Java's: a number beats NaN
      t.f32(of + ".f32 %f0, %f1, %f2", 2, 2, Float.NaN);
      t.f32(of + ".f32 %f0, %f1, %f2", 2, Float.NaN, 2);
      t.f32(of + ".f32 %f0, %f1, %f2", Float.NaN, Float.NaN, Float.NaN);
    }
  }

  /** Ordered comparisons are false for NaN, those that end with u true. */
  private static void comparisons(Table t) {
    float nan = Float.NaN;
    float[][] pairs = {{1, 2}, {2, 1}, {1, 1}, {0, -0f}, {nan, 1}, {1, nan}, {nan, nan}};
    for (float[] p : pairs) {
      boolean unordered = Float.isNaN(p[0]) || Float.isNaN(p[1]);
      boolean[] truths = {
        p[0] == p[1],
        !unordered && p[0] != p[1],
        p[0] < p[1],
        p[0] <= p[1],
        p[0] > p[1],
        p[0] >= p[1],
      };
      String[] names = {"eq", "ne", "lt", "le", "gt", "ge"};
      for (int k = 0; k < names.length; k++) {
        t.ofF32("setp." + names[k] + ".f32 %p0, %f1, %f2", truths[k] ? 1 : 0, p);
        int orUnordered = truths[k] || unordered ? 1 : 0;
        t.ofF32("setp." + names[k] + "u.f32 %p0, %f1, %f2", orUnordered, p);
        t.ofF64("setp." + names[k] + "u.f64 %p0, %fd1, %fd2", orUnordered, p[0], p[1]);
      }
      t.ofF32("setp.num.f32 %p0, %f1, %f2", unordered ? 0 : 1, p);
      t.ofF32("setp.nan.f32 %p0, %f1, %f2", unordered ? 1 : 0, p);
    }
    t.add("setp.lt.s32 %p0, %r1, %r2", 1, -1, 1);
    t.add("setp.lt.u32 %p0, %r1, %r2", 0, -1, 1);
    t.add("setp.gt.s64 %p0, %rd1, %rd2", 0, -1, 1);
    t.add("setp.gt.u64 %p0, %rd1, %rd2", 1, -1, 1);
    t.add("setp.ge.s16 %p0, %rs1, %rs2", 0, 0x8000, 0x7FFF);
    t.add("selp.b32 %r0, %r1, %r2, %p3", 5, 5, 6, 1);
    t.add("selp.b32 %r0, %r1, %r2, %p3", 6, 5, 6, 0);
    t.f32("selp.f32 %f0, %f1, %f2, %p3", -0f, 0, -0f, 0);
    t.add("and.pred %p0, %p1, %p2", 0, 1, 0);
    t.add("or.pred %p0, %p1, %p2", 1, 1, 0);
    t.add("xor.pred %p0, %p1, %p2", 0, 1, 1);
    t.add("not.pred %p0, %p1", 1, 0);
  }

  private static void conversions(Table t) {
    for (double x :
        new double[] {
          1 + 0x1p-24,
          1 + 0x1p-24 + 0x1p-50,
          1 + 0x3p-24,
          1e-45,
          1e-46,
          7e-46,
          1e300,
          -0.0,
          0x1.fffffefp127,
          0x1.ffffffp127,
          Double.NaN,
          -1e-40
        }) {
      t.add(
          "cvt.rn.f32.f64 %f0, %fd1",
          Float.floatToRawIntBits((float) x) & 0xFFFFFFFFL, Double.doubleToRawLongBits(x));
    }
    t.add("cvt.f64.f32 %fd0, %f1", Double.doubleToRawLongBits(Float.MIN_VALUE), 1);
    for (int k : new int[] {0, 16777217, 16777219, MAX, MIN, -1, 33554435}) {
      t.add("cvt.rn.f32.s32 %f0, %r1", Float.floatToRawIntBits((float) k) & 0xFFFFFFFFL, k);
      float unsigned = (float) (k & 0xFFFFFFFFL);
      t.add("cvt.rn.f32.u32 %f0, %r1", Float.floatToRawIntBits(unsigned) & 0xFFFFFFFFL, k);
      t.add("cvt.rn.f64.s32 %fd0, %r1", Double.doubleToRawLongBits(k), k);
    }
    t.add("cvt.rn.f32.u64 %f0, %rd1", Float.floatToRawIntBits(0x1p64f), -1);
    t.add("cvt.rn.f32.s64 %f0, %rd1", Float.floatToRawIntBits(-1f) & 0xFFFFFFFFL, -1);
    t.add("cvt.rn.f32.u16 %f0, %rs1", Float.floatToRawIntBits(65535f), 0xFFFF);
    float[] reals = {
      2.9f,
      -2.9f,
      0.5f,
      -0.5f,
      2147483520f,
      0x1p31f,
      -0x1p31f,
      -0x1.000002p31f,
      1e30f,
      -1e30f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      Float.MIN_VALUE
    };
    for (float x : reals) { // Java saturates too, and turns NaN into 0
      t.ofF32("cvt.rzi.s32.f32 %r0, %f1", (int) x & 0xFFFFFFFFL, x);
      long unsigned = Math.max(0, Math.min(0xFFFFFFFFL, (long) x));
      t.ofF32("cvt.rzi.u32.f32 %r0, %f1", unsigned, x);
      t.ofF32("cvt.rzi.s64.f32 %rd0, %f1", Float.isNaN(x) ? Long.MIN_VALUE : (long) x, x);
      t.ofF64("cvt.rzi.s32.f64 %r0, %fd1", (Float.isNaN(x) ? MIN : (int) x) & 0xFFFFFFFFL, x);
    }
    t.ofF32("cvt.rzi.u64.f32 %rd0, %f1", -1, 1e30f);
    t.ofF32("cvt.rzi.u64.f32 %rd0, %f1", Long.MIN_VALUE, Float.NaN);
    t.ofF32("cvt.rzi.u32.f32 %r0, %f1", 0xFFFFFF00L, 4294967040f);
    t.add("cvt.u32.u16 %r0, %rs1", 0x8001, 0x8001);
    t.add("cvt.s32.s16 %r0, %rs1", 0xFFFF8001L, 0x8001);
    t.add("cvt.s64.s32 %rd0, %r1", -2, -2);
    t.add("cvt.u64.u32 %rd0, %r1", 0xFFFFFFFEL, -2);
    t.add("cvt.u16.u32 %rs0, %r1", 0x5678, 0x12345678);
    t.add("cvt.u32.u64 %r0, %rd1", 0x9ABCDEF0L, 0x123456789ABCDEF0L);
    t.add("cvt.s32.s8 %r0, %r1", 0xFFFFFF80L, 0x12345680);
    t.add("cvt.u32.u8 %r0, %r1", 0x80, 0x12345680);
  }

  /** Arithmetic that wraps around, high and wide products, quotients that round towards zero. */
  private static void integers(Table t) {
    int[][] pairs = {{MAX, 1}, {MIN, -1}, {MIN, MIN}, {-7, 3}, {7, -3}, {123456789, 987654321}};
    for (int[] p : pairs) {
      int a = p[0];
      int b = p[1];
      long low = 0xFFFFFFFFL;
      t.add("add.s32 %r0, %r1, %r2", (a + b) & low, a, b);
      t.add("sub.s32 %r0, %r1, %r2", (a - b) & low, a, b);
      t.add("mul.lo.s32 %r0, %r1, %r2", ((long) a * b) & low, a, b);
      t.add("mul.hi.s32 %r0, %r1, %r2", (((long) a * b) >> 32) & low, a, b);
      t.add("mul.hi.u32 %r0, %r1, %r2", ((a & low) * (b & low)) >>> 32, a, b);
      t.add("mul.wide.s32 %rd0, %r1, %r2", (long) a * b, a, b);
      t.add("mul.wide.u32 %rd0, %r1, %r2", (a & low) * (b & low), a, b);
      t.add("mad.lo.s32 %r0, %r1, %r2, %r3", (a * b + 5) & low, a, b, 5);
      t.add("mad.wide.s32 %rd0, %r1, %r2, %rd3", (long) a * b + Long.MAX_VALUE, a, b, -1L >>> 1);
      t.add("div.s32 %r0, %r1, %r2", (a / b) & low, a, b);
      t.add("rem.s32 %r0, %r1, %r2", (a % b) & low, a, b);
      t.add("div.u32 %r0, %r1, %r2", Integer.divideUnsigned(a, b) & low, a, b);
      t.add("rem.u32 %r0, %r1, %r2", Integer.remainderUnsigned(a, b) & low, a, b);
      t.add("min.s32 %r0, %r1, %r2", Math.min(a, b) & low, a, b);
      t.add("max.u32 %r0, %r1, %r2", Math.max(a & low, b & low), a, b);
      t.add("neg.s32 %r0, %r1", -a & low, a);
      t.add("abs.s32 %r0, %r1", Math.abs(a) & low, a);
      long x = (long) a << 32 | 9;
      long y = (long) b << 30 | 7;
      t.add("add.s64 %rd0, %rd1, %rd2", x + y, x, y);
      t.add("mul.lo.s64 %rd0, %rd1, %rd2", x * y, x, y);
      t.add("mul.hi.s64 %rd0, %rd1, %rd2", Math.multiplyHigh(x, y), x, y);
      t.add("div.s64 %rd0, %rd1, %rd2", x / y, x, y);
      t.add("rem.u64 %rd0, %rd1, %rd2", Long.remainderUnsigned(x, y), x, y);
    }
    t.add("div.s64 %rd0, %rd1, %rd2", Long.MIN_VALUE, Long.MIN_VALUE, -1);
    t.add("rem.s64 %rd0, %rd1, %rd2", 0, Long.MIN_VALUE, -1);
    t.add("mul.hi.u64 %rd0, %rd1, %rd2", 1, Long.MIN_VALUE, 2);
    t.add("add.s16 %rs0, %rs1, %rs2", 0x8000, 0x7FFF, 1);
    t.add("mul.lo.s16 %rs0, %rs1, %rs2", 1, 0xFFFF, 0xFFFF);
    t.add("mul.wide.s16 %r0, %rs1, %rs2", 0xC0008000L, 0x8000, 0x7FFF);
    t.add("mul.wide.u16 %r0, %rs1, %rs2", 0xFFFE0001L, 0xFFFF, 0xFFFF);
    t.add("mad.lo.u16 %rs0, %rs1, %rs2, %rs3", 3, 0xFFFF, 0xFFFF, 2);
  }

  private static void shiftsAndFields(Table t) {
    long low = 0xFFFFFFFFL;
    for (int x : new int[] {0x87654321, 0x12345678, -1}) {
      for (int by : new int[] {0, 1, 31, 32, 33, 63, 64, 255, MIN, -1}) {
        boolean out = by < 0 || by > 31;
        t.add("shl.b32 %r0, %r1, %r2", out ? 0 : x << by & low, x, by);
        t.add("shr.u32 %r0, %r1, %r2", out ? 0 : x >>> by & low, x, by);
        t.add("shr.b32 %r0, %r1, %r2", out ? 0 : x >>> by & low, x, by);
        t.add("shr.s32 %r0, %r1, %r2", x >> (out ? 31 : by) & low, x, by);
        long y = (long) x << 32 | 0x5A5A5A5AL;
        boolean out64 = by < 0 || by > 63;
        t.add("shl.b64 %rd0, %rd1, %r2", out64 ? 0 : y << by, y, by);
        t.add("shr.u64 %rd0, %rd1, %r2", out64 ? 0 : y >>> by, y, by);
        t.add("shr.s64 %rd0, %rd1, %r2", y >> (out64 ? 63 : by), y, by);
        boolean out16 = by < 0 || by > 15;
        t.add("shl.b16 %rs0, %rs1, %r2", out16 ? 0 : x << by & 0xFFFF, x, by);
        t.add("shr.s16 %rs0, %rs1, %r2", (short) x >> (out16 ? 15 : by) & 0xFFFF, x, by);
        t.add("shf.l.wrap.b32 %r0, %r1, %r2, %r3", funnel(x, by), 0x5A5A5A5A, x, by);
        t.add("shf.r.wrap.b32 %r0, %r1, %r2, %r3", y >>> (by & 31) & low, 0x5A5A5A5A, x, by);
      }
      t.add("popc.b32 %r0, %r1", Integer.bitCount(x), x);
      t.add("clz.b32 %r0, %r1", Integer.numberOfLeadingZeros(x), x);
      t.add("clz.b64 %r0, %rd1", Long.numberOfLeadingZeros(x & low), x & low);
      t.add("brev.b32 %r0, %r1", Integer.reverse(x) & low, x);
      t.add("not.b32 %r0, %r1", ~x & low, x);
      t.add("xor.b64 %rd0, %rd1, %rd2", x ^ 0x0F0FL, x, 0x0F0F);
      t.add("lop3.b32 %r0, %r1, %r2, %r3, 0xE8", majority(x, 0x0FF0, 0x3C3C), x, 0x0FF0, 0x3C3C);
      t.add("lop3.b32 %r0, %r1, %r2, %r3, 0xF0", x & low, x, 1, 2); // the first alone
    }
    t.add("clz.b32 %r0, %r1", 32, 0);
    t.add("clz.b64 %r0, %rd1", 64, 0);
    t.add("popc.b64 %r0, %rd1", 64, -1);
    // a into b, from a position, so many bits; only the low byte of either counts.
    t.add("bfi.b32 %r0, %r1, %r2, 8, 4", 0xFFFFF5FFL, 0x75, -1);
    t.add("bfi.b32 %r0, %r1, %r2, 28, 8", 0x50000000L, 0x75, 0);
    t.add("bfi.b32 %r0, %r1, %r2, 0, 32", 0x12345678, 0x12345678, -1);
    t.add("bfi.b32 %r0, %r1, %r2, 4, 255", 0x2345678FL, 0x12345678, -1);
    t.add("bfi.b32 %r0, %r1, %r2, 32, 4", 7, -1, 7);
    t.add("bfi.b32 %r0, %r1, %r2, 4, 0", 7, -1, 7);
    t.add("bfi.b32 %r0, %r1, %r2, %r3, %r4", 0x57, 0x75, 7, 0x104, 0x204);
    t.add("bfi.b64 %rd0, %rd1, %rd2, 36, 8", 0x75000000000L | 0xF, 0x75, 0xF);
    t.add("bfe.u32 %r0, %r1, 8, 8", 0xAB, 0x1234AB78);
    t.add("bfe.s32 %r0, %r1, 8, 8", 0xFFFFFFABL, 0x1234AB78);
    t.add("bfe.s32 %r0, %r1, 8, 0", 0, -1);
    t.add("bfe.u32 %r0, %r1, 28, 8", 0x8, 0x80000000);
    t.add("bfe.s32 %r0, %r1, 28, 8", 0xFFFFFFF8L, 0x80000000);
    t.add("bfe.s32 %r0, %r1, 40, 4", 0xFFFFFFFFL, 0x80000000);
    t.add("bfe.u32 %r0, %r1, 40, 4", 0, -1);
    t.add("bfe.s64 %rd0, %rd1, 60, 4", -6, 0xAL << 60);
    t.add("bfe.u64 %rd0, %rd1, 32, 32", 0x12345678, 0x1234567800000000L);
    t.add("prmt.b32 %r0, %r1, %r2, 0x7531", 0x77553311, 0x33221100, 0x77665544);
    t.add("prmt.b32 %r0, %r1, %r2, 0x0246", 0x00224466, 0x33221100, 0x77665544);
    t.add("prmt.b32 %r0, %r1, %r2, 0x89CD", 0xFF0000FFL, 0x7F80, 0xFF00);
  }

  private static long funnel(int high, int by) {
    long both = (long) high << 32 | 0x5A5A5A5AL;
    return both << (by & 31) >>> 32;
  }

  private static long majority(int a, int b, int c) {
    return ((a & b) | (b & c) | (a & c)) & 0xFFFFFFFFL;
  }

  @Test
  void instructions() {
    try (EmulatedDevice device = Emulated.ofPtx(INSTRUCTIONS.kernel());
        DeviceMemory memory = new DeviceMemory(device)) {
      INSTRUCTIONS.check(device, memory);
    }
  }
}
