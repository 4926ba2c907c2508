import csdp.Csdp;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Splits;
import csdp.config.TrainOptions;

/** Trains on built-in data and classifies one image; fails unless the network has learned. */
public class Example {
  public static void main(String[] args) {
    Splits data = DataSources.open(DataRequest.of("strokes", 100, 2_000), System.err::println);
    try (Csdp net = Csdp.builder(28 * 28, 10).hidden(100, 40).build()) {
      net.train(data.train(), null, TrainOptions.epochs(2).withBatch(100));
      float[] image = new float[28 * 28];
      data.test().copyImage(0, image, 0);
      double accuracy = net.evaluate(data.test().limit(500)).accuracy();
      System.out.println("accuracy " + accuracy + ", image 0 is a " + net.classify(image).label());
      if (!(accuracy > 0.5)) {
        throw new IllegalStateException("it has not learned: accuracy " + accuracy);
      }
    }
  }
}
