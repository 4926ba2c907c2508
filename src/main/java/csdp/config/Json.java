package csdp.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import csdp.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** JSON files: strict, of bounded size and nesting, no types named by the data. */
public final class Json {
  private static final long MAX_BYTES = 64L << 20;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(64).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private Json() {}

  /** A value as indented UTF-8 text. */
  public static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(value.getClass() + " cannot be written as JSON", e);
    }
  }

  /** A value as one line of text. */
  public static String line(Object value) {
    try {
      return MAPPER.writer().without(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(value.getClass() + " cannot be written as JSON", e);
    }
  }

  /** A value as a tree. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** A file as a tree. */
  public static JsonNode tree(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw CsdpException.badInput("%s is larger than 64 MiB; refused", file);
      }
      JsonNode node = MAPPER.readTree(Files.readAllBytes(file));
      if (node == null || node.isMissingNode()) {
        throw CsdpException.badInput("%s is empty", file);
      }
      return node;
    } catch (NoSuchFileException e) {
      throw CsdpException.badInput("%s does not exist", file).because(e);
    } catch (JsonProcessingException e) {
      throw failure(file, e);
    } catch (IOException e) {
      throw CsdpException.badInput("cannot read %s: %s", file, e.getMessage()).because(e);
    }
  }

  /** A line of a file as a tree. */
  public static JsonNode tree(String line, Path file) {
    try {
      return MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      throw failure(file, e);
    }
  }

  /** A tree as a record; unknown and missing fields are refused. */
  public static <T> T value(JsonNode tree, Class<T> type, Path file) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw failure(file, e);
    }
  }

  private static CsdpException failure(Path file, JsonProcessingException e) {
    String text = e.getCause() instanceof CsdpException c ? c.getMessage() : e.getOriginalMessage();
    String place =
        e.getLocation() == null || e.getLocation().getLineNr() < 1
            ? ""
            : ", line " + e.getLocation().getLineNr();
    return CsdpException.badInput(
            "%s%s: %s", file, place, String.valueOf(text).replaceAll("\\p{Cntrl}+", " "))
        .because(e);
  }
}
