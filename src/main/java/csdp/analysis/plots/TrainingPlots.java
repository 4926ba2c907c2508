package csdp.analysis.plots;

import csdp.io.Csv;
import csdp.train.EpochMetrics;
import java.util.List;
import java.util.function.Function;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.data.xy.XYSeriesCollection;

/** How training went. */
public final class TrainingPlots {
  private TrainingPlots() {}

  /**
   * Accuracy, NLL and BCE over epochs.
   *
   * @param history at least one epoch
   * @param supervised whether training accuracy was measured with labels as context
   */
  public static Figure learningCurves(List<EpochMetrics> history, boolean supervised) {
    Csv csv =
        new Csv(
            "epoch",
            "train_accuracy",
            "valid_accuracy",
            "train_nll",
            "valid_nll",
            "train_bce",
            "valid_bce");
    for (EpochMetrics m : history) {
      csv.row(
          m.epoch(),
          m.trainAccuracy(),
          m.validAccuracy(),
          m.trainNll(),
          m.validNll(),
          m.trainBce(),
          m.validBce());
    }
    // The step from the untrained network would flatten all that follows.
    List<EpochMetrics> drawn =
        history.size() > 2 && history.get(0).epoch() == 0
            ? history.subList(1, history.size())
            : history;
    boolean reconstructed =
        history.stream().anyMatch(m -> m.trainBce() != null || m.validBce() != null);
    JFreeChart accuracy =
        curve(
            "Accuracy",
            "accuracy (%)",
            drawn,
            m -> percent(m.trainAccuracy()),
            m -> percent(m.validAccuracy()));
    JFreeChart nll =
        curve(
            "Cross-entropy (NLL)",
            "NLL (nats per image)",
            drawn,
            EpochMetrics::trainNll,
            EpochMetrics::validNll);
    JFreeChart[] charts =
        reconstructed
            ? new JFreeChart[] {
              accuracy,
              nll,
              curve(
                  "Reconstruction (BCE)",
                  "BCE (nats per image)",
                  drawn,
                  EpochMetrics::trainBce,
                  EpochMetrics::validBce)
            }
            : new JFreeChart[] {accuracy, nll};
    EpochMetrics before = history.get(0);
    String caption =
        (drawn.size() < history.size() && before.validAccuracy() != null
                ? Figure.text(
                    "Before training (epoch 0, not drawn) validation accuracy was %.1f %% and NLL"
                        + " %.2f nats. ",
                    100 * before.validAccuracy(), before.validNll())
                : "Epoch 0 is the network before training. ")
            + "Validation runs without labels."
            + (supervised
                ? " Training figures are not meaningful: the true label is clamped as context."
                : "");
    return Figure.of(
        "learning_curves",
        "Learning curves",
        caption,
        Charts.grid(3, 350, 330, charts),
        Figure.files("learning_curves.csv", csv.bytes()));
  }

  private static Double percent(Double share) {
    return share == null ? null : Double.valueOf(100 * share);
  }

  private static JFreeChart curve(
      String title,
      String label,
      List<EpochMetrics> history,
      Function<EpochMetrics, Double> train,
      Function<EpochMetrics, Double> valid) {
    double[] epoch = history.stream().mapToDouble(EpochMetrics::epoch).toArray();
    XYSeriesCollection data =
        Charts.collect(
            Charts.series("training", epoch, values(history, train)),
            Charts.series("validation", epoch, values(history, valid)));
    NumberAxis x = Charts.wholes("epoch");
    double last = epoch[epoch.length - 1];
    double margin = Math.max(0.5, last - epoch[0]) * 0.04;
    x.setRange(epoch[0] - margin, last + margin);
    XYPlot plot =
        Charts.plot(data, x, Charts.axis(label), Charts.lines(Palette.FIRST, Palette.SECOND));
    return Charts.chart(title, plot, RectangleEdge.BOTTOM);
  }

  private static double[] values(List<EpochMetrics> history, Function<EpochMetrics, Double> value) {
    return history.stream().map(value).mapToDouble(v -> v == null ? Double.NaN : v).toArray();
  }
}
