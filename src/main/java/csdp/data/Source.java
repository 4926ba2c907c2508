package csdp.data;

/** Where the data of a run comes from; reads a part only when it is asked for. */
interface Source {
  /** Short name. */
  String name();

  /** A line about origin and checksums; call it after the parts were read. */
  String description();

  /** Whether a part is there, or can be split off one that is there. */
  boolean has(Split split);

  /** All training images. */
  Dataset train();

  /** Validation images of its own, or null. */
  Dataset ownValid();

  /** Test images. */
  Dataset test();

  /** The names of the files that a part is read from, for messages. */
  String filesOf(Split split);
}
