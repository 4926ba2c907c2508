package csdp.io;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reader of the Python literals in an .npy header: dictionaries, tuples, lists, strings, whole
 * numbers (Python 2's {@code 2L} too), True, False and None. Any order of keys and both kinds of
 * quotes are accepted, as by NumPy.
 */
final class PythonLiteral {
  private static final int DEEPEST = 16;

  private final String text;
  private int at;

  private PythonLiteral(String text) {
    this.text = text;
  }

  /** A list, which differs from a tuple in a header. */
  record PythonList(List<Object> items) {}

  /**
   * Reads a whole text.
   *
   * @return Map, List (a tuple), PythonList, String, Long, Boolean, or null for None
   * @throws IllegalArgumentException if the text is none of these
   */
  static Object parse(String text) {
    PythonLiteral reader = new PythonLiteral(text);
    Object value = reader.value(0);
    if (reader.next() != 0) {
      throw reader.damaged();
    }
    return value;
  }

  private IllegalArgumentException damaged() {
    return new IllegalArgumentException("no Python literal at character " + at);
  }

  /** Returns the next non-space character without consuming it; 0 at the end. */
  private char next() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean took(char c) {
    if (next() != c) {
      return false;
    }
    at++;
    return true;
  }

  private Object value(int depth) {
    char c = next();
    if (depth > DEEPEST) {
      throw damaged();
    }
    if (took('{')) {
      return dictionary(depth);
    }
    if (took('[')) {
      return new PythonList(items(']', depth));
    }
    if (took('(')) {
      return tuple(depth);
    }
    if (c == '\'' || c == '"') {
      return string();
    }
    if (c == '-' || Character.isDigit(c)) {
      return number();
    }
    return word();
  }

  private Map<String, Object> dictionary(int depth) {
    Map<String, Object> all = new HashMap<>();
    while (!took('}')) {
      Object key = value(depth + 1);
      if (!(key instanceof String name) || !took(':') || all.containsKey(name)) {
        throw damaged();
      }
      all.put(name, value(depth + 1));
      if (!took(',') && next() != '}') {
        throw damaged();
      }
    }
    return all;
  }

  private Object tuple(int depth) {
    int start = at;
    List<Object> items = items(')', depth);
    // Parentheses around one value without a comma do not make a tuple.
    boolean comma = text.substring(start, at - 1).stripTrailing().endsWith(",");
    return items.size() == 1 && !comma ? items.get(0) : items;
  }

  private List<Object> items(char end, int depth) {
    List<Object> items = new ArrayList<>();
    while (!took(end)) {
      items.add(value(depth + 1));
      if (!took(',') && next() != end) {
        throw damaged();
      }
    }
    return items;
  }

  private String string() {
    int close = text.indexOf(text.charAt(at), at + 1);
    if (close < 0 || text.substring(at, close).contains("\\")) {
      throw damaged();
    }
    String value = text.substring(at + 1, close);
    at = close + 1;
    return value;
  }

  private Long number() {
    int start = at++;
    while (at < text.length() && Character.isDigit(text.charAt(at))) {
      at++;
    }
    String digits = text.substring(start, at);
    if (at < text.length() && (text.charAt(at) == 'L' || text.charAt(at) == 'l')) {
      at++;
    }
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(digits + " is no number that fits", e);
    }
  }

  private Object word() {
    int start = at;
    while (at < text.length() && Character.isLetter(text.charAt(at))) {
      at++;
    }
    return switch (text.substring(start, at)) {
      case "True" -> true;
      case "False" -> false;
      case "None" -> null;
      case "u", "U" -> { // Python 2's Unicode strings
        if (at == text.length() || (text.charAt(at) != '\'' && text.charAt(at) != '"')) {
          throw damaged();
        }
        yield string();
      }
      default -> throw damaged();
    };
  }
}
