package csdp.sweep;

import csdp.error.CsdpException;
import csdp.sweep.Flags.Flag;
import csdp.sweep.Flags.Kind;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The values of a flag in a sweep: single values and ranges, of which random search draws.
 *
 * @param flag whose values these are
 * @param values single values; a range of whole numbers is a value for each
 * @param ranges continuous or logarithmic
 */
record Variation(Flag flag, List<String> values, List<Range> ranges) {
  private static final int MOST = 10_000;

  /** Digits of a number that is drawn: it is part of a folder's name. */
  private static final MathContext DRAWN = new MathContext(4);

  private static final String NUMBER = "([-+]?[0-9]+(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?)";
  private static final Pattern RANGE = Pattern.compile("(log:)?" + NUMBER + "\\.\\." + NUMBER);

  /**
   * A range.
   *
   * @param from inclusive
   * @param to inclusive
   */
  record Range(BigDecimal from, BigDecimal to, boolean logarithmic, boolean whole) {
    /** Draws a number, uniformly or with a uniform logarithm. */
    String draw(Random random) {
      double u = random.nextDouble();
      double low = from.doubleValue();
      double high = to.doubleValue();
      BigDecimal x;
      if (whole) { // each number has the same width, or the width of its logarithm
        double edge = high + 1;
        double at = logarithmic ? low * Math.pow(edge / low, u) : low + u * (edge - low);
        x = BigDecimal.valueOf((long) Math.floor(at));
      } else {
        double at = logarithmic ? low * Math.pow(high / low, u) : low + u * (high - low);
        x = BigDecimal.valueOf(at).round(DRAWN);
      }
      x = x.max(from).min(to).stripTrailingZeros();
      return x.signum() != 0 && x.abs().compareTo(new BigDecimal("1e-4")) < 0
          ? x.toString()
          : x.toPlainString();
    }
  }

  /**
   * Reads values as a user writes them: {@code 1..5}, {@code 0.001,0.002}, {@code log:1e-4..1e-2}.
   *
   * @throws CsdpException bad input, naming the flag
   */
  static Variation parse(Flag flag, String text) {
    Set<String> values = new LinkedHashSet<>();
    List<Range> ranges = new ArrayList<>();
    for (String part : text.split(Pattern.quote(flag.separator()), -1)) {
      String item = part.strip();
      boolean range = flag.kind() != Kind.TEXT && (item.contains("..") || item.startsWith("log:"));
      if (item.isEmpty()) {
        throw bad(flag, "'%s' has an empty value", text);
      }
      if (!range) {
        add(flag, values, item);
        continue;
      }
      Range r = range(flag, item);
      if (!r.whole() || r.logarithmic()) {
        ranges.add(r);
        continue;
      }
      BigDecimal count = r.to().subtract(r.from());
      if (count.compareTo(BigDecimal.valueOf(MOST)) >= 0) {
        throw bad(flag, "%s has more than %,d values", item, MOST);
      }
      for (int i = 0; i <= count.intValue(); i++) {
        add(flag, values, r.from().add(BigDecimal.valueOf(i)).toPlainString());
      }
    }
    return new Variation(flag, List.copyOf(values), List.copyOf(ranges));
  }

  private static void add(Flag flag, Set<String> values, String value) {
    if (!values.add(value)) {
      throw bad(flag, "the value %s is there twice", value);
    }
  }

  private static Range range(Flag flag, String item) {
    Matcher m = RANGE.matcher(item);
    if (!m.matches()) {
      throw bad(flag, "'%s' is not a range of numbers, such as 1..5 or log:0.001..0.1", item);
    }
    BigDecimal from = new BigDecimal(m.group(2));
    BigDecimal to = new BigDecimal(m.group(3));
    boolean logarithmic = m.group(1) != null;
    boolean whole = flag.kind() == Kind.WHOLE;
    if (from.compareTo(to) >= 0) {
      throw bad(flag, "the range %s must rise", item);
    }
    if (logarithmic && from.signum() <= 0) {
      throw bad(flag, "the logarithmic range %s must start above zero", item);
    }
    if (whole && (isFraction(from) || isFraction(to))) {
      throw bad(flag, "the range %s must be of whole numbers", item);
    }
    return new Range(from, to, logarithmic, whole);
  }

  private static boolean isFraction(BigDecimal x) {
    return x.stripTrailingZeros().scale() > 0;
  }

  private static CsdpException bad(Flag flag, String format, Object... args) {
    return CsdpException.badInput(format, args).in("--vary %s", flag.name());
  }

  /**
   * Returns all values, for a grid.
   *
   * @throws CsdpException bad input, if a range has no end of values
   */
  List<String> all() {
    if (!ranges.isEmpty()) {
      throw bad(
          flag,
          "a %s range needs random search: give --samples N, or list its values",
          ranges.get(0).logarithmic() ? "logarithmic" : "continuous");
    }
    return values;
  }

  /** Draws one of the values and ranges, each with the same probability. */
  String draw(Random random) {
    int i = random.nextInt(values.size() + ranges.size());
    return i < values.size() ? values.get(i) : ranges.get(i - values.size()).draw(random);
  }
}
