package csdp.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.config.RunConfig;
import csdp.data.Dataset;
import csdp.data.Ink;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * The content of a run's config.json: configuration and origin.
 *
 * @param csdp4j version that started the run
 * @param java version that started the run
 * @param device on which the run was started
 * @param started time, ISO 8601
 * @param seen the data that was found
 * @param run configuration
 */
public record RunRecord(
    String csdp4j, String java, String device, String started, Data seen, RunConfig run) {
  /** Checks that nothing is missing. */
  public RunRecord {
    Json.required("csdp4j", csdp4j);
    Json.required("java", java);
    Json.required("device", device);
    Json.required("started", started);
    Json.required("seen", seen);
    Json.required("run", run);
  }

  /**
   * A record that this or an earlier version wrote: missing fields get their defaults.
   *
   * @param file that the tree was read from, for messages
   * @throws CsdpException bad input, when a field is unknown, out of range, or missing without a
   *     default
   */
  static RunRecord of(JsonNode tree, Path file) {
    if (tree.path("run") instanceof ObjectNode run) {
      RunConfig.complete(run);
    }
    Json.optional(tree.path("seen"), "ink", "valid", "test", "classNames", "recordedSteps");
    return Json.value(tree, RunRecord.class, file);
  }

  /**
   * The data of a run.
   *
   * @param name short
   * @param description origin
   * @param ink of the training images; null if written by a version that did not measure it
   * @param valid null without validation images
   * @param test null without test images
   * @param classNames of the classes; null if they have numbers only
   * @param recordedSteps time steps of recorded spikes; null for images
   */
  public record Data(
      String name,
      String description,
      int width,
      int height,
      int classes,
      Ink ink,
      Part train,
      Part valid,
      Part test,
      List<String> classNames,
      Integer recordedSteps) {
    /** Checks that nothing is missing, and sizes. */
    public Data {
      Json.required("name", name);
      Json.required("description", description);
      Json.required("train", train);
      if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE || classes < 1) {
        throw CsdpException.badInput(
            "images of %d x %d pixels in %d classes; all are at least 1", width, height, classes);
      }
      if (!isNamed(classes, classNames)) {
        throw CsdpException.badInput("%d classes with the names %s", classes, classNames);
      }
    }

    /** Returns true if classes have no names, or each has one. */
    static boolean isNamed(int classes, List<String> names) {
      return names == null
          || (names.size() == classes && names.stream().noneMatch(Objects::isNull));
    }

    /** Returns the record of data that was found. */
    public static Data of(Splits s) {
      return new Data(
          s.name(),
          s.description(),
          s.train().width(),
          s.train().height(),
          s.train().classes(),
          s.train().ink(),
          Part.of(s.train()),
          Part.of(s.valid()),
          Part.of(s.test()),
          s.train().classNames().isEmpty() ? null : s.train().classNames(),
          switch (s.train().kind()) {
            case BYTES, FLOATS -> null;
            case SPIKES -> s.train().steps();
          });
    }

    /** Returns true for the same content, independent of its location. */
    public boolean sameContent(Data other) {
      return train.equals(other.train) && Objects.equals(valid, other.valid);
    }
  }

  /**
   * A part of the data.
   *
   * @param images number of images
   * @param sha256 of sizes, pixels and labels
   */
  public record Part(int images, String sha256) {
    /** Checks both. */
    public Part {
      if (images < 1 || !Json.required("sha256", sha256).matches("[0-9a-f]{64}")) {
        throw CsdpException.badInput("%d images with the hash '%s'", images, sha256);
      }
    }

    static Part of(Dataset d) {
      return d == null ? null : new Part(d.size(), d.sha256());
    }
  }
}
