package csdp.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Strict JSON: bounded size and nesting, no types named by the data. */
public final class Json {
  private static final long MAX_BYTES = 4L << 20;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(64).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS) // "3" is no number
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

  /** A file of at most 4 MiB as a tree. */
  public static JsonNode tree(Path file) {
    return tree(bytes(file, MAX_BYTES), file);
  }

  /**
   * The content of a text file.
   *
   * @param limit maximum size in bytes
   * @throws CsdpException bad input, if it is no file or too large; environment, if it cannot be
   *     read
   */
  public static byte[] bytes(Path file, long limit) {
    if (!Files.isRegularFile(file)) {
      throw CsdpException.badInput(
          "%s %s", file, Files.exists(file) ? "is not a file" : "does not exist");
    }
    try {
      if (Files.size(file) > limit) {
        throw CsdpException.badInput("%s is larger than %,d KiB; refused", file, limit >> 10);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
  }

  /** The content of a file, or a part of it, as a tree. */
  public static JsonNode tree(byte[] content, Path file) {
    try {
      JsonNode node = MAPPER.readTree(content);
      if (node == null || node.isMissingNode() || node.isNull()) {
        throw CsdpException.badInput("%s is empty", file);
      }
      return node;
    } catch (JsonProcessingException e) {
      throw failure(file, e);
    } catch (IOException e) {
      throw CsdpException.badInput("cannot read %s: %s", file, e.getMessage()).because(e);
    }
  }

  /** Sets missing fields of an object to null: they are optional. */
  public static void optional(JsonNode tree, String... fields) {
    if (tree instanceof ObjectNode object) {
      for (String field : fields) {
        if (!object.has(field)) {
          object.putNull(field);
        }
      }
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

  /** Returns the first difference of two trees, as text: {@code a.b is 1 there and 2 here}. */
  public static String difference(JsonNode there, JsonNode here) {
    return difference("", there, here);
  }

  private static String difference(String path, JsonNode there, JsonNode here) {
    if (!there.isObject() || !here.isObject()) {
      return String.format(Locale.ROOT, "%s is %s there and %s here", path, there, here);
    }
    Set<String> names = new LinkedHashSet<>();
    there.fieldNames().forEachRemaining(names::add);
    here.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      JsonNode before = there.has(name) ? there.get(name) : MAPPER.nullNode();
      JsonNode now = here.has(name) ? here.get(name) : MAPPER.nullNode();
      if (!before.equals(now)) {
        return difference(path.isEmpty() ? name : path + "." + name, before, now);
      }
    }
    return "something differs";
  }

  /**
   * Returns a field's value, which must not be null.
   *
   * @throws CsdpException bad input, naming it
   */
  public static <T> T required(String field, T value) {
    if (value == null) {
      throw CsdpException.badInput("%s is null", field);
    }
    return value;
  }

  private static CsdpException failure(Path file, JsonProcessingException e) {
    String text = e.getCause() instanceof CsdpException c ? c.getMessage() : e.getOriginalMessage();
    if (e instanceof UnrecognizedPropertyException unknown) {
      String field =
          unknown.getPath().stream()
              .map(p -> p.getFieldName() == null ? "[" + p.getIndex() + "]" : p.getFieldName())
              .collect(Collectors.joining("."));
      text = "unknown field " + field + "; a newer csdp4j may have written it";
    }
    String place =
        e.getLocation() == null || e.getLocation().getLineNr() < 1
            ? ""
            : ", line " + e.getLocation().getLineNr();
    return CsdpException.badInput("%s%s: %s", file, place, text).because(e);
  }
}
