package csdp.data;

import static csdp.data.TestData.image;
import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.config.RunConfig.Preset;
import csdp.io.Checksums;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DigitsTest {
  private static final DataRequest DIGITS = DataRequest.of("digits", 10_000, 0);

  /** SHA-256 of data/digits/digits.csv.gz uncompressed, as zcat and sha256sum print it. */
  private static final String CSV =
      "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8";

  /** {@link Dataset#sha256()} of each part, computed in Python from the two files. */
  private static final Map<Split, String> PARTS =
      Map.of(
          Split.TRAIN, "1e4694170beb314eaaea83291cc3f32792e483f9ececd94ce1cc24e954082981",
          Split.VALID, "94dfa0a87d814221a63a1f5b897eb903a940b71941bf9cf98da9f8f1f7a9a7ff",
          Split.TEST, "7f780557966e1df26a9504d1c8f707a8ed54c60101cb7320e95289fd8e602c65");

  @Test
  void partsAreThoseOfTheStudy() {
    for (Split split : Split.values()) {
      Dataset part = DataSources.split(DIGITS, split, line -> {});
      assertEquals(PARTS.get(split), part.sha256(), split.toString());
      assertEquals("digits " + split.name().toLowerCase(java.util.Locale.ROOT), part.name());
    }
    Splits all = DataSources.open(DIGITS, line -> {});
    assertEquals(1_078, all.train().size());
    assertEquals(359, all.valid().size());
    assertEquals(360, all.test().size());
    assertEquals(10, all.train().classes());
    assertEquals(List.of(), all.train().absentClasses());
    // Row 1265 of the file comes first.
    float[] first = image(all.train(), 0);
    assertEquals(12 / 16f, first[3]);
    assertEquals(7, all.train().label(0));
    assertEquals(PARTS.get(Split.VALID), all.valid().sha256());
  }

  @Test
  void fileInTheSourcesIsUnchanged() throws IOException {
    Path file = Path.of("data/digits/digits.csv.gz");
    assertEquals(CSV, Checksums.sha256Uncompressed(file, 1 << 20));
  }

  @Test
  void quickPresetFitsTheImages() {
    assertEquals(3, Preset.QUICK.config(null).training().epochs());
    assertEquals(3, Preset.QUICK.config("strokes").training().epochs());
    assertEquals(20, Preset.QUICK.config("digits").training().epochs());
    assertEquals(0, Preset.QUICK.config("digits").data().trainLimit());
    assertEquals("digits", Preset.QUICK.config("digits").data().name());
  }
}
