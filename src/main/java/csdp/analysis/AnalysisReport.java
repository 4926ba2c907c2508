package csdp.analysis;

import static csdp.analysis.Html.escape;
import static csdp.analysis.Html.figure;
import static csdp.analysis.Html.row;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.analysis.plots.Figure;
import csdp.io.Json;
import csdp.io.Version;
import csdp.metrics.Evaluation;
import csdp.train.LinearProbe;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jfree.chart.JFreeChart;

/** The results as a self-contained HTML page and as JSON. */
final class AnalysisReport {
  private AnalysisReport() {}

  /** Returns the figures for JSON. */
  static Map<String, Object> figures(Analysis a) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("csdp4j", Version.text());
    all.put("java", System.getProperty("java.version"));
    all.put("model", a.model.folder().toString());
    all.put("network", a.model.spec().toString());
    all.put("data", a.data.name());
    all.put("data_sha256", a.data.sha256());
    all.put("split", a.split);
    all.put("device", a.device);
    all.put("seed", a.options.seed());
    all.put("evaluation", a.results.evaluation());
    all.put("probe", a.results.probe());
    all.put("energy_proxy", a.results.energy());
    Map<String, Object> maps = new LinkedHashMap<>();
    for (Codes c : a.results.codes()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("units", c.layer().units());
      map.put("points", a.points);
      map.put("perplexity", a.options.perplexity());
      map.put("principal_components", c.map().components());
      map.put("explained_variance", orNull(c.map().explained()));
      map.put("kl_divergence_nats", orNull(c.map().divergence()));
      map.put("trustworthiness", orNull(c.trust()[0]));
      map.put("trustworthiness_of_two_components", orNull(c.trust()[1]));
      map.put("label_agreement", orNull(c.agreement()[0]));
      map.put("label_agreement_of_codes", orNull(c.agreement()[1]));
      map.put("seconds", c.seconds());
      maps.put(c.layer().name(), map);
    }
    all.put("tsne", maps);
    all.put("notes", a.results.notes());
    return all;
  }

  /** Returns a figure, or null if it is NaN. */
  private static Double orNull(double figure) {
    return Double.isNaN(figure) ? null : Double.valueOf(figure);
  }

  static String mapCaption(Analysis a, Codes c) {
    if (!c.hasVariance()) {
      return "All codes are equal: there is no variance, and nothing to map.";
    }
    return Figure.text(
        "%d principal components first (%.1f %% of the variance), then Barnes-Hut t-SNE, KL"
            + " divergence %.3f nats. Of the ten nearest points %.1f %% share a point's class here,"
            + " %.1f %% in the codes themselves; trustworthiness %.3f, against %.3f of two"
            + " principal components (the first %,d points).",
        c.map().components(),
        100 * c.map().explained(),
        c.map().divergence(),
        100 * c.agreement()[0],
        100 * c.agreement()[1],
        c.trust()[0],
        c.trust()[1],
        a.trusted());
  }

  /**
   * The page.
   *
   * @param maps t-SNE pictures
   * @param files in the same folder
   */
  static String html(Analysis a, List<Figure> maps, List<String> files) {
    StringBuilder h = new StringBuilder();
    Html.begin(h, a.model.folder().toAbsolutePath().normalize().getFileName().toString());
    h.append("<p class=\"quiet\">");
    h.append(escape(a.model.spec().toString()));
    h.append(", ").append(escape(a.data.name())).append(", ");
    h.append(Figure.text("%s split, %,d images</p>%n", a.split, a.data.size()));
    for (String note : a.results.notes()) {
      h.append("<p>").append(escape(note)).append("</p>\n");
    }
    results(h, a.results.evaluation());
    readOuts(h, a);
    maps.forEach(f -> figure(h, f));
    a.results.figures().forEach(f -> figure(h, f));
    energy(h, a);
    provenance(h, a);
    h.append("<h2>Files</h2>\n<p>The data of every plot, in this folder:</p>\n<p>");
    files.forEach(f -> h.append("<code>").append(escape(f)).append("</code> "));
    h.append("</p>\n</body>\n</html>\n");
    return h.toString();
  }

  private static void results(StringBuilder h, Evaluation e) {
    h.append("<h2>Results, without labels</h2>\n<div class=\"tiles\">\n");
    tile(h, Figure.text("%.2f %%", 100 * e.accuracy()), "accuracy");
    tile(h, Figure.text("%.4f", e.nll()), "NLL, nats per image");
    if (e.bce() != null) {
      tile(h, Figure.text("%.1f", e.bce()), "BCE, nats per image");
      tile(h, Figure.text("%.2f", e.mse()), "MSE, summed over pixels");
    }
    h.append("</div>\n<table><tr><th>population</th>");
    h.append("<th class=\"number\">spikes per sample and step</th></tr>\n");
    e.spikes()
        .forEach(
            (p, s) -> {
              h.append("<tr><td>").append(escape(p)).append("</td>");
              h.append(Figure.text("<td class=\"number\">%.2f</td></tr>%n", s));
            });
    h.append("</table>\n");
  }

  private static void readOuts(StringBuilder h, Analysis a) {
    LinearProbe.Result probe = a.results.probe();
    if (probe == null) {
      return; // a note says why
    }
    h.append("<h2>Read-outs</h2>\n<table><tr><th>read-out</th><th class=\"number\">accuracy</th>");
    h.append("</tr>\n");
    accuracy(h, "head", a.results.evaluation().accuracy());
    probe.accuracy().forEach((layer, share) -> accuracy(h, "linear probe of " + layer, share));
    h.append("</table>\n<p class=\"quiet\">Linear probe: ridge regression on the rate codes of ");
    h.append(
        Figure.text(
            "%,d training images, shown without labels; penalty %s of the mean diagonal.</p>%n",
            probe.trainImages(), probe.penalty()));
  }

  private static void accuracy(StringBuilder h, String readOut, double share) {
    h.append("<tr><td>").append(escape(readOut)).append("</td>");
    h.append(Figure.text("<td class=\"number\">%.2f %%</td></tr>%n", 100 * share));
  }

  private static void tile(StringBuilder h, String value, String what) {
    h.append("<div><b>").append(value).append("</b>").append(what).append("</div>\n");
  }

  private static void energy(StringBuilder h, Analysis a) {
    Energy e = a.results.energy();
    h.append("<h2>Energy proxy</h2>\n<p>A proxy, not joules: a synaptic event is a spike reaching");
    h.append(" one synapse. Memory traffic, encoding, membranes and thresholds are left out.");
    h.append(
        Figure.text(
            " Counted over %d images and as many pairs of positive and negative.</p>%n",
            a.results.energySamples()));
    h.append("<table><tr><th>per image</th><th class=\"number\">synaptic events</th>");
    h.append("<th class=\"number\">dense multiply-adds</th><th class=\"number\">events / dense");
    h.append("</th></tr>\n");
    operations(h, "inference, one window", e.inference(), e.inferenceDense());
    operations(h, "training, forward (all windows)", e.training(), e.trainingDense());
    operations(h, "training, gradients", e.plasticity(), e.plasticityDense());
    h.append("</table>\n<p class=\"quiet\">In addition, Adam updates every weight at every step: ");
    h.append(Figure.text("%,.0f updates per training image of a batch, ", e.updates()));
    h.append("however sparse the spikes are.</p>\n");
  }

  private static void operations(StringBuilder h, String what, double events, double dense) {
    h.append("<tr><td>").append(what).append("</td>");
    h.append(Figure.text("<td class=\"number\">%,.0f</td>", events));
    h.append(Figure.text("<td class=\"number\">%,.0f</td>", dense));
    h.append(Figure.text("<td class=\"number\">%.2f %%</td></tr>%n", 100 * events / dense));
  }

  private static void provenance(StringBuilder h, Analysis a) {
    h.append("<h2>Provenance and configuration</h2>\n<table>\n");
    row(h, "model", a.model.folder().toString());
    row(h, "data", a.data + ", " + a.split + " split");
    row(h, "data, SHA-256", a.data.sha256());
    row(h, "device", a.device);
    row(h, "seed of the input spikes", Integer.toString(a.options.seed()));
    row(
        h,
        "versions",
        Figure.text(
            "csdp4j %s, Java %s, JFreeChart %s",
            Version.text(), System.getProperty("java.version"), chartVersion()));
    if (a.model.run() == null) {
      leaves(h, "constants", Json.tree(a.model.spec().constants()));
    } else {
      leaves(h, "", Json.tree(a.model.run()));
    }
    h.append("</table>\n");
  }

  private static String chartVersion() {
    String file = "/META-INF/maven/org.jfree/jfreechart/pom.properties";
    Properties of = new Properties();
    try (InputStream in = JFreeChart.class.getResourceAsStream(file)) {
      if (in != null) {
        of.load(in);
      }
    } catch (IOException e) {
      // An unreadable version is unknown.
    }
    return of.getProperty("version", "of unknown version");
  }

  /** Appends every non-null value of a tree with its path. */
  private static void leaves(StringBuilder h, String path, JsonNode node) {
    if (node.isObject()) {
      node.forEachEntry((key, value) -> leaves(h, path.isEmpty() ? key : path + "." + key, value));
    } else if (!node.isNull()) {
      row(h, path, node.isTextual() ? node.textValue() : node.toString());
    }
  }
}
