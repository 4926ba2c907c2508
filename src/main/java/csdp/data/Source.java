package csdp.data;

/** Where the data of a run comes from; reads a part only when it is asked for. */
interface Source {
  /** Short name. */
  String name();

  /** A line about origin and checksums; call it after the parts were read. */
  String description();

  /** Whether a part is there, or can be split off one that is there. */
  boolean has(Split split);

  /** Whether any file of a part is there: a part of one is damaged, not absent. */
  boolean hasSome(Split split);

  /** All training images. */
  Dataset train();

  /** Validation images of its own, or null. */
  Dataset ownValid();

  /** Test images, where it has them. */
  Dataset test();

  /** The names of the files that a part is read from, for messages. */
  String filesOf(Split split);
}
