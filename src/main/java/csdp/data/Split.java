package csdp.data;

/** A part of the data. */
public enum Split {
  /** What the network learns from. */
  TRAIN,
  /** What the best epoch is chosen by. */
  VALID,
  /** What results are reported on. */
  TEST
}
