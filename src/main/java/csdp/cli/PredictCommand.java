package csdp.cli;

import csdp.Csdp;
import csdp.Csdp.Prediction;
import csdp.checkpoint.SavedModel;
import csdp.data.Images;
import csdp.data.Ink;
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
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Classifies images. */
@Command(
    name = "predict",
    description = {
      "Classify images: the class, then the probability of every class.",
      "Images must have the size of the training images (after train --size they are scaled), and"
          + " the same polarity: bright strokes on black for MNIST. Use --invert for dark strokes."
    })
final class PredictCommand implements Callable<Integer> {
  /** Minimum number of equal answers for a warning. */
  private static final int SUSPICIOUS = 10;

  @Mixin private ModelOptions model;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "PNG, JPEG, BMP or GIF; IDX, .npy or .npz with any number of images.")
  private List<Path> files;

  @Option(
      names = "--invert",
      description =
          "Invert the images first: for dark strokes on white or on a transparent PNG background.")
  private boolean invert;

  @Mixin private DeviceOptions device;

  @Mixin private JsonOption json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    PrintWriter out = json.text(spec);
    SavedModel saved = model.open(spec);
    saved.requireImages("predict");
    List<Map<String, Object>> answers = new ArrayList<>();
    List<Prediction> all = new ArrayList<>();
    List<float[][]> images = new ArrayList<>();
    for (Path file : files) {
      images.add(read(saved, file, invert));
    }
    warnOfImages(saved, images);
    try (Csdp network = Csdp.of(saved, device.resolve(spec), device.threads())) {
      for (int f = 0; f < files.size(); f++) {
        List<Prediction> predictions = network.classify(images.get(f));
        for (int i = 0; i < predictions.size(); i++) {
          Prediction p = predictions.get(i);
          String name = name(f, i, predictions.size());
          StringBuilder line = new StringBuilder();
          for (int k = 0; k < p.probabilities().length; k++) {
            line.append(
                String.format(Locale.ROOT, "  %s: %.4f", saved.className(k), p.probabilities()[k]));
          }
          line.append(p.isUndecided() ? "  (undecided: all classes are equal)" : "");
          out.printf(Locale.ROOT, "%s  class %s %s%n", name, saved.className(p.label()), line);
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("image", name);
          answer.put("class", p.label());
          answer.put("class_name", saved.className(p.label()));
          answer.put("probabilities", p.probabilities());
          answer.put("undecided", p.isUndecided());
          answers.add(answer);
        }
        all.addAll(predictions);
      }
    }
    out.flush();
    warnOfAnswers(saved, all);
    json.write(spec, Map.of("predictions", answers));
    out.flush();
    return 0;
  }

  private static float[][] read(SavedModel saved, Path file, boolean invert) {
    return Images.read(file, saved.width(), saved.height(), invert, saved.scalesImages());
  }

  private String name(int file, int image, int images) {
    return files.get(file) + (images > 1 ? "[" + image + "]" : "");
  }

  private void warn(String format, Object... args) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("warning: " + String.format(Locale.ROOT, format, args));
    err.flush();
  }

  /** Warns of blank images and of images that look inverted relative to the training images. */
  private void warnOfImages(SavedModel saved, List<float[][]> images) {
    Ink ink = saved.ink() == null ? Ink.USUAL : saved.ink();
    int total = 0;
    int inverted = 0;
    int blank = 0;
    String firstInverted = null;
    String firstBlank = null;
    for (int f = 0; f < files.size(); f++) {
      float[][] shown = images.get(f);
      float[][] other = read(saved, files.get(f), !invert);
      total += shown.length;
      for (int i = 0; i < shown.length; i++) {
        String name = name(f, i, shown.length);
        if (ink.looksInverted(shown[i], other[i])) {
          if (inverted++ == 0) {
            firstInverted =
                String.format(Locale.ROOT, "%s with a mean of %.2f", name, Ink.of(shown[i]));
          }
        } else if (Ink.isBlank(shown[i]) && blank++ == 0) {
          firstBlank = name;
        }
      }
    }
    if (inverted > 0) {
      warn(
          "%d of %d images look inverted (first %s; %s %.2f, from %.2f to %.2f): %s",
          inverted,
          total,
          firstInverted,
          saved.ink() == null ? "bright strokes on black have about" : "training images have",
          ink.mean(),
          ink.least(),
          ink.most(),
          invert ? "remove --invert" : "try --invert");
    }
    if (blank > 0) {
      warn("%d of %d images are blank, all pixels equal (first %s)", blank, total, firstBlank);
    }
  }

  /** Warns of undecided and of constant answers. */
  private void warnOfAnswers(SavedModel saved, List<Prediction> all) {
    long undecided = all.stream().filter(Prediction::isUndecided).count();
    if (undecided > 0) {
      warn(
          "%d of %d answers are undecided: all classes have equal probability, reported as class"
              + " %s",
          undecided, all.size(), saved.className(0));
    } else if (all.size() >= SUSPICIOUS
        && all.stream().map(Prediction::label).distinct().count() == 1) {
      warn("all %d answers are class %s", all.size(), saved.className(all.get(0).label()));
    }
  }
}
