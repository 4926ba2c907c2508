package csdp.data;

/** The source of a run's data; reads parts on demand. */
interface Source {
  /** Short name. */
  String name();

  /** Returns a line about origin and checksums; call it after reading the parts. */
  String description();

  /**
   * Returns true if a part is complete, or can be split off a complete one. By default, it is
   * complete if it has any file.
   */
  default boolean has(Split split) {
    return hasSome(split) || (split == Split.VALID && hasSome(Split.TRAIN));
  }

  /** Returns true if any file of a part exists: an incomplete part is an error, not absent. */
  boolean hasSome(Split split);

  /**
   * Reads the images of a part that has files of its own.
   *
   * @return null for validation images that are to be split off the training images
   */
  Dataset read(Split split);

  /** Returns the file names of a part, for messages. */
  String filesOf(Split split);

  /** Returns why a part is absent, and the remedy, for messages. */
  default String absence(Split split) {
    String images = split == Split.TEST ? "test" : "training";
    return "no " + images + " images among them; add " + filesOf(split);
  }
}
