package csdp.data;

import java.util.Locale;

/** A part of the data. */
public enum Split {
  /** Training images. */
  TRAIN,
  /** Validation images, which select the best epoch. */
  VALID,
  /** Test images, for reported results. */
  TEST;

  /** Returns the name for users and files, in lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
