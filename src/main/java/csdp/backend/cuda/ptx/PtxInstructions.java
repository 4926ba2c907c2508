package csdp.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Translates the instructions of a kernel, each to a call of a function of {@code
 * kernels/host/ptx.h}.
 */
final class PtxInstructions {
  /** Instructions of the form {@code op d, a, ..}; operand types follow from the opcode's type. */
  private static final List<Rule> RULES =
      List.of(
          rule("(add|sub|mul\\.lo|mul\\.hi|div|rem)\\.([us](?:16|32|64))", "T:TT"),
          rule("(add|sub|mul|div)\\.rn\\.(f32|f64)", "T:TT"),
          rule("(mad\\.lo)\\.([us](?:16|32|64))", "T:TTT"),
          rule("(fma\\.rn)\\.(f32|f64)", "T:TTT"),
          rule("(mul\\.wide)\\.([us](?:16|32))", "W:TT"),
          rule("(mad\\.wide)\\.([us](?:16|32))", "W:TTW"),
          rule("(neg|abs)\\.(s16|s32|s64|f32|f64)", "T:T"),
          rule("(sqrt\\.rn|rcp\\.rn)\\.(f32|f64)", "T:T"),
          rule("(min|max)\\.([us](?:16|32|64)|f32|f64)", "T:TT"),
          rule("(and|or|xor)\\.(pred|b16|b32|b64)", "T:TT"),
          rule("(not)\\.(pred|b16|b32|b64)", "T:T"),
          rule("(shl)\\.(b16|b32|b64)", "T:TU"),
          rule("(shr)\\.([bus](?:16|32|64))", "T:TU"),
          rule("(popc|clz)\\.(b32|b64)", "U:T"),
          rule("(brev)\\.(b32|b64)", "T:T"),
          rule("(bfi)\\.(b32|b64)", "T:TTUU"),
          rule("(bfe)\\.([us](?:32|64))", "T:TUU"),
          rule("(selp)\\.([bus](?:16|32|64)|f32|f64)", "T:TTP"),
          rule("(setp\\.(?:eq|ne))\\.([bus](?:16|32|64)|f32|f64)", "P:TT"),
          rule("(setp\\.(?:lt|le|gt|ge))\\.([us](?:16|32|64)|f32|f64)", "P:TT"),
          rule("(setp\\.(?:equ|neu|ltu|leu|gtu|geu|num|nan))\\.(f32|f64)", "P:TT"),
          rule("(mov)\\.(pred|[bus](?:16|32|64)|f32|f64)", "T:T"));

  private static final Pattern CONVERSION =
      Pattern.compile(
          "cvt(\\.rn|\\.rzi)?\\.([us](?:8|16|32|64)|f32|f64)\\.([us](?:8|16|32|64)|f32|f64)");
  private static final Pattern ACCESS =
      Pattern.compile(
          "(ld|st)\\.(param|global|shared|local)(?:\\.(v2|v4))?\\.([bus](?:8|16|32|64)|f32|f64)");
  private static final Pattern ATOMIC =
      Pattern.compile("atom\\.global\\.(add|min|max)\\.([us](?:32|64))");
  private static final Pattern SHUFFLE = Pattern.compile("shfl\\.sync\\.(up|down|bfly|idx)\\.b32");
  private static final Pattern VOTE =
      Pattern.compile("vote\\.sync\\.(ballot\\.b32|any\\.pred|all\\.pred)");

  private static final Pattern ADDRESS =
      Pattern.compile("\\[\\s*([%\\w$]+?)\\s*(?:\\+\\s*(-?\\d+))?\\s*\\]");

  private static final Map<String, String> SPECIAL =
      Map.of(
          "%tid.x", "threadIdx.x",
          "%ntid.x", "blockDim.x",
          "%ctaid.x", "blockIdx.x",
          "%ctaid.y", "blockIdx.y",
          "%nctaid.x", "gridDim.x",
          "%nctaid.y", "gridDim.y",
          "%laneid", "(threadIdx.x % emulated::WARP)");

  private final PtxKernel kernel;

  PtxInstructions(PtxKernel kernel) {
    this.kernel = kernel;
  }

  /** Types of an opcode's result and operands: T its type, W twice its width, U u32, P pred. */
  private record Rule(Pattern opcode, String types) {}

  private static Rule rule(String opcode, String types) {
    return new Rule(Pattern.compile(opcode), types);
  }

