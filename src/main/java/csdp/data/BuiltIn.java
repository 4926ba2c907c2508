package csdp.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** A data set that is part of the library. */
public enum BuiltIn {
  /** Real digits; the default without data and network. */
  DIGITS(
      "Handwritten digits, real and small",
      "CC BY 4.0; E. Alpaydin, C. Kaynak, https://doi.org/10.24432/C50P49",
      "handwritten digits (UCI, CC BY 4.0), split as in an independent study of CSDP",
      Digits.SIDE,
      Digits.TRAIN,
      Digits.VALID,
      Digits.TEST),

  /** Generated digits of MNIST's size. */
  STROKES(
      "Digits drawn by csdp, for trials; not MNIST",
      "as csdp4j",
      "digits drawn by csdp itself, not MNIST (seed " + Strokes.SEED + ")",
      Strokes.SIDE,
      Strokes.TRAIN,
      0,
      Strokes.TEST);

  private final String title;
  private final String licence;
  private final String description;
  private final int side;
  private final int trainSize;
  private final int validSize;
  private final int testSize;

  BuiltIn(
      String title, String licence, String description, int side, int train, int valid, int test) {
    this.title = title;
    this.licence = licence;
    this.description = description;
    this.side = side;
    this.trainSize = train;
    this.validSize = valid;
    this.testSize = test;
  }

  /** Returns the set of a name. */
  public static Optional<BuiltIn> find(String name) {
    return Arrays.stream(values()).filter(s -> s.label().equals(name)).findFirst();
  }

  /** Returns the name for users. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns one line about the set. */
  public String title() {
    return title;
  }

  /** Returns the licence and the authors. */
  public String licence() {
    return licence;
  }

  /** Returns numbers of images, image size and number of classes in one line. */
  public String sizes() {
    return String.format(
        Locale.ROOT,
        "%,d train, %s%,d test, %d x %d pixels, 10 classes",
        trainSize,
        validSize == 0 ? "" : String.format(Locale.ROOT, "%,d validation, ", validSize),
        testSize,
        side,
        side);
  }

  /** Returns the images. */
  Source source() {
    return new Images(this, reader());
  }

  private Function<Split, Dataset> reader() {
    return switch (this) {
      case DIGITS -> Digits::read;
      case STROKES ->
          split ->
              switch (split) {
                case TRAIN -> Strokes.train(Strokes.SEED);
                case VALID -> null;
                case TEST -> Strokes.test(Strokes.SEED);
              };
    };
  }

  /** The images of a set, read or drawn on demand. */
  static final class Images implements Source {
    private final BuiltIn set;
    private final Function<Split, Dataset> reader;

    private Images(BuiltIn set, Function<Split, Dataset> reader) {
      this.set = set;
      this.reader = reader;
    }

    @Override
    public String name() {
      return set.label();
    }

    @Override
    public String description() {
      return set.description;
    }

    @Override
    public boolean has(Split split) {
      return true;
    }

    @Override
    public boolean hasSome(Split split) {
      return true;
    }

    @Override
    public Dataset read(Split split) {
      return reader.apply(split);
    }

    @Override
    public String filesOf(Split split) {
      return set.label();
    }
  }
}
