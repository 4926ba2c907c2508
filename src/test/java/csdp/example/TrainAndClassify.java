package csdp.example;

import csdp.Csdp;
import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Splits;
import csdp.train.EpochMetrics;
import csdp.train.TrainListener;
import csdp.train.Trainer;
import java.nio.file.Path;
import java.util.Locale;

/** A program that embeds csdp4j: trains a small network, saves it, loads it and classifies. */
public final class TrainAndClassify {
  private TrainAndClassify() {}

  /**
   * Trains on the built-in stroke digits.
   *
   * @param args a new folder for the model
   */
  public static void main(String[] args) {
    Path model = Path.of(args[0]);
    Splits data = DataSources.open(DataRequest.of("strokes", 500, 2_000), System.err::println);

    TrainListener log =
        new TrainListener() {
          @Override
          public void epochDone(Trainer trainer, EpochMetrics m, boolean best) {
            System.out.printf(
                Locale.ROOT, "epoch %d: %.1f %% valid%n", m.epoch(), 100 * m.validAccuracy());
          }
        };

    try (Csdp net = Csdp.builder(28 * 28, 10).hidden(100, 40).seed(7).build()) {
      TrainOptions options = TrainOptions.epochs(2).withBatch(200).withSeed(7);
      net.train(data.train(), data.valid(), options, log);
      System.out.printf(
          Locale.ROOT, "test: %.1f %%%n", 100 * net.evaluate(data.test().limit(500)).accuracy());
      net.save(model); // in the released code's form
    }

    float[] image = new float[28 * 28];
    data.test().copyImage(0, image, 0);
    try (Csdp net = Csdp.load(model)) {
      Csdp.Prediction p = net.classify(image);
      System.out.printf(
          Locale.ROOT,
          "image 0: class %d with probability %.2f, truly %d%n",
          p.label(),
          p.probabilities()[p.label()],
          data.test().label(0));
    }
  }
}
