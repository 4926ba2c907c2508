package csdp.data;

import csdp.error.CsdpException;
import java.nio.file.Path;

/**
 * The requested data: a named set, a folder, explicit .npy files, or the default.
 *
 * @param data mnist, fashion, kmnist, digits, strokes, or a folder; null for the default
 * @param trainX training images, .npy, or null; with it trainY
 * @param trainY training labels, .npy, or null
 * @param validX validation images, .npy, or null; with it validY
 * @param validY validation labels, .npy, or null
 * @param testX test images, .npy, or null; with it testY
 * @param testY test labels, .npy, or null
 * @param valid number of last training images used for validation, if the data has no validation
 *     images
 * @param trainLimit number of training images, after removing those for validation; 0 for all
 * @param options for single formats of a folder
 */
public record DataRequest(
    String data,
    Path trainX,
    Path trainY,
    Path validX,
    Path validY,
    Path testX,
    Path testY,
    ValidationSize valid,
    int trainLimit,
    FolderOptions options) {
  /**
   * Checks everything that does not need files.
   *
   * @throws CsdpException bad input: images without labels, files and a set at once, negative
   *     numbers
   */
  public DataRequest {
    checkPair("train", trainX, trainY);
    checkPair("valid", validX, validY);
    checkPair("test", testX, testY);
    if (data != null && (trainX != null || validX != null || testX != null)) {
      throw CsdpException.badInput(
          "the data set %s and .npy files were given; give one or the other", data);
    }
    if (data != null && data.isBlank()) {
      throw CsdpException.badInput(
          "an empty name of a data set; give mnist, fashion, kmnist, digits, strokes or a folder");
    }
    if (trainX != null || validX != null || testX != null) {
      options.requireNone("the list of .npy files");
    }
    if (trainLimit < 0) {
      throw CsdpException.badInput(
          "at most %d training images; give at least 0, for all", trainLimit);
    }
  }

  /** Returns the same request with options for single formats. */
  public DataRequest with(FolderOptions other) {
    return new DataRequest(
        data, trainX, trainY, validX, validY, testX, testY, valid, trainLimit, other);
  }

  /** Returns a request for a named set, a folder, or (null) the default. */
  public static DataRequest of(String data, int valid, int trainLimit) {
    ValidationSize aside = ValidationSize.exactly(valid);
    return new DataRequest(
        data, null, null, null, null, null, null, aside, trainLimit, FolderOptions.DEFAULT);
  }

  /** Returns true if .npy files are named. */
  public boolean hasFiles() {
    return trainX != null || validX != null || testX != null;
  }

  private static void checkPair(String split, Path images, Path labels) {
    if ((images == null) != (labels == null)) {
      throw CsdpException.badInput(
          "%s %s given without %s; images and labels go together",
          images == null ? labels : images,
          images == null ? "(" + split + "Y) was" : "(" + split + "X) was",
          images == null ? split + "X" : split + "Y");
    }
  }
}
