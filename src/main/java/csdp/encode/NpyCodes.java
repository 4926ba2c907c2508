package csdp.encode;

import csdp.io.AtomicFile;
import csdp.io.Csv;
import csdp.io.NpyWriter;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Rows as arrays: {@code NAME.npy} (n x units, f4), {@code NAME_classes.npy} (n, i4), {@code
 * NAME_probabilities.npy} (n x classes, f4), and {@code NAME_images.csv} with index, image, true
 * class and error. A row without an image has NaN, and class -1.
 */
final class NpyCodes implements CodesWriter {
  private static final String SUFFIX = ".npy";

  private final List<Population> layers;
  private final int units;
  private final int classes;
  private final Csv csv = new Csv("index", "image", "true_class", "error");
  private final List<AtomicFile> files = new ArrayList<>(); // in the order of their commits
  private final List<Closeable> streams = new ArrayList<>();
  private final AtomicFile last; // the codes
  private final OutputStream images;
  private final NpyWriter predicted;
  private final NpyWriter probabilities;
  private final NpyWriter codes;

  NpyCodes(Path file, NetworkSpec spec, List<Population> layers) {
    this.layers = layers;
    this.units = layers.stream().mapToInt(Population::units).sum();
    this.classes = spec.classes();
    files(file).forEach(f -> files.add(AtomicFile.begin(f)));
    last = files.get(files.size() - 1);
    try {
      images = opened(Channels.newOutputStream(files.get(0).open()));
      predicted = opened(new NpyWriter(files.get(1).open(), "<i4"));
      probabilities = opened(new NpyWriter(files.get(2).open(), "<f4", classes));
      codes = opened(new NpyWriter(last.open(), "<f4", units));
    } catch (IOException e) {
      close();
      throw last.failure(e);
    }
  }

  static boolean isNpy(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(SUFFIX);
  }

  /** Returns the files that are written, in the order of their commits. */
  static List<Path> files(Path file) {
    String name = file.getFileName().toString();
    String stem = name.substring(0, name.length() - SUFFIX.length());
    return Stream.of(stem + "_images.csv", stem + "_classes.npy", stem + "_probabilities.npy", name)
        .map(file::resolveSibling)
        .toList();
  }

  private <T extends Closeable> T opened(T stream) {
    streams.add(stream);
    return stream;
  }

  @Override
  public void add(List<EncodeJob.Row> rows) {
    int n = rows.size();
    int[] answers = new int[n];
    float[] p = new float[n * classes];
    float[] rates = new float[n * units];
    for (int i = 0; i < n; i++) {
      EncodeJob.Row row = rows.get(i);
      if (row.encoding() == null) {
        answers[i] = -1;
        Arrays.fill(p, i * classes, (i + 1) * classes, Float.NaN);
        Arrays.fill(rates, i * units, (i + 1) * units, Float.NaN);
      } else {
        answers[i] = row.encoding().prediction().label();
        for (int k = 0; k < classes; k++) {
          p[i * classes + k] = (float) row.encoding().prediction().probabilities()[k];
        }
        int at = i * units;
        for (Population layer : layers) {
          float[] code = row.encoding().codes()[layer.layer() - 1];
          System.arraycopy(code, 0, rates, at, code.length);
          at += code.length;
        }
      }
      int label = row.image().label();
      csv.row(row.index(), row.image().name(), label < 0 ? null : label, row.image().error());
    }
    try {
      predicted.add(n, answers);
      probabilities.add(n, p);
      codes.add(n, rates);
      images.write(csv.take());
    } catch (IOException e) {
      throw last.failure(e);
    }
  }

  @Override
  public void commit() {
    try {
      predicted.finish();
      probabilities.finish();
      codes.finish();
      images.close();
    } catch (IOException e) {
      throw last.failure(e);
    }
    files.forEach(AtomicFile::commit);
  }

  @Override
  public void close() {
    for (Closeable stream : streams) {
      try {
        stream.close();
      } catch (IOException e) {
        // It is discarded.
      }
    }
    files.forEach(AtomicFile::close);
  }
}
