package csdp.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Translates one kernel: its parameters, registers, arrays, labels and basic blocks. */
final class PtxKernel {
  private static final Pattern BOUND = Pattern.compile("\\.(\\w+) (\\d+)");
  private static final Pattern PARAMETER = Pattern.compile("\\.param \\.(u64|u32|f32) (\\w+)");
  private static final Pattern REGISTERS =
      Pattern.compile("\\.reg \\.(\\w+)\\s+%(\\w+?)(?:<(\\d+)>)?;");
  private static final Pattern ARRAY =
      Pattern.compile("\\.(shared|local) \\.align\\s+(\\d+)\\s+\\.b8\\s+(\\w+)\\[(\\d+)\\];");
  private static final Pattern INSTRUCTION =
      Pattern.compile("(?:@(!?)(%\\w+)\\s+)?([a-z][\\w.]*)\\s*(.*);");
  private static final Pattern LABEL = Pattern.compile("(\\$\\w+):");

  /** Lines that are not executed. */
  private static final Pattern IGNORED =
      Pattern.compile("|//.*|\\.loc .*|\\.file .*|\\.pragma .*|\\{|\\}");

  private static final int GAP = 64; // bytes between arrays of shared memory
  private static final int MOST_CONDITIONAL = 4; // instructions that a branch skips
  private static final int MOST_SHARED = 48 * 1024; // limit per block, in bytes

  /** A register: its variable and declared type. */
  record Register(String variable, String type) {}

  /** An array in shared or local memory. */
  record Array(String name, String space, int offset, int bytes) {}

  private final String name;
  private final Map<String, String> parameters = new LinkedHashMap<>(); // types by name
  private final Map<String, Register> registers = new HashMap<>();
  private final Map<String, Array> arrays = new LinkedHashMap<>();
  private final PtxInstructions instructions = new PtxInstructions(this);
  private final StringBuilder declarations = new StringBuilder();
  private final StringBuilder code = new StringBuilder();
  private final List<Integer> weights = new ArrayList<>(); // of basic blocks
  private boolean inBlock;
  private int conditional; // instructions to come that a branch of the block "condition" skips
  private int condition;
  private int shared; // end of the arrays so far
  private int sharedBytes;
  private Array local; // null without one

  PtxKernel(String name, String parameterList, String bounds) {
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

  IllegalArgumentException unknown(String what) {
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
    List<Array> inShared = arrays.values().stream().filter(a -> a.space.equals("shared")).toList();
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
    String done = instructions.translate(opcode, m.group(4));
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

  static String label(String label) {
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
      arrays.put(array, new Array(array, space, offset, bytes));
      shared = offset + bytes + GAP;
      sharedBytes += bytes;
      if (sharedBytes > MOST_SHARED) {
        throw unknown("amount of shared memory, more than " + MOST_SHARED + " bytes: " + array);
      }
    } else if (local != null) {
      throw unknown("second local array " + array);
    } else {
      local = new Array(array, space, 0, bytes);
      arrays.put(array, local);
      declarations.append("  alignas(16) char " + array + "[" + bytes + "];\n");
    }
  }

  /** Returns an array by name; null if there is none. */
  Array array(String name) {
    return arrays.get(name);
  }

  /** Returns the array in local memory; null if there is none. */
  Array localArray() {
    return local;
  }

  /** Returns whether the kernel has arrays in shared memory. */
  boolean hasSharedMemory() {
    return sharedBytes > 0;
  }

  /** Returns the type of a parameter; null if there is none of this name. */
  String parameterType(String name) {
    return parameters.get(name);
  }

  /** Returns whether a name is that of a register. */
  boolean isRegister(String name) {
    return registers.containsKey(name);
  }

  /** Returns a register by name. */
  Register register(String name) {
    Register r = registers.get(name);
    if (r == null) {
      throw unknown("register " + name);
    }
    return r;
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
}
