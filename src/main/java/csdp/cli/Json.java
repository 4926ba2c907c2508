package csdp.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import csdp.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Figures for programs: what {@code --json} writes. */
final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Json() {}

  static void write(Path file, Object value) {
    try {
      Files.writeString(file, MAPPER.writeValueAsString(value) + System.lineSeparator());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw CsdpException.environment("cannot write %s: %s", file, e.getMessage()).because(e);
    }
  }
}
