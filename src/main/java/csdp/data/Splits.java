package csdp.data;

import csdp.error.CsdpException;

/**
 * The data of a run; all images have one size.
 *
 * @param name short name for files and tables: mnist, digits, the name of a folder
 * @param description one line about origin and checksums
 * @param train training images
 * @param valid validation images, which select the best epoch, or null
 * @param test test images, or null
 */
public record Splits(String name, String description, Dataset train, Dataset valid, Dataset test) {
  /**
   * Returns recordings with another number of steps; images stay as they are.
   *
   * @throws CsdpException bad input if the files have a fixed number of steps
   */
  public Splits inSteps(int steps) {
    return new Splits(
        name,
        description,
        train.inSteps(steps),
        valid == null ? null : valid.inSteps(steps),
        test == null ? null : test.inSteps(steps));
  }

  /** Checks that the parts fit together. */
  public Splits {
    for (Dataset other : new Dataset[] {valid, test}) {
      if (other == null) {
        continue;
      }
      if (other.width() != train.width() || other.height() != train.height()) {
        throw CsdpException.badInput(
            "%s has images of %d x %d pixels, %s of %d x %d; they must agree",
            other.name(),
            other.width(),
            other.height(),
            train.name(),
            train.width(),
            train.height());
      }
      if (other.steps() != train.steps()) {
        throw CsdpException.badInput(
            "%s has recordings of %d steps, %s of %d (0 for images); they must agree",
            other.name(), other.steps(), train.name(), train.steps());
      }
      if (other.classes() != train.classes()) {
        throw CsdpException.badInput(
            "%s has %d classes, %s has %d; they must agree",
            other.name(), other.classes(), train.name(), train.classes());
      }
    }
  }
}
