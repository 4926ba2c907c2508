package csdp.system.damaged;

import static csdp.data.TestData.gzip;
import static csdp.data.TestData.idx;
import static csdp.data.TestData.idxLabels;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.data.EventMaker;
import csdp.io.Npy;
import csdp.io.NpzWriter;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import csdp.system.Folders;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Valid small inputs of every format, and commands that read them; @ is their folder. */
final class GoodInputs {
  static final long SEED = 20261124;
  static final int SIDE = 4;
  static final int PIXELS = SIDE * SIDE;

  private static final String SMALL =
      " --hidden 6,5 --batch 4 --epochs 1 --steps 3 --device cpu --out @/out";
  static final String TRAIN_IDX = "train --data @/data --valid 3" + SMALL;
  static final String TRAIN_GZIP = "train --data @/gz --valid 3" + SMALL;
  static final String TRAIN_NPY = "train --data @/npy --valid 3" + SMALL;
  static final String TRAIN_CSV = "train --data @/csv --valid 3" + SMALL;
  static final String TRAIN_PICTURES = "train --data @/pictures" + SMALL;
  static final String TRAIN_NMNIST = "train --data @/nmnist --valid 3" + SMALL;
  static final String TRAIN_SHD = "train --data @/shd --valid 3" + SMALL;
  static final String TRAIN_BITS = "train --data @/bits --valid 3" + SMALL;
  static final String RESUME = "train --resume --epochs 2 --device cpu --out @/run";
  static final String EVALUATE = "evaluate --model @/run --data @/data --device cpu";
  static final String EVALUATE_NGC = "evaluate --model @/ngc --data @/data --device cpu";
  static final String EVALUATE_NIR = "evaluate --model @/model.nir --data @/data --device cpu";
  static final String PREDICT = "predict --model @/run --device cpu @/";
  static final String REPLAY = "replay --device reference @/trace.npz";

  private GoodInputs() {}

  /** Writes data sets, images and a recorded run. */
  static void write(Path good) throws IOException {
    Random random = new Random(SEED);
    byte[] train = pixels(14, random);
    byte[] test = pixels(6, random);
    Path data = Files.createDirectories(good.resolve("data"));
    Files.write(data.resolve("train-images-idx3-ubyte"), idx(train, 14, SIDE, SIDE));
    Files.write(data.resolve("train-labels-idx1-ubyte"), idxLabels(14, 3));
    Files.write(data.resolve("t10k-images-idx3-ubyte"), idx(test, 6, SIDE, SIDE));
    Files.write(data.resolve("t10k-labels-idx1-ubyte"), idxLabels(6, 3));
    Path gz = Files.createDirectories(good.resolve("gz"));
    for (String name : Folders.names(data)) {
      Files.write(gz.resolve(name + ".gz"), gzip(Files.readAllBytes(data.resolve(name))));
    }
    Path npy = Files.createDirectories(good.resolve("npy"));
    Npy.write(npy.resolve("trainX.npy"), new int[] {14, PIXELS}, floats(train));
    Npy.write(npy.resolve("trainY.npy"), new int[] {14, 3}, oneHot(14));
    Npy.write(npy.resolve("testX.npy"), new int[] {6, SIDE, SIDE}, test);
    Npy.write(npy.resolve("testY.npy"), new int[] {6}, new int[] {0, 1, 2, 0, 1, 2});
    Npy.write(good.resolve("x.npy"), new int[] {6, PIXELS}, floats(test));
    Files.write(good.resolve("x.idx"), idx(test, 6, SIDE, SIDE));
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setDataElements(0, 0, SIDE, SIDE, Arrays.copyOf(test, PIXELS));
    assertTrue(ImageIO.write(image, "png", good.resolve("x.png").toFile()));
    Path csv = Files.createDirectories(good.resolve("csv"));
    Files.writeString(csv.resolve("train.csv"), csv(train, 14));
    Files.write(csv.resolve("test.csv.gz"), gzip(csv(test, 6).getBytes(StandardCharsets.UTF_8)));
    for (String kind : List.of("png", "jpg", "bmp", "gif")) {
      Path pictures = Files.createDirectories(good.resolve("pictures/" + kind));
      for (int i = 0; i < 4; i++) {
        ImageIO.write(image, kind, pictures.resolve(i + "." + kind).toFile());
      }
    }
    EventMaker.write(good.resolve("nmnist"), EventMaker.Format.NMNIST, 14, 6, 1);
    EventMaker.write(good.resolve("shd"), EventMaker.Format.SHD, 14, 6, 1);
    Path bits = Files.createDirectories(good.resolve("bits"));
    byte[] packed = new byte[14 * 3 * PIXELS];
    random.nextBytes(packed);
    Npy.write(bits.resolve("trainBits.npy"), new int[] {14, 3, PIXELS}, packed);
    Npy.write(bits.resolve("trainY.npy"), new int[] {14, 3}, oneHot(14));
    writeTrace(good.resolve("trace.npz"));
  }

  /** Rows of a label, 0, 1, 2, 0, .., and pixels. */
  private static String csv(byte[] images, int n) {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < n; i++) {
      rows.append(i % 3);
      for (int p = 0; p < PIXELS; p++) {
        rows.append(',').append(images[i * PIXELS + p] & 0xFF);
      }
      rows.append('\n');
    }
    return rows.toString();
  }

  /** Returns a file of the parameters of the exported model. */
  static String parameters(Path good, String file) throws IOException {
    for (String name : Folders.names(good.resolve("ngc"))) {
      if (name.startsWith("best_params")) {
        return "ngc/" + name + "/" + file;
      }
    }
    throw new AssertionError("no parameters");
  }

  private static byte[] pixels(int n, Random random) {
    byte[] pixels = new byte[n * PIXELS];
    random.nextBytes(pixels);
    return pixels;
  }

  static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (bytes[i] & 0xFF) / 255f;
    }
    return values;
  }

  static float[] oneHot(int n) {
    float[] rows = new float[3 * n];
    for (int i = 0; i < n; i++) {
      rows[3 * i + i % 3] = 1;
    }
    return rows;
  }

  /** A recorded run in which nothing spikes. */
  private static void writeTrace(Path file) throws IOException {
    Constants c = Constants.demo().withSteps(3);
    NetworkSpec spec = NetworkSpec.builder(PIXELS, 3).hidden(5, 4).constants(c).build();
    Parameters p = Parameters.random(spec, 1);
    try (NpzWriter out = new NpzWriter(file)) {
      out.add("meta/T", new int[0], new float[] {3});
      out.add("meta/eta", new int[0], new float[] {0.001f});
      out.add("meta/w_decay", new int[0], new float[] {0.0001f});
      for (Synapse s : spec.synapses()) {
        out.add("init/" + s.name(), new int[] {s.pre().units(), s.post().units()}, p.weights(s));
      }
      for (Population pop : spec.integrating()) {
        out.add("init/" + pop.name() + "_thr", new int[] {pop.units()}, p.thresholds(pop));
      }
      out.add("train/0/s0", new int[] {3, 4, PIXELS}, new byte[3 * 4 * PIXELS]);
      out.add("train/0/y", new int[] {4, 3}, oneHot(4));
      out.add("train/0/positive", new int[] {4}, new int[] {1, 1, 0, 0});
      out.add("train/0/s_z1", new int[] {3, 4, 5}, new byte[3 * 4 * 5]);
      Synapse w1 = spec.synapses().get(0);
      float[] clipped = p.weights(w1); // in (-1, 1) from the start: without spikes they stay
      out.add("final/W1", new int[] {PIXELS, 5}, clipped);
    }
  }
}
