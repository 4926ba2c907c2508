package csdp.data;

import csdp.error.CsdpException;

/**
 * Number of last training images that are used for validation, if the data has no validation
 * images.
 *
 * @param images the number
 * @param exact true for this number; false for a tenth of the training images if there are fewer
 *     than five times as many
 */
public record ValidationSize(int images, boolean exact) {
  private static final int FEW = 5;
  private static final int SHARE = 10;

  /**
   * Checks the number.
   *
   * @throws CsdpException bad input
   */
  public ValidationSize {
    if (images < 0) {
      throw CsdpException.badInput("%d validation images; give at least 0", images);
    }
  }

  /** Returns a number that is used as it is. */
  public static ValidationSize exactly(int images) {
    return new ValidationSize(images, true);
  }

  /** Returns a number for large data, and a tenth of smaller data. */
  public static ValidationSize byDefault(int images) {
    return new ValidationSize(images, false);
  }

  /**
   * Returns the number to set aside.
   *
   * @param all number of training images
   */
  int of(int all) {
    return exact || all >= (long) FEW * images ? images : all / SHARE;
  }
}
