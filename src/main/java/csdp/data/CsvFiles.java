package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Checksums;
import csdp.io.Disk;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Images in CSV files, as Kaggle has them: {@code train.csv}, {@code test.csv} and perhaps {@code
 * valid.csv}, also with more words in their names, plain or gzip, in UTF-8. A row is a label and
 * pixels 0..255. The label is the column named label or class, without a header the first. A file
 * whose header has no such column (as Kaggle's test.csv) is left out. Files of EMNIST are
 * transposed.
 */
final class CsvFiles implements Source {
  private static final Pattern END = Pattern.compile("(?i).*\\.csv(\\.gz)?");
  private static final List<String> LABELS = List.of("label", "class");
  private static final byte[] UTF_8_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  /** Fewer columns of numbers may be anything: the pixels of 2 x 2. */
  private static final int LEAST_PIXELS = 4;

  private final String name;
  private final Path folder;
  private final Map<Split, Path> files = new EnumMap<>(Split.class);
  private final Map<Split, String> unlabelled = new EnumMap<>(Split.class);
  private final Map<Split, Table> read = new EnumMap<>(Split.class);

  /** A file: label and pixels of each row. */
  private record Table(List<String> labels, byte[] pixels, int columns) {}

  CsvFiles(String name, Path folder) {
    this.name = name;
    this.folder = folder;
    for (Split split : Split.values()) {
      Path file = find(folder, split);
      if (file == null) {
        continue;
      }
      requirePlausible(file);
      if (hasLabels(file)) {
        files.put(split, file);
      } else {
        unlabelled.put(split, file.getFileName().toString());
      }
    }
  }

  /** Returns true if a folder has a file of training or test images. */
  static boolean isOne(Path folder) {
    return find(folder, Split.TRAIN) != null || find(folder, Split.TEST) != null;
  }

  private static Path find(Path folder, Split split) {
    String word = split.label();
    Pattern names = Pattern.compile("(?i)(.*[^a-z])?" + word + "([^a-z].*)?\\.csv(\\.gz)?");
    List<Path> found;
    try (Stream<Path> all = Files.list(folder)) {
      found =
          all.filter(f -> END.matcher(f.getFileName().toString()).matches())
              .filter(ClassFolders::isVisible)
              .filter(f -> names.matcher(f.getFileName().toString()).matches())
              .filter(Files::isRegularFile)
              .sorted()
              .toList();
    } catch (IOException e) {
      throw Disk.unreadable(folder, e);
    }
    if (found.size() > 1) {
      throw CsdpException.badInput(
          "%s holds several CSV files of %s images (%s, %s); keep one",
          folder, word, found.get(0).getFileName(), found.get(1).getFileName());
    }
    return found.isEmpty() ? null : found.get(0);
  }

  // ---- reading

  /** Call it first: the parser holds a whole row, however long. */
  private static void requirePlausible(Path file) {
    try {
      Checksums.requirePlausible(file);
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
  }

  private interface Use<T> {
    T of(Iterator<CSVRecord> rows);
  }

  private static <T> T rows(Path file, Use<T> use) {
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = Checksums.isGzip(file) ? new GZIPInputStream(raw, 1 << 16) : raw;
        CSVParser rows = CSVParser.parse(text(in, file), CSVFormat.DEFAULT)) {
      return use.of(rows.iterator());
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    } catch (UncheckedIOException | IllegalStateException e) {
      // The parser wraps errors of reading and of decompression.
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw CsdpException.badInput("%s: damaged (%s); get it again", file, cause.getMessage())
          .because(e);
    }
  }

  /** Returns the text after a byte order mark, which spreadsheets write. */
  private static BufferedReader text(InputStream in, Path file) throws IOException {
    PushbackInputStream bytes = new PushbackInputStream(in, 3);
    byte[] start = bytes.readNBytes(3);
    if (start.length >= 2) {
      int mark = ((start[0] & 0xFF) << 8) | (start[1] & 0xFF);
      if (mark == 0xFEFF || mark == 0xFFFE) {
        throw CsdpException.badInput("%s: UTF-16 text; save it as UTF-8", file);
      }
    }
    if (!Arrays.equals(start, UTF_8_MARK)) {
      bytes.unread(start);
    }
    return new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8), 1 << 16);
  }

  /** Returns the column of the label; -1 for a header that does not name it. */
  private static int labelColumn(CSVRecord first) {
    int named = namedLabel(first);
    return named >= 0 ? named : isHeader(first) ? -1 : 0;
  }

  /** Returns the column that is called label or class, or -1. */
  private static int namedLabel(CSVRecord row) {
    for (int i = 0; i < row.size(); i++) {
      if (LABELS.contains(row.get(i).strip().toLowerCase(Locale.ROOT))) {
        return i;
      }
    }
    return -1;
  }

  /**
   * A header names the label or its last column, or it is a word before the numbers 0, 1, 2, ... of
   * the pixels.
   */
  private static boolean isHeader(CSVRecord row) {
    if (row.size() < 2) {
      return false;
    }
    int last = row.size() - 1;
    while (last > 1 && row.get(last).isBlank()) {
      last--; // rows that end with a comma
    }
    boolean numbered =
        row.size() > LEAST_PIXELS
            && IntStream.range(1, row.size())
                .allMatch(i -> row.get(i).strip().equals(String.valueOf(i - 1)));
    return namedLabel(row) >= 0
        || (!row.get(last).isBlank() && !isNumber(row.get(last)))
        || (numbered && !isNumber(row.get(0)));
  }

  private static boolean isNumber(String text) {
    return text.strip().matches("[-+.0-9eE]+");
  }

  private static boolean hasLabels(Path file) {
    return rows(file, all -> !all.hasNext() || labelColumn(all.next()) >= 0);
  }

  /**
   * Returns true if the files of a folder hold pixels; false if they list image files, with columns
   * such as id and label.
   */
  static boolean hasPixels(Path folder) {
    Path train = find(folder, Split.TRAIN);
    Path file = train == null ? find(folder, Split.TEST) : train;
    requirePlausible(file);
    return rows(
        file,
        all -> {
          CSVRecord row = all.hasNext() ? all.next() : null;
          int label = row == null ? -1 : labelColumn(row);
          if (row != null && isHeader(row)) {
            row = all.hasNext() ? all.next() : null;
          }
          int pixels = 0;
          for (int i = 0; row != null && i < row.size(); i++) {
            pixels += i != label && pixel(row.get(i)) >= 0 ? 1 : 0;
          }
          return pixels >= LEAST_PIXELS;
        });
  }

  private Table table(Split split) {
    return read.computeIfAbsent(split, any -> rows(files.get(split), all -> read(split, all)));
  }

  private Table read(Split split, Iterator<CSVRecord> all) {
    Path file = files.get(split);
    if (!all.hasNext()) {
      throw CsdpException.badInput("%s: empty; get it again", file);
    }
    CSVRecord row = all.next();
    int column = labelColumn(row);
    int columns = row.size() - 1;
    if (columns < 1) {
      throw CsdpException.badInput("%s: row 1 has no pixels; a row is a label and pixels", file);
    }
    if (isHeader(row)) {
      for (int i = 0; i < row.size(); i++) {
        if (row.get(i).isBlank()) {
          throw CsdpException.badInput(
              "%s: column %d of the header has no name; save only label and pixels (pandas:"
                  + " index=False)",
              file, i + 1);
        }
      }
      row = all.hasNext() ? all.next() : null;
    }
    List<String> labels = new ArrayList<>();
    byte[] pixels = new byte[columns * 64];
    int highest = 0;
    for (; row != null; row = all.hasNext() ? all.next() : null) {
      if (row.size() != columns + 1) {
        throw CsdpException.badInput(
            "%s: row %d has %d columns, the first has %d",
            file, row.getRecordNumber(), row.size(), columns + 1);
      }
      int from = labels.size() * columns;
      if (from > pixels.length - columns) {
        pixels = Arrays.copyOf(pixels, (int) Math.min(Integer.MAX_VALUE - 64L, 2L * pixels.length));
        if (from > pixels.length - columns) {
          throw CsdpException.badInput("%s: more than 2 GiB of pixels; divide it", file);
        }
      }
      labels.add(row.get(column).strip());
      for (int i = 0; i < columns; i++) {
        int at = i < column ? i : i + 1;
        int value = pixel(row.get(at));
        if (value < 0) {
          throw CsdpException.badInput(
              "%s: row %d, column %d is '%s'; pixels are whole numbers 0..255",
              file, row.getRecordNumber(), at + 1, row.get(at));
        }
        highest = Math.max(highest, value);
        pixels[from + i] = (byte) value;
      }
    }
    if (labels.isEmpty()) {
      throw CsdpException.badInput("%s: no images; give at least one", file);
    }
    if (highest == 1) {
      throw CsdpException.badInput(
          "%s: pixels are all 0 or 1, while they are grey levels 0..255; multiply them by 255",
          file);
    }
    return new Table(labels, Arrays.copyOf(pixels, labels.size() * columns), columns);
  }

  /** Returns a grey level, or -1. */
  private static int pixel(String text) {
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9 || value > 25) {
        return -1;
      }
      value = 10 * value + digit;
    }
    return text.isEmpty() || value > 255 ? -1 : value;
  }

  private Dataset dataset(Split split) {
    Path file = files.get(split);
    Table table = table(split);
    Classes classes = Classes.of(files.keySet().stream().flatMap(s -> table(s).labels().stream()));
    ImageSize size = ImageSize.ofPixels(table.columns());
    byte[] pixels = table.pixels();
    String fileName = file.getFileName().toString();
    if (size.width() == size.height() && fileName.toLowerCase(Locale.ROOT).startsWith("emnist")) {
      pixels = Idx.transposed(pixels, 0, size.width(), size.height());
    }
    return classes.name(
        Dataset.adoptBytes(
            name + " " + split.label() + " (" + fileName + ")",
            size.width(),
            size.height(),
            classes.count(),
            pixels,
            0,
            table.labels().stream().mapToInt(classes::indexOf).toArray()));
  }

  // ---- source

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return "CSV files in "
        + folder
        + (unlabelled.isEmpty()
            ? ""
            : ", without " + String.join(" and ", unlabelled.values()) + ", which has no labels");
  }

  @Override
  public boolean hasSome(Split split) {
    return files.containsKey(split);
  }

  @Override
  public String filesOf(Split split) {
    return (split == Split.TEST ? "test.csv" : "train.csv") + " with a column of labels";
  }

  @Override
  public String absence(Split split) {
    return unlabelled.containsKey(split)
        ? "no column of "
            + unlabelled.get(split)
            + " is called label or class; rename the column of the labels, or add it"
        : Source.super.absence(split);
  }

  @Override
  public Dataset read(Split split) {
    return files.containsKey(split) ? dataset(split) : null;
  }
}
