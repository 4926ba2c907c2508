package csdp.encode;

import csdp.io.AtomicFile;
import csdp.io.Csv;
import csdp.io.Disk;
import csdp.io.OutputFile;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows as CSV: index, image, true class, class, probability of each class, rate of each unit,
 * error. Cells without a value are empty.
 */
final class CsvCodes implements CodesWriter {
  private final Path named;
  private final AtomicFile file; // null for a pipe or device
  private final OutputStream out;
  private final Csv csv;
  private final int classes;
  private final List<Population> layers;

  CsvCodes(Path file, NetworkSpec spec, List<Population> layers) {
    this.classes = spec.classes();
    this.layers = layers;
    List<String> columns = new ArrayList<>(List.of("index", "image", "true_class", "class"));
    for (int k = 0; k < classes; k++) {
      columns.add("p" + k);
    }
    for (Population layer : layers) {
      for (int i = 0; i < layer.units(); i++) {
        columns.add(layer.name() + "_" + i);
      }
    }
    columns.add("error");
    this.csv = new Csv(columns);
    this.named = file;
    OutputFile target = OutputFile.of(file);
    this.file = target.isStream() ? null : AtomicFile.begin(file);
    try {
      this.out = this.file == null ? target.open() : Channels.newOutputStream(this.file.open());
    } catch (IOException e) {
      throw Disk.failure(named, e);
    }
  }

  @Override
  public void add(List<EncodeJob.Row> rows) {
    for (EncodeJob.Row row : rows) {
      List<Object> cells = new ArrayList<>();
      cells.add(row.index());
      cells.add(row.image().name());
      cells.add(row.image().label() < 0 ? null : row.image().label());
      if (row.encoding() == null) {
        int units = layers.stream().mapToInt(Population::units).sum();
        cells.addAll(Arrays.asList(new Object[1 + classes + units]));
      } else {
        cells.add(row.encoding().prediction().label());
        for (double p : row.encoding().prediction().probabilities()) {
          cells.add((float) p);
        }
        for (Population layer : layers) {
          for (float rate : row.encoding().codes()[layer.layer() - 1]) {
            cells.add(rate);
          }
        }
      }
      cells.add(row.image().error());
      csv.row(cells);
    }
    try {
      out.write(csv.take());
    } catch (IOException e) {
      throw Disk.failure(named, e);
    }
  }

  @Override
  public void commit() {
    try {
      out.close();
    } catch (IOException e) {
      throw Disk.failure(named, e);
    }
    if (file != null) {
      file.commit();
    }
  }

  @Override
  public void close() {
    try (file) {
      out.close();
    } catch (IOException e) {
      // It is discarded.
    }
  }
}
