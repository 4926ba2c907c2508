package csdp.data;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.error.CsdpException;
import csdp.io.Npy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recorded spikes of files that NumPy and h5py wrote, and of our own, which these read. */
final class RecordingsTest {
  private static final int SIDE = 34;

  @TempDir Path dir;

  private static Splits open(Path folder, Float window) {
    DataRequest request = DataRequest.of(folder.toString(), 0, 0);
    return DataSources.open(
        window == null ? request : request.with(new FolderOptions(null, null, window)), line -> {});
  }

  private static byte[] event(int x, int y, int polarity, int micros) {
    return new byte[] {
      (byte) x,
      (byte) y,
      (byte) ((polarity << 7) | (micros >> 16)),
      (byte) (micros >> 8),
      (byte) micros
    };
  }

  private Path camera(String name, byte[]... events) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] e : events) {
      bytes.write(e);
    }
    for (String label : new String[] {"0", "1"}) {
      TestData.write(dir.resolve(name + "/Train/" + label + "/00001.bin"), bytes.toByteArray());
    }
    return dir.resolve(name);
  }

  /** Two events in a step are one spike; a clock that went around adds 8.192 ms to later events. */
  @Test
  void eventsAreBinnedByTheirTime() throws IOException {
    Path folder =
        camera(
            "c",
            event(33, 0, 0, 0),
            event(33, 0, 0, 1),
            event(2, 33, 1, 99_999),
            event(0, 240, 0, 5),
            event(5, 1, 0, 92_000),
            event(5, 1, 1, 0x7FFFFF));
    Dataset data = open(folder, 200f).train().inSteps(4);
    assertEquals(SIDE, data.width());
    assertEquals(2 * SIDE, data.height());
    byte[] expected = new byte[4 * 2 * SIDE * SIDE];
    int units = 2 * SIDE * SIDE;
    expected[33] = 1;
    expected[units + SIDE * SIDE + 33 * SIDE + 2] = 1;
    expected[2 * units + SIDE + 5] = 1; // 92 + 8.192 ms
    assertArrayEquals(expected, data.spikes(1));
    float[] rates = new float[units];
    data.copyImage(0, rates, 0);
    assertEquals(0.25f, rates[33]);
    assertEquals(0, rates[34]);
    // A long window shows the last event; the hash tells windows and steps apart.
    Dataset all = open(folder, 10_000f).train().inSteps(4);
    assertEquals(1, all.spikes(0)[3 * units + SIDE * SIDE + SIDE + 5]);
    assertNotEquals(all.sha256(), data.sha256());
    assertNotEquals(all.sha256(), all.inSteps(5).sha256());
    assertEquals(all.sha256(), all.inSteps(5).inSteps(4).sha256());
    assertFails(CsdpException.USAGE, () -> data.requireImages("x"), "recorded spikes");
  }

  @Test
  void damagedEventsAreNamed() throws IOException {
    for (byte[] bad : new byte[][] {event(34, 0, 0, 1), event(0, 34, 0, 1), {1, 2, 3, 4}, {}}) {
      Path folder = camera("bad" + Arrays.hashCode(bad), bad);
      assertFails(
          CsdpException.USAGE,
          () -> open(folder, null).train().sha256(),
          "00001.bin",
          "get it again");
    }
    Path folder = camera("good", event(1, 1, 1, 1));
    for (float window : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertFails(CsdpException.USAGE, () -> open(folder, window), "a window of");
    }
    Files.createDirectories(folder.resolve("Train/2"));
    assertFails(CsdpException.USAGE, () -> open(folder, null), "holds no .bin file");
    Path idx = TestData.idxFolder(dir.resolve("idx"), 3);
    assertFails(CsdpException.USAGE, () -> open(idx, 300f), "no events with times");
  }

  @Test
  void arraysAreBoolOrPacked() throws IOException {
    boolean[] spikes = new boolean[2 * 3 * 16];
    byte[] bits = new byte[2 * 3 * 2];
    for (int s = 0; s < spikes.length; s++) {
      spikes[s] = s % 7 == 0;
      bits[s / 8] |= (byte) (spikes[s] ? 0x80 >> s % 8 : 0);
    }
    Path whole = Files.createDirectories(dir.resolve("whole"));
    Path packed = Files.createDirectories(dir.resolve("packed"));
    Npy.write(whole.resolve("trainSpikes.npy"), new int[] {2, 3, 16}, spikes);
    Npy.write(packed.resolve("trainBits.npy"), new int[] {2, 3, 2}, bits);
    for (Path folder : new Path[] {whole, packed}) {
      Npy.write(folder.resolve("trainY.npy"), new int[] {2}, new int[] {0, 1});
    }
    Dataset a = open(whole, null).train();
    Dataset b = open(packed, null).train();
    assertEquals(3, a.steps());
    assertEquals(4, a.width());
    assertEquals(1, a.spikes(1)[1]); // 49 of all
    assertArrayEquals(a.spikes(1), b.spikes(1));
    assertEquals(a.sha256(), b.sha256());
    assertFails(CsdpException.USAGE, () -> a.inSteps(50), "--steps 3");
    assertFails(CsdpException.USAGE, () -> open(whole, 300f), "no events with times");

    Npy.write(whole.resolve("trainX.npy"), new int[] {2, 3, 2}, bits);
    assertFails(CsdpException.USAGE, () -> open(whole, null), "folders of their own");
    Npy.write(packed.resolve("trainBits.npy"), new int[] {2, 3, 16}, spikes);
    assertFails(CsdpException.USAGE, () -> open(packed, null), "b1 of shape (2, 3, 16)", "uint8");
    Npy.write(packed.resolve("trainBits.npy"), new int[] {2, 6}, bits);
    assertFails(CsdpException.USAGE, () -> open(packed, null), "u1 of shape (2, 6)");
    Npy.write(packed.resolve("trainBits.npy"), new int[] {3, 2, 2}, bits);
    assertFails(CsdpException.USAGE, () -> open(packed, null), "3 recordings", "2 labels");
  }

  private static String python(String script, String... args) throws Exception {
    String[] command = new String[args.length + 1];
    command[0] = "src/test/resources/python/" + script;
    System.arraycopy(args, 0, command, 1, args.length);
    String module = args[0].equals("shd") ? "h5py" : "numpy";
    Child python = Child.pythonWith(module, Duration.ofMinutes(2), command);
    assertEquals(0, python.code(), python.said());
    return python.out();
  }

  /** The line that read_spikes.py prints. */
  private static String line(String part, Dataset data) {
    CRC32 labels = new CRC32();
    CRC32 all = new CRC32();
    long count = 0;
    for (int i = 0; i < data.size(); i++) {
      byte[] spikes = data.spikes(i);
      for (byte s : spikes) {
        count += s;
      }
      all.update(spikes);
      labels.update(data.label(i));
    }
    return String.format(
        Locale.ROOT,
        "%s %d %d %d %d%n",
        part,
        data.size(),
        count,
        labels.getValue(),
        all.getValue());
  }

  private void assertRead(String layout, Float window) throws Exception {
    Path folder = dir.resolve(layout);
    EventMaker.write(folder, EventMaker.Format.valueOf(layout.toUpperCase(Locale.ROOT)), 12, 5, 3);
    Splits s = open(folder, window);
    assertEquals(10, s.train().classes());
    assertTrue(s.train().ink().mean() > 0.001, "hardly any spikes");
    String ms = window == null ? "0" : window.toString();
    String found = python("read_spikes.py", layout, folder.toString(), "50", ms);
    assertEquals(line("train", s.train()) + line("test", s.test()), found);
    // The same seed makes the same files, another one others.
    EventMaker.Format format = EventMaker.Format.valueOf(layout.toUpperCase(Locale.ROOT));
    EventMaker.write(dir.resolve(layout + "2"), format, 12, 5, 3);
    EventMaker.write(dir.resolve(layout + "3"), format, 12, 5, 4);
    assertEquals(s.train().sha256(), open(dir.resolve(layout + "2"), window).train().sha256());
    assertNotEquals(s.train().sha256(), open(dir.resolve(layout + "3"), window).train().sha256());
  }

  @Test
  void numpyReadsOurNmnist() throws Exception {
    assertRead("nmnist", 250f);
  }

  @Test
  void numpyReadsOurBits() throws Exception {
    assertRead("npy", null);
  }

  @Test
  void h5pyReadsOurShd() throws Exception {
    assertRead("shd", 650f);
  }

  /** Compares a part with the events of write_spikes.py. */
  private static void assertEvents(Dataset data, int first, int units, double window) {
    for (int k = 0; k < data.size(); k++) {
      int i = first + k;
      assertEquals(i % 3, data.label(k));
      byte[] expected = new byte[data.steps() * units];
      for (int e = 0; e < 3 * i; e++) {
        double ms = 7 * e + i + 0.5;
        if (ms < window) {
          int step = (int) (ms * data.steps() / window);
          expected[step * units + (13 * e + 5 * i) % units] = 1;
        }
      }
      assertArrayEquals(expected, data.spikes(k), "recording " + i);
    }
  }

  @Test
  void shdOfH5pyIsRead() throws Exception {
    python("write_spikes.py", "shd", dir.resolve("h5").toString());
    // Bins of 20 ms: no time is at their borders, where the rounding of float16 would tell.
    Splits s = open(dir.resolve("h5"), 100f);
    assertEvents(s.train().inSteps(5), 0, 700, 100);
    assertEvents(s.test().inSteps(5), 6, 700, 100);
    assertEquals(3, s.train().classes());
  }

  @Test
  void nmnistAndBoolOfNumpyAreRead() throws Exception {
    python("write_spikes.py", "nmnist", dir.resolve("n").toString());
    Splits s = open(dir.resolve("n"), 100f);
    assertEvents(s.train().inSteps(8), 1, 2 * SIDE * SIDE, 100);
    assertEvents(s.test().inSteps(8), 6, 2 * SIDE * SIDE, 100);
    python("write_spikes.py", "npy", dir.resolve("b").toString());
    s = open(dir.resolve("b"), null);
    assertEvents(s.train(), 0, 20, 200);
    assertEvents(s.test(), 6, 20, 200);
  }

  @Test
  void filesOfOneSetOnly() throws IOException {
    Path folder = Files.createDirectories(dir.resolve("h"));
    Files.write(folder.resolve("shd_train.h5.gz"), new byte[1]);
    assertFails(CsdpException.USAGE, () -> open(folder, null), "gunzip --keep " + folder);
    Files.write(folder.resolve("shd_train.h5"), new byte[1]);
    Files.write(folder.resolve("._shd_test.h5"), new byte[1]);
    Files.write(folder.resolve("._ssc_test.h5"), new byte[1]);
    assertFails(CsdpException.USAGE, () -> open(folder, null), "shd_train.h5 is not an HDF5 file");
    Files.write(folder.resolve("ssc_test.h5"), new byte[1]);
    assertFails(CsdpException.USAGE, () -> open(folder, null), "several sets (shd, ssc)");
  }

  @Test
  void hiddenFilesAreNoRecordings() throws IOException {
    Path folder = camera("m", event(1, 1, 0, 0));
    TestData.write(folder.resolve("Train/0/._00001.bin"), new byte[] {0, 5, 22, 7});
    assertEquals(2, open(folder, 200f).train().size());
  }
}
