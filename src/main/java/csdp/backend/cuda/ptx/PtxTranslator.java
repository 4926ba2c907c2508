package csdp.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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

  private static final Pattern ENTRY =
      Pattern.compile(
          "(?s)\\.visible \\.entry (\\w+)\\((.*?)\\)\\s*((?:\\.\\w+ [\\d, ]+\\s*)*)\\{\\n(.*?)\\n\\}");
  private static final Pattern BOUND = Pattern.compile("\\.(\\w+) (\\d+)");
  private static final Pattern NAME =
      Pattern.compile("\\.(?:entry|func)\\s+(?:\\([^)]*\\)\\s*)?(\\w+)");
  private static final Pattern PARAMETER = Pattern.compile("\\.param \\.(u64|u32|f32) (\\w+)");
  private static final Pattern REGISTERS =
      Pattern.compile("\\.reg \\.(\\w+)\\s+%(\\w+?)(?:<(\\d+)>)?;");
  private static final Pattern ARRAY =
      Pattern.compile("\\.(shared|local) \\.align\\s+(\\d+)\\s+\\.b8\\s+(\\w+)\\[(\\d+)\\];");
  private static final Pattern INSTRUCTION =
      Pattern.compile("(?:@(!?)(%\\w+)\\s+)?([a-z][\\w.]*)\\s*(.*);");
  private static final Pattern LABEL = Pattern.compile("(\\$\\w+):");
  private static final Pattern ADDRESS =
      Pattern.compile("\\[\\s*([%\\w$]+?)\\s*(?:\\+\\s*(-?\\d+))?\\s*\\]");

  /** Lines that are not executed. */
  private static final Pattern IGNORED =
      Pattern.compile("|//.*|\\.loc .*|\\.file .*|\\.pragma .*|\\{|\\}");

  private static final Map<String, String> SPECIAL =
      Map.of(
          "%tid.x", "threadIdx.x",
          "%ntid.x", "blockDim.x",
          "%ctaid.x", "blockIdx.x",
          "%ctaid.y", "blockIdx.y",
          "%nctaid.x", "gridDim.x",
          "%nctaid.y", "gridDim.y",
          "%laneid", "(threadIdx.x % emulated::WARP)");

  private final StringBuilder text = new StringBuilder();
  private final List<String> kernels = new ArrayList<>();

  private PtxTranslator() {}

  /** Types of an opcode's result and operands: T its type, W twice its width, U u32, P pred. */
  private record Rule(Pattern opcode, String types) {}

  private static Rule rule(String opcode, String types) {
    return new Rule(Pattern.compile(opcode), types);
  }

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
      t.text.append(new Kernel(m.group(1), m.group(2), m.group(3)).translate(m.group(4)));
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

  /** Returns the estimated machine instructions of an instruction; see the class comment. */
  private static int weight(String opcode) {
    return switch (opcode.split("\\.")[0]) {
      case "mov", "cvta" -> 0;
      case "div", "rem" -> opcode.contains(".f") ? 9 : 20;
      case "sqrt" -> 9;
      default -> 1;
    };
  }

  /** A register: its variable and declared type. */
  private record Register(String variable, String type) {}

  /** An array in shared or local memory. */
  private record Array(String space, int offset, int bytes) {}

  /** One kernel. */
  private static final class Kernel {
    private static final int GAP = 64; // bytes between arrays of shared memory
    private static final int MOST_CONDITIONAL = 4; // instructions that a branch skips
    private static final int MOST_SHARED = 48 * 1024; // limit per block, in bytes

    private final String name;
    private final Map<String, String> parameters = new LinkedHashMap<>(); // types by name
    private final Map<String, Register> registers = new HashMap<>();
    private final Map<String, Array> arrays = new LinkedHashMap<>();
    private final StringBuilder declarations = new StringBuilder();
    private final StringBuilder code = new StringBuilder();
    private final List<Integer> weights = new ArrayList<>(); // of basic blocks
    private boolean inBlock;
    private int conditional; // instructions to come that a branch of the block "condition" skips
    private int condition;
    private int shared; // end of the arrays so far
    private int sharedBytes;
    private String local; // name of the array; null without one

    Kernel(String name, String parameterList, String bounds) {
      this.name = name;
      for (String p : parameterList.split(",")) {
        Matcher m = PARAMETER.matcher(p.strip());
        if (!m.matches()) {
          throw unknown("parameter " + p.strip());
        }
        parameters.put(m.group(2), m.group(1));
      }
      for (Matcher m = BOUND.matcher(bounds); m.find(); ) {
        switch (m.group(1)) {
          case "maxntid" -> code.append("  ptx::requireThreads(1, " + m.group(2) + ");\n");
          case "reqntid" ->
              code.append("  ptx::requireThreads(" + m.group(2) + ", " + m.group(2) + ");\n");
          case "minnctapersm", "maxnreg" -> {} // for the driver's compiler
          default -> throw unknown("directive " + m.group().strip());
        }
      }
    }

    private IllegalArgumentException unknown(String what) {
      return new IllegalArgumentException("the PTX of " + name + " has an unknown " + what);
    }

    String translate(String body) {
      List<String> lines =
          body.lines().map(String::strip).filter(l -> !IGNORED.matcher(l).matches()).toList();
      for (int k = 0; k < lines.size(); k++) {
        line(lines.get(k), lines.subList(k + 1, lines.size()));
      }
      String signature =
          parameters.entrySet().stream()
              .map(
                  p ->
                      (p.getValue().equals("u64")
                              ? "void*"
                              : p.getValue().equals("u32") ? "int" : "float")
                          + " "
                          + p.getKey())
              .collect(Collectors.joining(", "));
      String counts =
          "#ifdef CSDP_COUNT\n  static const unsigned weights[] = {"
              + weights.stream().map(String::valueOf).collect(Collectors.joining(", "))
              + "};\n  ptx::counting.kernel(\""
              + name
              + "\", weights, "
              + weights.size()
              + ");\n#endif\n";
      List<Array> inShared =
          arrays.values().stream().filter(a -> a.space.equals("shared")).toList();
      String sharedMemory =
          "  static constexpr ptx::SharedMemory<"
              + inShared.size()
              + "> shared = {{"
              + inShared.stream()
                  .map(a -> "{" + a.offset + ", " + a.bytes + "}")
                  .collect(Collectors.joining(", "))
              + "}};\n";
      return "extern \"C\" void "
          + name
          + "("
          + signature
          + ") {\n"
          + declarations
          + (inShared.isEmpty() ? "" : sharedMemory)
          + counts
          + code
          + "}\n\n";
    }

    private void line(String line, List<String> rest) {
      Matcher m = REGISTERS.matcher(line);
      if (m.matches()) {
        declare(m.group(1), m.group(2), m.group(3));
        return;
      }
      m = ARRAY.matcher(line);
      if (m.matches()) {
        array(m.group(1), Integer.parseInt(m.group(2)), m.group(3), Integer.parseInt(m.group(4)));
        return;
      }
      m = LABEL.matcher(line);
      if (m.matches()) {
        code.append(label(m.group(1))).append(":;\n");
        inBlock = false;
        return;
      }
      m = INSTRUCTION.matcher(line);
      if (!m.matches()) {
        throw unknown("line: " + line);
      }
      String opcode = m.group(3);
      if (!inBlock) {
        code.append("  COUNT(").append(weights.size()).append(");\n");
        weights.add(0);
        inBlock = true;
      }
      int skipped = m.group(2) == null || !opcode.equals("bra") ? 0 : skipped(m.group(4), rest);
      if (skipped > 0) {
        conditional = skipped;
        condition = weights.size() - 1;
      } else {
        int block = conditional-- > 0 ? condition : weights.size() - 1;
        weights.set(block, weights.get(block) + weight(opcode));
      }
      String done = instruction(opcode, operands(m.group(4)));
      String guard =
          m.group(2) == null ? "" : "if (" + m.group(1) + register(m.group(2)).variable + ") ";
      code.append("  ").append(guard).append("{ ").append(done).append(" }\n");
      inBlock = !opcode.equals("bra") && !opcode.equals("bra.uni") && !opcode.equals("ret");
    }

    /** Returns how many instructions a branch skips if ptxas makes them conditional, else 0. */
    private static int skipped(String target, List<String> rest) {
      int count = 0;
      for (String line : rest) {
        Matcher label = LABEL.matcher(line);
        if (label.matches()) {
          return label.group(1).equals(target.strip()) ? count : 0;
        }
        Matcher m = INSTRUCTION.matcher(line);
        boolean arithmetic = m.matches() && m.group(3).matches("(add|sub|mul)\\..*");
        if (!arithmetic || ++count > MOST_CONDITIONAL) {
          return 0;
        }
      }
      return 0;
    }

    private static String label(String label) {
      return "L" + label.replace("$", "");
    }

    private void declare(String type, String prefix, String count) {
      if (!type.matches("pred|b16|b32|b64|f32|f64")) {
        throw unknown("register type ." + type);
      }
      int end = count == null ? 1 : Integer.parseInt(count);
      for (int k = 0; k < end; k++) {
        String register = "%" + prefix + (count == null ? "" : k);
        String variable = "r_" + prefix + (count == null ? "" : k);
        Register known = registers.put(register, new Register(variable, type));
        if (known != null) { // declared in another scope of the kernel
          if (!known.type.equals(type)) {
            throw unknown("second type of the register " + register);
          }
          continue;
        }
        declarations.append("  ptx::").append(type).append(' ').append(variable).append(" = 0;\n");
      }
    }

    private void array(String space, int alignment, String array, int bytes) {
      if (space.equals("shared")) {
        int offset = (shared + alignment - 1) / alignment * alignment;
        arrays.put(array, new Array(space, offset, bytes));
        shared = offset + bytes + GAP;
        sharedBytes += bytes;
        if (sharedBytes > MOST_SHARED) {
          throw unknown("amount of shared memory, more than " + MOST_SHARED + " bytes: " + array);
        }
      } else if (local != null) {
        throw unknown("second local array " + array);
      } else {
        local = array;
        arrays.put(array, new Array(space, 0, bytes));
        declarations.append("  alignas(16) char " + array + "[" + bytes + "];\n");
      }
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

    @SuppressWarnings("StatementSwitchToExpressionSwitch") // the rules below handle the rest
    private String instruction(String opcode, List<String> o) {
      switch (opcode) {
        case "ret":
          return "return;";
        case "bra", "bra.uni":
          return "goto " + label(o.get(0)) + ";";
        case "bar.sync":
          if (!o.equals(List.of("0"))) {
            throw unknown("barrier " + o);
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
            call(
                "vote_sync_" + kind, "", List.of(value("pred", o.get(1)), value("b32", o.get(2)))));
      }
      throw unknown("instruction " + opcode + " " + String.join(", ", o));
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
        throw unknown("number of operands: " + m.group() + " " + o);
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
      if (!java.util.Objects.equals(rounding, m.group(1))) {
        throw unknown("rounding: " + opcode);
      }
      String name = "cvt" + (rounding == null ? "" : rounding.replace('.', '_'));
      return assign(
          o.get(0), to, call(name, to + ", ptx::" + from, List.of(value(from, o.get(1)))));
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
            || !type.equals(parameters.get(a.group(1)))) {
          throw unknown("access to a parameter: " + m.group() + " " + o);
        }
        return assign(
            o.get(0),
            type,
            (type.equals("u64") ? "(ptx::u64)" : type.equals("u32") ? "(ptx::u32)" : "")
                + a.group(1));
      }
      if ((space.equals("shared") && sharedBytes == 0)
          || (space.equals("local") && local == null)) {
        throw unknown("access to " + space + " memory without an array: " + m.group() + " " + o);
      }
      String registers = o.get(load ? 0 : 1);
      List<String> lanes = m.group(3) == null ? List.of(registers) : operands(inner(registers));
      String where =
          switch (space) {
            case "shared" -> ", shared";
            case "local" -> ", " + local + ", " + arrays.get(local).bytes;
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

    private Register register(String name) {
      Register r = registers.get(name);
      if (r == null) {
        throw unknown("register " + name);
      }
      return r;
    }

    private String assign(String to, String type, String expression) {
      Register r = register(to);
      return r.variable
          + " = ptx::into<ptx::"
          + r.type
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
      if (registers.containsKey(operand)) {
        return "ptx::as<ptx::" + type + ">(" + registers.get(operand).variable + ")";
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
      if (arrays.containsKey(operand)) {
        Array a = arrays.get(operand);
        return a.space.equals("shared")
            ? "(ptx::" + type + ")" + a.offset
            : "(ptx::" + type + ")" + operand;
      }
      throw unknown("operand " + operand + " of type ." + type);
    }

    private String address(String operand) {
      Matcher m = ADDRESS.matcher(operand);
      if (!m.matches()) {
        throw unknown("address " + operand);
      }
      String base =
          registers.containsKey(m.group(1)) && registers.get(m.group(1)).type.equals("b32")
              ? value("u32", m.group(1))
              : value("u64", m.group(1));
      return "(ptx::u64)(" + base + (m.group(2) == null ? ")" : " + " + m.group(2) + ")");
    }
  }
}
