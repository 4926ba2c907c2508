package csdp.data;

/** A part of the data. */
public enum Split {
  /** Training images. */
  TRAIN,
  /** Validation images, which select the best epoch. */
  VALID,
  /** Test images, for reported results. */
  TEST
}
