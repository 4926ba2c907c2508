package csdp.data;

import csdp.error.CsdpException;

/**
 * The data of a run; all images have one size.
 *
 * @param name short, for file names and tables: mnist, strokes, the name of a folder
 * @param description a line: where it came from, and whether its checksums were found right
 * @param train what the network learns from
 * @param valid what the best epoch is chosen by, or null where there is none
 * @param test what results are reported on, or null where there is none
 */
public record Splits(String name, String description, Dataset train, Dataset valid, Dataset test) {
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
      if (other.classes() != train.classes()) {
        throw CsdpException.badInput(
            "%s has %d classes, %s has %d; they must agree",
            other.name(), other.classes(), train.name(), train.classes());
      }
    }
  }
}
