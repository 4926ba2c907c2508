package csdp.analysis;

import static csdp.analysis.Html.escape;
import static csdp.analysis.Html.row;

import csdp.analysis.plots.Figure;
import csdp.analysis.plots.SweepPlots;
import csdp.io.AtomicFile;
import csdp.sweep.ResultTable;
import csdp.sweep.ResultTable.Machine;
import csdp.sweep.ResultTable.Row;
import csdp.sweep.ResultTable.Summary;
import csdp.sweep.Statistics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Many runs on a self-contained HTML page, with plots. */
public final class SweepPage {
  private SweepPage() {}

  /** A column of the summary. */
  private record Column(String metric, String title, double scale, int digits) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("test_accuracy", "test accuracy, %", 100, 2),
          new Column("valid_accuracy", "validation accuracy, %", 100, 2),
          new Column("test_nll", "test NLL, nats", 1, 3),
          new Column("test_bce", "test BCE, nats", 1, 1),
          new Column("test_spikes", "spikes per sample and step", 1, 2));

  /**
   * Writes {@code NAME.html}, and each plot as {@code NAME_PLOT.png} with its data.
   *
   * @throws csdp.error.CsdpException environment, if they cannot be written
   */
  public static void write(Path folder, String name, ResultTable table) {
    List<Figure> figures = new ArrayList<>();
    if (!table.best(1).isEmpty()) {
      figures.add(SweepPlots.accuracy(table));
    }
    Figure curves = SweepPlots.curves(table);
    if (curves != null) {
      figures.add(curves);
    }
    for (Figure figure : figures) {
      AtomicFile.write(folder.resolve(name + "_" + figure.name() + ".png"), figure.png());
      figure.data().forEach((f, bytes) -> AtomicFile.write(folder.resolve(name + "_" + f), bytes));
    }
    String title = folder.toAbsolutePath().normalize().getFileName().toString();
    AtomicFile.write(folder.resolve(name + ".html"), html(title, name, table, figures));
  }

  private static String html(String title, String name, ResultTable table, List<Figure> figures) {
    StringBuilder h = new StringBuilder();
    Html.begin(h, title);
    List<Summary> summary = table.summary();
    h.append(
        Figure.text(
            "<p class=\"quiet\">%d runs, %d settings</p>%n", table.rows().size(), summary.size()));
    summary(h, table, summary);
    figures.forEach(f -> Html.figure(h, f));
    runs(h, table);
    provenance(h, table, name);
    h.append("</body>\n</html>\n");
    return h.toString();
  }

  private static void summary(StringBuilder h, ResultTable table, List<Summary> summary) {
    List<String> names = table.settings().stream().filter(n -> !n.equals("seed")).toList();
    List<Column> columns =
        COLUMNS.stream()
            .filter(c -> summary.stream().anyMatch(s -> s.metrics().containsKey(c.metric())))
            .toList();
    h.append("<h2>Summary by setting</h2>\n<div class=\"wide\"><table><tr>");
    names.forEach(n -> h.append("<th class=\"key\">").append(escape(n)).append("</th>"));
    h.append("<th class=\"number\">runs</th><th class=\"number\">epochs</th>");
    columns.forEach(c -> h.append("<th class=\"number\">").append(c.title()).append("</th>"));
    h.append("</tr>\n");
    for (Summary s : summary) {
      h.append("<tr>");
      names.forEach(n -> cell(h, " class=\"key\"", s.settings().get(n)));
      long complete = s.rows().stream().filter(Row::isComplete).count();
      cell(h, " class=\"number\"", Figure.text("%d of %d", complete, s.rows().size()));
      number(h, s.epochs());
      columns.forEach(c -> cell(h, " class=\"number\"", text(s.metrics().get(c.metric()), c)));
      h.append("</tr>\n");
    }
    h.append(
        "</table></div>\n<p class=\"quiet\">Mean &plusmn; half of the 95 % interval (Student's t),");
    h.append(
        " and in brackets the standard deviation of the runs. Spikes of all hidden layers.</p>\n");
  }

  private static String text(Statistics s, Column c) {
    if (s == null) {
      return null;
    }
    String mean = number(c.scale() * s.mean(), c.digits());
    return s.sd() == null
        ? mean
        : mean
            + " \u00B1 "
            + number(c.scale() * (s.high() - s.mean()), c.digits())
            + " ("
            + number(c.scale() * s.sd(), c.digits())
            + ")";
  }

  private static String number(double value, int digits) {
    return Figure.text("%,." + digits + "f", value);
  }

  private static void cell(StringBuilder h, String kind, String value) {
    h.append("<td").append(kind).append(">");
    h.append(value == null ? "" : escape(value)).append("</td>");
  }

  private static void runs(StringBuilder h, ResultTable table) {
    h.append("<h2>Runs</h2>\n<table><tr><th>run</th><th>status</th>");
    h.append("<th class=\"number\">epochs</th><th class=\"number\">best</th>");
    h.append("<th class=\"number\">validation, %</th><th class=\"number\">test, %</th>");
    h.append("<th class=\"number\">seconds</th></tr>\n");
    for (Row r : table.rows()) {
      h.append("<tr>");
      cell(h, "", r.trial());
      cell(h, "", r.status() + (r.error() == null ? "" : ": " + r.error()));
      number(h, r.epochs());
      number(h, r.bestEpoch());
      percent(h, r.metrics().get("valid_accuracy"));
      percent(h, r.metrics().get("test_accuracy"));
      cell(h, " class=\"number\"", r.machine() == null ? null : number(r.machine().seconds(), 1));
      h.append("</tr>\n");
    }
    h.append("</table>\n");
  }

  private static void number(StringBuilder h, Integer value) {
    cell(h, " class=\"number\"", value == null ? null : value.toString());
  }

  private static void percent(StringBuilder h, Double share) {
    cell(h, " class=\"number\"", share == null ? null : number(100 * share, 2));
  }

  private static void provenance(StringBuilder h, ResultTable table, String name) {
    h.append("<h2>Provenance</h2>\n<table>\n");
    row(h, "data", distinct(table, Row::data));
    row(h, "training images, SHA-256", distinct(table, Row::trainSha256));
    row(h, "test images, SHA-256", distinct(table, Row::testSha256));
    row(h, "csdp4j", machines(table, Machine::csdp4j));
    row(h, "Java", machines(table, Machine::java));
    row(h, "device", machines(table, Machine::device));
    row(h, "all values", name + ".csv, " + name + ".json, summary.csv");
    h.append("</table>\n");
  }

  private static String distinct(ResultTable table, Function<Row, String> value) {
    return table.rows().stream()
        .map(value)
        .filter(Objects::nonNull)
        .distinct()
        .collect(Collectors.joining(", "));
  }

  private static String machines(ResultTable table, Function<Machine, String> value) {
    return distinct(table, r -> r.machine() == null ? null : value.apply(r.machine()));
  }
}
