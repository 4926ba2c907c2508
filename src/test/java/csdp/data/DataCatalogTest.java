package csdp.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonMappingException;
import csdp.data.DataCatalog.SetEntry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DataCatalogTest {
  private static DataCatalog parse(String json) throws IOException {
    return DataCatalog.read(
        new ByteArrayInputStream(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void theStandardOneIsComplete() {
    assertEquals(
        java.util.List.of("mnist", "fashion", "kmnist"),
        DataCatalog.standard().sets().stream().map(SetEntry::name).toList());
    for (SetEntry set : DataCatalog.standard().sets()) {
      for (String stem :
          new String[] {
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte"
          }) {
        var file = set.file(stem).orElseThrow();
        String sum = file.sha256() != null ? file.sha256() : file.gzipMd5();
        assertTrue(sum.matches(file.sha256() != null ? "[0-9a-f]{64}" : "[0-9a-f]{32}"), sum);
        assertEquals(stem + ".gz", file.name());
      }
      assertEquals(4, set.files().size());
      assertTrue(!set.mirrors().isEmpty());
      for (String mirror : set.mirrors()) {
        URI url = URI.create(mirror).resolve("x.gz");
        assertEquals("https", url.getScheme());
        assertEquals(mirror + "x.gz", url.toString(), "a mirror ends in a slash");
      }
    }
  }

  @Test
  void unknownAndMissingFieldsAreRefused() throws IOException {
    assertEquals(0, parse("{'sets': []}").sets().size());
    String file = "{'name': 'f.gz', 'sha256': 'ab'}";
    String set =
        "{'sets': [{'name': 's', 'title': 't', 'licence': 'l', 'source': 'u', 'width': 1,"
            + " 'height': 1, 'classes': 2, 'train': 1, 'test': 1, 'mirrors': [], 'files': ["
            + file
            + "]}]}";
    assertEquals("f", parse(set).sets().get(0).files().get(0).stem());
    assertThrows(JsonMappingException.class, () -> parse("{'sets': [], 'more': 1}"));
    assertThrows(
        JsonMappingException.class, () -> parse(set.replace("'title'", "'@class': 'X', 'title'")));
    assertThrows(JsonMappingException.class, () -> parse(set.replace("'mirrors': [], ", "")));
    assertThrows(JsonMappingException.class, () -> parse(set.replace(", 'sha256': 'ab'", "")));
    assertThrows(
        JsonMappingException.class, () -> parse(set.replace("'ab'", "'ab','gzipMd5':'c'")));
    assertThrows(IOException.class, () -> parse(set + "{}"));
  }
}
