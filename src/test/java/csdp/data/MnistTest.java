package csdp.data;

import static csdp.data.TestData.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The real files, where CSDP_DATA (or -Dcsdp.data) names a folder that holds them. */
class MnistTest {
  @Test
  void theRealFilesAreRead() {
    String place = System.getProperty(DataSources.PROPERTY, System.getenv("CSDP_DATA"));
    assumeTrue(
        place != null && Files.exists(Path.of(place, "t10k-images-idx3-ubyte.gz")),
        "needs CSDP_DATA=<folder with the IDX files of MNIST>");
    Splits mnist = DataSources.open(DataRequest.of("mnist", 10_000, 0), line -> {});
    assertTrue(mnist.description().contains("verified"), mnist.description());
    assertEquals(50_000, mnist.train().size());
    assertEquals(10_000, mnist.valid().size());
    assertEquals(10_000, mnist.test().size());
    assertEquals(28, mnist.train().width());
    assertEquals(28, mnist.train().height());
    assertEquals(10, mnist.train().classes());
    int[] first = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4}; // as everyone knows them
    double sum = 0;
    for (int i = 0; i < first.length; i++) {
      assertEquals(first[i], mnist.train().label(i));
    }
    for (int i = 0; i < mnist.test().size(); i++) {
      for (float v : image(mnist.test(), i)) {
        sum += v;
      }
    }
    assertEquals(0.1325, sum / 7_840_000, 0.0001); // the mean of the test images
    assertEquals(7, mnist.test().label(0));
  }
}
