package csdp.encode;

import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Writes the rows of a job. Files appear when they are complete; a pipe or device receives the rows
 * of a CSV at once.
 */
public interface CodesWriter extends AutoCloseable {
  /** Appends rows, in order. */
  void add(List<EncodeJob.Row> rows);

  /** Replaces earlier files by the rows so far. */
  void commit();

  /** Discards rows that were not committed. */
  @Override
  void close();

  /**
   * Returns a writer for a file name: {@code .npy} or {@code .csv}.
   *
   * @param layers hidden layers whose codes are written, in order
   * @throws CsdpException bad input for another name, a folder, or a pipe or device for arrays;
   *     environment if files cannot be written there
   */
  static CodesWriter of(Path file, NetworkSpec spec, List<Population> layers) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (NpyCodes.isNpy(file)) {
      return new NpyCodes(file, spec, layers);
    }
    if (name.endsWith(".csv")) {
      return new CsvCodes(file, spec, layers);
    }
    if (name.endsWith(".parquet")) {
      throw CsdpException.badInput("%s: Parquet needs --engine spark; name a .npy or .csv", file);
    }
    throw CsdpException.badInput("%s: name a .npy or .csv file", file);
  }

  /** Returns the files that are written for a file name; itself is the last. */
  static List<Path> files(Path file) {
    return NpyCodes.isNpy(file) ? NpyCodes.files(file) : List.of(file);
  }
}
