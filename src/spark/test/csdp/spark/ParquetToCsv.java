package csdp.spark;

import csdp.io.AtomicFile;
import csdp.io.Csv;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;

/**
 * Converts codes from Parquet to the CSV of {@code csdp encode}, in the order of the index, to
 * compare the two byte for byte.
 *
 * <pre>java -cp ... src/spark/test/csdp/spark/ParquetToCsv.java codes.parquet codes.csv</pre>
 */
public final class ParquetToCsv {
  private ParquetToCsv() {}

  /** Converts. */
  public static void main(String[] args) {
    SparkSession session =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.log.level", "ERROR")
            .getOrCreate();
    List<Row> rows =
        session
            .read()
            .parquet(Path.of(args[0]).toAbsolutePath().toUri().toString())
            .orderBy("index")
            .collectAsList();
    session.stop();
    Row sample =
        rows.stream().filter(r -> r.isNullAt(r.fieldIndex("error"))).findFirst().orElseThrow();
    List<String> names = new ArrayList<>();
    for (int c = 0; c < sample.length(); c++) {
      String name = sample.schema().fieldNames()[c];
      if (sample.schema().apply(c).dataType() instanceof ArrayType) {
        for (int i = 0; i < sample.getList(c).size(); i++) {
          names.add(name.equals("probabilities") ? "p" + i : name + "_" + i);
        }
      } else {
        names.add(name);
      }
    }
    Csv csv = new Csv(names);
    for (Row row : rows) {
      List<Object> cells = new ArrayList<>();
      for (int c = 0; c < row.length(); c++) {
        if (row.schema().apply(c).dataType() instanceof ArrayType) {
          int n = sample.getList(c).size();
          cells.addAll(row.isNullAt(c) ? Collections.nCopies(n, null) : row.getList(c));
        } else {
          cells.add(row.get(c));
        }
      }
      csv.row(cells);
    }
    AtomicFile.write(Path.of(args[1]), csv.bytes());
  }
}
