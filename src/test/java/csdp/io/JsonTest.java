package csdp.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Damaged JSON files: csdp.system.damaged. */
class JsonTest {
  /** Editors on Windows write one. */
  @Test
  void aByteOrderMarkIsSkipped() {
    byte[] text = "\uFEFF{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
    assertEquals(1, Json.tree(text, Path.of("x.json")).get("a").asInt());
  }

  /** Which class an object becomes is for csdp to say, never for the file. */
  @Test
  void jsonNamesNoTypes() throws Exception {
    var field = Json.class.getDeclaredField("MAPPER");
    field.setAccessible(true);
    ObjectMapper mapper = (ObjectMapper) field.get(null);
    assertNull(mapper.getDeserializationConfig().getDefaultTyper(null));
    try (Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
      for (Path p : (Iterable<Path>) sources.filter(Files::isRegularFile)::iterator) {
        String text = Files.readString(p);
        for (String word :
            List.of("DefaultTyping", "JsonTypeInfo", "JsonSubTypes", "ObjectInput")) {
          assertFalse(text.contains(word), word + " in " + p);
        }
      }
    }
  }
}