  /** Splits at commas that are not inside braces or brackets. */
  private static List<String> operands(String list) {
    List<String> all = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int k = 0; k <= list.length(); k++) {
      char c = k < list.length() ? list.charAt(k) : ',';
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      if (c == ',' && depth == 0 && !list.substring(from, k).isBlank()) {
        all.add(list.substring(from, k).strip());
        from = k + 1;
      }
    }
    return all;
  }

  /**
   * Translates an instruction to C++ statements.
   *
   * @throws IllegalArgumentException naming kernel and instruction if it is not supported
   */
  @SuppressWarnings("StatementSwitchToExpressionSwitch") // the rules below handle the rest
  String translate(String opcode, String operandList) {
    List<String> o = operands(operandList);
    switch (opcode) {
      case "ret":
        return "return;";
      case "bra", "bra.uni":
        return "goto " + PtxKernel.label(o.get(0)) + ";";
      case "bar.sync":
        if (!o.equals(List.of("0"))) {
          throw kernel.unknown("barrier " + o);
        }
        return "__syncthreads();";
      case "bar.warp.sync":
        return "__syncwarp(" + value("b32", o.get(0)) + ");";
      case "prmt.b32":
        return assign(o.get(0), "b32", call("prmt", "", values("b32", o, 1, 4)));
      case "lop3.b32":
        return assign(o.get(0), "b32", call("lop3", "", values("b32", o, 1, 5)));
      case "shf.l.wrap.b32", "shf.r.wrap.b32":
        return assign(
            o.get(0),
            "b32",
            call(opcode.replace(".b32", "").replace('.', '_'), "", values("b32", o, 1, 4)));
      case "mov.b64":
        if (o.get(0).startsWith("{")) {
          List<String> halves = operands(inner(o.get(0)));
          String from = value("b64", o.get(1));
          return half(halves.get(0), from) + half(halves.get(1), "(" + from + " >> 32)");
        }
        if (o.get(1).startsWith("{")) {
          List<String> halves = values("b32", operands(inner(o.get(1))), 0, 2);
          return assign(
              o.get(0), "b64", "(ptx::b64)" + halves.get(1) + " << 32 | " + halves.get(0));
        }
        break;
      case "cvta.to.global.u64", "cvta.local.u64", "cvta.to.local.u64":
        // Addresses of device and local memory, also generic ones, are host addresses.
        return assign(o.get(0), "u64", value("u64", o.get(1)));
      default:
        break;
    }
    for (Rule r : RULES) {
      Matcher m = r.opcode.matcher(opcode);
      if (m.matches()) {
        return byRule(r, m, o);
      }
    }
    Matcher m = CONVERSION.matcher(opcode);
    if (m.matches()) {
      return conversion(opcode, m, o);
    }
    m = ACCESS.matcher(opcode);
    if (m.matches()) {
      return access(m, o);
    }
    m = ATOMIC.matcher(opcode);
    if (m.matches()) {
      String type = m.group(2);
      return assign(
          o.get(0),
          type,
          call("atom_" + m.group(1), type, List.of(address(o.get(1)), value(type, o.get(2)))));
    }
    m = SHUFFLE.matcher(opcode);
    if (m.matches()) {
      String mode = "ptx::" + m.group(1).toUpperCase(Locale.ROOT);
      String[] to = o.get(0).split("\\|"); // value, and true if the lane exists
      return "auto shuffled = ptx::shfl_sync<"
          + mode
          + ">("
          + String.join(", ", values("b32", o, 1, 5))
          + "); "
          + assign(to[0], "b32", "shuffled.value")
          + (to.length == 1 ? "" : assign(to[1], "pred", "shuffled.there"));
    }
    m = VOTE.matcher(opcode);
    if (m.matches()) {
      String kind = m.group(1).split("\\.")[0];
      return assign(
          o.get(0),
          kind.equals("ballot") ? "b32" : "pred",
          call("vote_sync_" + kind, "", List.of(value("pred", o.get(1)), value("b32", o.get(2)))));
    }
    throw kernel.unknown("instruction " + opcode + " " + String.join(", ", o));
  }

  private String byRule(Rule r, Matcher m, List<String> o) {
    String operation =
        m.group(1).equals("and")
                || m.group(1).equals("or")
                || m.group(1).equals("xor")
                || m.group(1).equals("not")
            ? m.group(1) + "_"
            : m.group(1).replace('.', '_');
    if (m.pattern().pattern().contains("\\.rn\\.(f32|f64)")
        && m.groupCount() == 2
        && !operation.endsWith("_rn")) {
      operation += "_rn";
    }
    String type = m.group(2);
    String types = r.types;
    if (types.length() - 2 != o.size() - 1) {
      throw kernel.unknown("number of operands: " + m.group() + " " + o);
    }
    List<String> arguments =
        IntStream.range(1, o.size())
            .mapToObj(k -> value(typeOf(types.charAt(k + 1), type), o.get(k)))
            .toList();
    String result = typeOf(types.charAt(0), type);
    return assign(
        o.get(0),
        result,
        operation.equals("mov") ? arguments.get(0) : call(operation, type, arguments));
  }

  private static String typeOf(char letter, String type) {
    return switch (letter) {
      case 'T' -> type;
      case 'U' -> "u32";
      case 'P' -> "pred";
      case 'W' -> type.charAt(0) + String.valueOf(2 * Integer.parseInt(type.substring(1)));
      default -> throw new IllegalStateException("no such type letter: " + letter);
    };
  }

  /** A rounding mode is present exactly where PTX requires one. */
  private String conversion(String opcode, Matcher m, List<String> o) {
    String to = m.group(2);
    String from = m.group(3);
    boolean toFloat = to.startsWith("f");
    boolean fromFloat = from.startsWith("f");
    String rounding =
        toFloat && (!fromFloat || (to.equals("f32") && from.equals("f64")))
            ? ".rn"
            : fromFloat && !toFloat ? ".rzi" : null;
    if (!Objects.equals(rounding, m.group(1))) {
      throw kernel.unknown("rounding: " + opcode);
    }
    String name = "cvt" + (rounding == null ? "" : rounding.replace('.', '_'));
    return assign(o.get(0), to, call(name, to + ", ptx::" + from, List.of(value(from, o.get(1)))));
  }

  private String access(Matcher m, List<String> o) {
    boolean load = m.group(1).equals("ld");
    String space = m.group(2);
    String type = m.group(4);
    if (space.equals("param")) {
      Matcher a = ADDRESS.matcher(o.get(1));
      if (!load
          || !a.matches()
          || a.group(2) != null
          || !type.equals(kernel.parameterType(a.group(1)))) {
        throw kernel.unknown("access to a parameter: " + m.group() + " " + o);
      }
      return assign(
          o.get(0),
          type,
          (type.equals("u64") ? "(ptx::u64)" : type.equals("u32") ? "(ptx::u32)" : "")
              + a.group(1));
    }
    if ((space.equals("shared") && !kernel.hasSharedMemory())
        || (space.equals("local") && kernel.localArray() == null)) {
      throw kernel.unknown(
          "access to " + space + " memory without an array: " + m.group() + " " + o);
    }
    String registers = o.get(load ? 0 : 1);
    List<String> lanes = m.group(3) == null ? List.of(registers) : operands(inner(registers));
    String where =
        switch (space) {
          case "shared" -> ", shared";
          case "local" -> ", " + kernel.localArray().name() + ", " + kernel.localArray().bytes();
          default -> ", 0";
        };
    String call =
        "ptx::"
            + m.group(1)
            + "_"
            + space
            + "<ptx::"
            + type
            + ", "
            + lanes.size()
            + ">("
            + address(o.get(load ? 1 : 0))
            + where;
    if (!load) {
      return call + ", {" + String.join(", ", values(type, lanes, 0, lanes.size())) + "});";
    }
    StringBuilder all = new StringBuilder("auto value = " + call + ");");
    for (int k = 0; k < lanes.size(); k++) {
      all.append(' ').append(assign(lanes.get(k), type, "value.at[" + k + "]"));
    }
    return all.toString();
  }

  private static String inner(String braces) {
    return braces.substring(1, braces.length() - 1);
  }

  private String half(String to, String from) {
    return to.strip().equals("_") ? "" : assign(to.strip(), "b32", "(ptx::b32)" + from) + " ";
  }

  private static String call(String name, String type, List<String> arguments) {
    return "ptx::"
        + name
        + (type.isEmpty() ? "" : "<ptx::" + type + ">")
        + "("
        + String.join(", ", arguments)
        + ")";
  }

  private String assign(String to, String type, String expression) {
    PtxKernel.Register r = kernel.register(to);
    return r.variable()
        + " = ptx::into<ptx::"
        + r.type()
        + ">((ptx::"
        + type
        + ")("
        + expression
        + "));";
  }

  private List<String> values(String type, List<String> operands, int from, int to) {
    return operands.subList(from, to).stream().map(o -> value(type, o)).toList();
  }

  /** An operand as an expression of a type. */
  private String value(String type, String operand) {
    if (kernel.isRegister(operand)) {
      return "ptx::as<ptx::" + type + ">(" + kernel.register(operand).variable() + ")";
    }
    if (SPECIAL.containsKey(operand)) {
      return "(ptx::" + type + ")" + SPECIAL.get(operand);
    }
    boolean isFloat = type.startsWith("f");
    if (isFloat && operand.matches("0[fF][0-9a-fA-F]{8}")) {
      return "ptx::as<ptx::" + type + ">((ptx::b32)0x" + operand.substring(2) + "u)";
    }
    if (isFloat && operand.matches("0[dD][0-9a-fA-F]{16}")) {
      return "ptx::as<ptx::" + type + ">((ptx::b64)0x" + operand.substring(2) + "ull)";
    }
    if (!isFloat && operand.matches("-?(\\d+|0x[0-9a-fA-F]+)U?")) {
      return "(ptx::"
          + type
          + ")"
          + (operand.startsWith("-") ? "(" + operand + "ll)" : operand.replace("U", "") + "ull");
    }
    PtxKernel.Array a = kernel.array(operand);
    if (a != null) {
      return a.space().equals("shared")
          ? "(ptx::" + type + ")" + a.offset()
          : "(ptx::" + type + ")" + operand;
    }
    throw kernel.unknown("operand " + operand + " of type ." + type);
  }

  private String address(String operand) {
    Matcher m = ADDRESS.matcher(operand);
    if (!m.matches()) {
      throw kernel.unknown("address " + operand);
    }
    String base =
        kernel.isRegister(m.group(1)) && kernel.register(m.group(1)).type().equals("b32")
            ? value("u32", m.group(1))
            : value("u64", m.group(1));
    return "(ptx::u64)(" + base + (m.group(2) == null ? ")" : " + " + m.group(2) + ")");
  }
}
