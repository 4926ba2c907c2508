package csdp.cli;

import csdp.Csdp;
import csdp.Csdp.Prediction;
import csdp.checkpoint.SavedModel;
import csdp.data.Images;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Classifies images. */
@Command(
    name = "predict",
    description = {
      "Classify images: the class, then the probability of every class.",
      "Images must have the size that the model was trained with, bright strokes on black as in MNIST."
    })
final class PredictCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "PNG, or IDX or .npy with any number of images.")
  private List<Path> files;

  @Mixin private DeviceOptions device;

  @Mixin private JsonOption json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    PrintWriter out = json.text(spec);
    SavedModel saved = model.open();
    List<Map<String, Object>> answers = new ArrayList<>();
    List<float[][]> images = new ArrayList<>();
    for (Path file : files) {
      images.add(Images.read(file, saved.width(), saved.height()));
    }
    try (Csdp network = Csdp.of(saved, device.resolve(spec), device.threads())) {
      for (int f = 0; f < files.size(); f++) {
        List<Prediction> predictions = network.classify(images.get(f));
        for (int i = 0; i < predictions.size(); i++) {
          Prediction p = predictions.get(i);
          String name = files.get(f) + (predictions.size() > 1 ? "[" + i + "]" : "");
          StringBuilder line = new StringBuilder();
          for (int k = 0; k < p.probabilities().length; k++) {
            line.append(String.format(Locale.ROOT, "  %d: %.4f", k, p.probabilities()[k]));
          }
          out.printf(Locale.ROOT, "%s  class %d %s%n", name, p.label(), line);
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("image", name);
          answer.put("class", p.label());
          answer.put("probabilities", p.probabilities());
          answers.add(answer);
        }
      }
    }
    json.write(spec, Map.of("predictions", answers));
    out.flush();
    return 0;
  }
}
