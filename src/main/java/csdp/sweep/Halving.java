package csdp.sweep;

import csdp.error.CsdpException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): all settings train for few epochs, the
 * best 1/R of them train on for R times as many, and so on to all epochs.
 */
final class Halving {
  /**
   * A rung.
   *
   * @param epochs completed at its end
   * @param settings number of settings that train in it
   */
  record Rung(int epochs, int settings) {}

  private Halving() {}

  /**
   * Returns the rungs, fewest epochs first.
   *
   * @param factor R, at least 2
   * @throws CsdpException bad input, if there is nothing to halve
   */
  static List<Rung> rungs(int settings, int epochs, int factor) {
    List<Rung> rungs = new ArrayList<>();
    long divisor = 1;
    for (int left = settings; left >= factor && divisor * factor <= epochs; divisor *= factor) {
      left = (left + factor - 1) / factor;
    }
    int left = settings;
    for (; divisor >= 1; divisor /= factor) {
      rungs.add(new Rung((int) (epochs / divisor), left));
      left = (left + factor - 1) / factor;
    }
    if (rungs.size() == 1) {
      throw CsdpException.badInput(
          "halving by %d needs at least %d settings and %d epochs, not %d and %d",
          factor, factor, factor, settings, epochs);
    }
    return rungs;
  }

  /**
   * Returns the settings, best first: by the mean over their seeds of the best validation accuracy
   * up to some epochs. A failed trial counts as zero. Equal ones keep their order.
   */
  static List<ResultTable.Summary> ranked(List<ResultTable.Summary> settings, int epochs) {
    return settings.stream()
        .sorted(
            Comparator.comparingDouble(
                (ResultTable.Summary s) ->
                    -s.rows().stream()
                        .mapToDouble(row -> accuracy(row, epochs))
                        .average()
                        .orElse(0)))
        .toList();
  }

  private static double accuracy(ResultTable.Row row, int epochs) {
    return row.error() != null
        ? 0
        : row.history().stream()
            .filter(m -> m.epoch() <= epochs)
            .mapToDouble(RunResult::accuracy)
            .max()
            .orElse(0);
  }
}
