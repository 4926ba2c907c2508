package csdp.cli;

import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.metrics.Evaluation;
import csdp.train.Evaluator;
import csdp.train.GoodnessReadOut;
import csdp.train.LinearProbe;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures a trained model on a data set, without labels. */
@Command(
    name = "evaluate",
    description = {
      "Measure a trained model without labels: accuracy, NLL (cross-entropy of the true class),"
          + " BCE and MSE of the reconstruction, confusion matrix, spikes.",
      "Read-outs: head is the network's own; probe is ridge regression on the rate codes of the"
          + " training images, which are shown without labels; goodness clamps each label in turn"
          + " and takes the one of highest goodness.",
      "Default data: the data of the training."
    })
final class EvaluateCommand implements Callable<Integer> {
  private enum Kind {
    HEAD,
    PROBE,
    GOODNESS
  }

  @Mixin private ModelOptions model;

  @Option(
      names = "--read-out",
      paramLabel = "NAME,..",
      split = ",",
      description = "One or more of ${COMPLETION-CANDIDATES}. Default: head.")
  private Set<Kind> readOuts;

  @Option(names = "--probe", description = "The same as --read-out head,probe.")
  private boolean probe;

  @Mixin private SplitOptions split;

  @Mixin private DataOptions data;

  @Mixin private DeviceOptions device;

  @Mixin private JsonOption json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    PrintWriter out = json.text(spec);
    split.check();
    Device where = device.resolve(spec);
    SavedModel saved = model.open(spec);
    Set<Kind> kinds = kinds();
    if (kinds.contains(Kind.GOODNESS)) {
      GoodnessReadOut.requireContext(saved.spec());
    }
    Dataset train = kinds.contains(Kind.PROBE) ? trainingImages(saved) : null;
    Dataset images = split.images(data, saved, spec);
    Evaluator.requireFit(saved.spec(), images);
    try (Backend backend = where.open(saved.spec(), device.threads())) {
      backend.restore(saved.parameters());
      ProgressPrinter progress = new ProgressPrinter(out, spec.commandLine().getErr());
      int seed = split.seed(saved);
      LinearProbe fitted =
          train == null
              ? null
              : LinearProbe.fit(
                  backend,
                  train,
                  seed,
                  Evaluator.BATCH,
                  (done, of) -> progress.working("codes of training images", done, of));
      long start = System.nanoTime();
      Evaluation e =
          Evaluator.evaluate(
              backend,
              images,
              seed,
              Evaluator.BATCH,
              progress::testing,
              fitted == null ? null : fitted.answers(images));
      double seconds = (System.nanoTime() - start) * 1e-9;
      LinearProbe.Result probed = fitted == null ? null : fitted.result();
      Double goodness =
          kinds.contains(Kind.GOODNESS)
              ? GoodnessReadOut.accuracy(
                  backend,
                  images,
                  seed,
                  Evaluator.BATCH,
                  (done, of) -> progress.working("goodness of every label", done, of))
              : null;
      progress.clear();
      out.printf(Locale.ROOT, "model     %s (%s)%n", saved.folder(), saved.spec());
      out.printf(Locale.ROOT, "data      %s, %,d %ss%n", images.name(), e.n(), images.noun());
      out.printf(Locale.ROOT, "device    %s%n", backend.description());
      if (kinds.contains(Kind.HEAD)) {
        out.printf(Locale.ROOT, "accuracy  %.2f %%%n", 100 * e.accuracy());
        out.printf(Locale.ROOT, "NLL       %.4f nats%n", e.nll());
      }
      if (probed != null) {
        out.printf(Locale.ROOT, "probe     %s%n", text(probed));
      }
      if (probed != null && split.name().equals("train")) {
        out.println("note      the probe is fitted to these images");
      }
      if (goodness != null) {
        out.printf(Locale.ROOT, "goodness  accuracy %.2f %%%n", 100 * goodness);
      }
      print(out, saved, e, seconds);
      if (kinds.contains(Kind.HEAD)) {
        printConfusion(out, images, e);
      }
      out.flush();
      if (json.wanted()) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("model", saved.folder().toString());
        figures.put("network", saved.spec().toString());
        figures.put("data", images.name());
        figures.put("data_sha256", images.sha256());
        figures.put("split", split.name());
        figures.put("device", backend.name());
        figures.put("seed", seed);
        figures.put("seconds", seconds);
        Json.tree(e).forEachEntry(figures::put);
        if (probed != null) {
          figures.put("probe", probed);
        }
        if (goodness != null) {
          figures.put("goodness", Map.of("accuracy", goodness));
        }
        if (!images.classNames().isEmpty()) {
          figures.put("class_names", images.classNames());
        }
        figures.put("notes", e.notes(saved.spec()));
        json.write(spec, figures);
      }
    }
    return 0;
  }

  /** Returns the read-outs to measure, without repetition. */
  private Set<Kind> kinds() {
    Set<Kind> kinds = readOuts == null ? EnumSet.of(Kind.HEAD) : EnumSet.copyOf(readOuts);
    if (probe) {
      kinds.add(Kind.PROBE);
    }
    return kinds;
  }

  /** Returns the images for the probe, checked before any work. */
  private Dataset trainingImages(SavedModel saved) {
    LinearProbe.requireRoom(saved.spec());
    try {
      Dataset train = data.images(saved, Split.TRAIN, spec);
      Evaluator.requireFit(saved.spec(), train);
      return train;
    } catch (CsdpException e) {
      throw e.in("a linear probe needs the training images");
    }
  }

  /** Returns the probe's accuracies in one line. */
  static String text(LinearProbe.Result probe) {
    StringBuilder line = new StringBuilder();
    probe
        .accuracy()
        .forEach(
            (layer, accuracy) ->
                line.append(String.format(Locale.ROOT, "%s %.2f %%, ", layer, 100 * accuracy)));
    return line
        + String.format(
            Locale.ROOT,
            "ridge regression on codes of %,d training images, penalty %s",
            probe.trainImages(),
            probe.penalty());
  }

  private static void print(PrintWriter out, SavedModel saved, Evaluation e, double seconds) {
    if (e.bce() != null) {
      out.printf(Locale.ROOT, "BCE       %.2f nats an image%n", e.bce());
      out.printf(Locale.ROOT, "MSE       %.2f an image%n", e.mse());
    }
    out.printf(Locale.ROOT, "speed     %.0f images/s%n", e.n() / seconds);
    out.print("spikes    per sample and step:");
    e.spikes().forEach((name, s) -> out.printf(Locale.ROOT, " %s %.2f", name, s));
    out.println();
    e.notes(saved.spec()).forEach(note -> out.println("note      " + note));
  }

  private static void printConfusion(PrintWriter out, Dataset images, Evaluation e) {
    out.printf("confusion (rows: true class, columns: answer)%n");
    if (e.confusion().length <= 20) {
      out.print("     ");
      for (int k = 0; k < e.confusion().length; k++) {
        out.printf(Locale.ROOT, "%6.5s", images.className(k));
      }
      out.println();
      for (int k = 0; k < e.confusion().length; k++) {
        out.printf(Locale.ROOT, "%5.5s", images.className(k));
        for (long count : e.confusion()[k]) {
          out.printf(Locale.ROOT, "%6d", count);
        }
        out.println();
      }
    } else {
      out.println("  too many classes to print: see --json");
    }
  }
}
