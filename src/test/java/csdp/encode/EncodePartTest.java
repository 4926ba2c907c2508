package csdp.encode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Csdp;
import csdp.checkpoint.SavedModel;
import csdp.data.ImageSource;
import csdp.data.ImageSource.Item;
import csdp.error.CsdpException;
import csdp.io.Npy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodePartTest {
  @TempDir Path dir;

  private static List<Item> items(ImageSource source, int most) {
    List<Item> items = new ArrayList<>();
    try (source) {
      for (Item i = source.next(); i != null && items.size() < most; i = source.next()) {
        items.add(i);
      }
    }
    return items;
  }

  @Test
  void partsHoldEachImageOnceInOrder() throws Exception {
    Path model = dir.resolve("model");
    try (Csdp network = Csdp.builder(6, 2).hidden(3).device("cpu").build()) {
      network.save(model);
    }
    SavedModel saved = SavedModel.open(model, false);
    float[] pixels = new float[11 * 6];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i / 66f;
    }
    pixels[20] = Float.NaN;
    List<String> files = new ArrayList<>();
    for (String name : List.of("a.npy", "b.npy", "c.npy")) {
      files.add(dir.resolve(name).toString());
    }
    Npy.write(dir.resolve("a.npy"), new int[] {11, 6}, pixels);
    Files.write(dir.resolve("b.npy"), new byte[] {1, 2, 3});
    Npy.write(dir.resolve("c.npy"), new int[] {4, 6}, new float[24]);
    files.add(dir.resolve("gone.png").toString());

    for (int limit : new int[] {Integer.MAX_VALUE, 13, 1}) {
      EncodeJob job = new EncodeJob(5, limit, 4);
      EncodePart all = new EncodePart(model.toString(), false, 1, false, files, 0, job);
      List<Item> whole = items(all.images(saved), limit);
      assertEquals(Math.min(limit, 17), whole.size());
      for (int wanted = 1; wanted < 20; wanted++) {
        List<EncodePart> parts = all.divide(saved, wanted, 1);
        assertTrue(parts.size() <= wanted && (wanted > 1 || parts.size() == 1), "" + parts);
        List<Item> divided = new ArrayList<>();
        for (EncodePart part : parts) {
          assertEquals(5 + divided.size(), part.job().first());
          divided.addAll(items(part.images(saved), part.job().limit()));
        }
        assertEquals(whole.size(), divided.size());
        for (int i = 0; i < whole.size(); i++) {
          assertEquals(whole.get(i).name(), divided.get(i).name());
          assertEquals(whole.get(i).error(), divided.get(i).error());
          assertArrayEquals(whole.get(i).pixels(), divided.get(i).pixels());
        }
      }
    }
    EncodeJob late = new EncodeJob(Integer.MAX_VALUE - 16, Integer.MAX_VALUE, 4);
    EncodePart tooMany = new EncodePart(model.toString(), false, 1, false, files, 0, late);
    assertThrows(CsdpException.class, () -> tooMany.divide(saved, 2, 1));
  }
}
