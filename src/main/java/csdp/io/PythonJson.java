package csdp.io;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;

/** JSON exactly as Python's {@code json.dumps(value, indent=4)} writes it. */
public final class PythonJson {
  private PythonJson() {}

  public static String text(JsonNode node) {
    StringBuilder sb = new StringBuilder();
    write(node, "\n", sb);
    return sb.toString();
  }

  private static void write(JsonNode node, String newline, StringBuilder sb) {
    String deeper = newline + "    ";
    if (node.isContainerNode() && node.isEmpty()) {
      sb.append(node.isObject() ? "{}" : "[]");
    } else if (node.isObject()) {
      sb.append('{');
      for (Iterator<Map.Entry<String, JsonNode>> i = node.properties().iterator(); i.hasNext(); ) {
        Map.Entry<String, JsonNode> e = i.next();
        sb.append(deeper).append('"').append(e.getKey()).append("\": ");
        write(e.getValue(), deeper, sb);
        sb.append(i.hasNext() ? "," : newline);
      }
      sb.append('}');
    } else if (node.isArray()) {
      sb.append('[');
      for (int i = 0; i < node.size(); i++) {
        sb.append(deeper);
        write(node.get(i), deeper, sb);
        sb.append(i < node.size() - 1 ? "," : newline);
      }
      sb.append(']');
    } else if (node.isDouble()) {
      sb.append(number(node.doubleValue()));
    } else {
      sb.append(
          node); // integers, booleans, null and plain ASCII strings: same text in Python and Java
    }
  }

  /** A double as Python's repr. */
  public static String number(double d) {
    BigDecimal b = new BigDecimal(Double.toString(d)).stripTrailingZeros();
    int exponent = b.precision() - b.scale() - 1;
    if (d == 0) {
      return Double.toString(d);
    }
    if (exponent >= -4 && exponent < 16) {
      String plain = b.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = b.unscaledValue().abs().toString();
    return (d < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }
}
