package csdp.encode;

import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes the rows of a job; files appear when they are complete. */
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
   * @throws CsdpException bad input for another name, environment if files cannot be written there
   */
  static CodesWriter of(Path file, NetworkSpec spec, List<Population> layers) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".npy")) {
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
}
