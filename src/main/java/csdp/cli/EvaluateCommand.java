package csdp.cli;

import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.io.Json;
import csdp.metrics.Evaluation;
import csdp.train.Evaluator;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Measures a trained model on a data set, without labels. */
@Command(
    name = "evaluate",
    description = {
      "Measure a trained model without labels: accuracy, NLL (cross-entropy of the true class),"
          + " BCE and MSE of the reconstruction, confusion matrix, spikes.",
      "Default data: the data of the training."
    })
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

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
    Dataset images = split.images(data, saved, spec);
    Evaluator.requireFit(saved.spec(), images);
    try (Backend backend = where.open(saved.spec(), device.threads())) {
      backend.restore(saved.parameters());
      ProgressPrinter progress = new ProgressPrinter(out, spec.commandLine().getErr());
      int seed = split.seed(saved);
      long start = System.nanoTime();
      Evaluation e = Evaluator.evaluate(backend, images, seed, Evaluator.BATCH, progress::testing);
      double seconds = (System.nanoTime() - start) * 1e-9;
      progress.clear();
      print(out, saved, images, backend, e, seconds);
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
        figures.put("notes", e.notes(saved.spec()));
        json.write(spec, figures);
      }
    }
    return 0;
  }

  private void print(
      PrintWriter out,
      SavedModel saved,
      Dataset images,
      Backend backend,
      Evaluation e,
      double seconds) {
    out.printf(Locale.ROOT, "model     %s (%s)%n", saved.folder(), saved.spec());
    out.printf(Locale.ROOT, "data      %s, %,d images%n", images.name(), e.n());
    out.printf(Locale.ROOT, "device    %s%n", backend.description());
    out.printf(Locale.ROOT, "accuracy  %.2f %%%n", 100 * e.accuracy());
    out.printf(Locale.ROOT, "NLL       %.4f nats%n", e.nll());
    if (e.bce() != null) {
      out.printf(Locale.ROOT, "BCE       %.2f nats an image%n", e.bce());
      out.printf(Locale.ROOT, "MSE       %.2f an image%n", e.mse());
    }
    out.printf(Locale.ROOT, "speed     %.0f images/s%n", e.n() / seconds);
    out.print("spikes    per sample and step:");
    e.spikes().forEach((name, s) -> out.printf(Locale.ROOT, " %s %.2f", name, s));
    out.println();
    e.notes(saved.spec()).forEach(note -> out.println("note      " + note));
    out.printf("confusion (rows: true class, columns: answer)%n");
    if (e.confusion().length <= 20) {
      out.print("     ");
      for (int k = 0; k < e.confusion().length; k++) {
        out.printf(Locale.ROOT, "%6d", k);
      }
      out.println();
      for (int k = 0; k < e.confusion().length; k++) {
        out.printf(Locale.ROOT, "%5d", k);
        for (long count : e.confusion()[k]) {
          out.printf(Locale.ROOT, "%6d", count);
        }
        out.println();
      }
    } else {
      out.println("  too many classes to print: see --json");
    }
    out.flush();
  }
}
