package csdp.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.cli.CommandTest;
import csdp.io.Npy;
import csdp.system.Folders;
import csdp.system.SweepData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps and encodings on Spark in this process. A cluster: scripts/spark_local_cluster.sh. */
class SparkTest extends CommandTest {
  private static final String MODEL =
      "train --data digits --hidden 40,20 --batch 50 --epochs 1 --steps 10 --train-limit 300"
          + " --device cpu --out ";

  @TempDir Path dir;

  /** Returns the rows of a Parquet folder. */
  private static List<Row> rows(Path folder) {
    SparkSession session =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
    try {
      return session.read().parquet(folder.toUri().toString()).collectAsList();
    } finally {
      session.stop();
    }
  }

  @Test
  void encodingHasTheBytesOfTheLocalEngineDamageIncluded() throws Exception {
    assertEquals(0, runLine(MODEL + dir.resolve("run")), err);
    Path in = Files.createDirectories(dir.resolve("in"));
    float[] pixels = new float[150 * 64];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i % 17 / 16f;
    }
    pixels[77 * 64] = Float.NaN;
    Npy.write(in.resolve("a.npy"), new int[] {150, 64}, pixels);
    Files.write(in.resolve("b.npy"), new byte[] {1, 2, 3});
    Npy.write(in.resolve("c.npy"), new int[] {90, 8, 8}, Arrays.copyOf(pixels, 90 * 64));
    String encode =
        "encode --layer all --device cpu --first 5 --model " + dir.resolve("run") + " --images ";
    for (String file : List.of("codes.csv", "codes.npy")) {
      assertEquals(1, runLine(encode + in + " --out " + dir.resolve("local").resolve(file)), err);
    }
    for (String master : List.of("local[1]", "local[3]")) {
      String spark = encode + in + " --engine spark --master " + master + " --out ";
      Path folder = dir.resolve(master);
      for (String file : List.of("codes.csv", "codes.npy", "codes.parquet")) {
        assertEquals(1, runLine(spark + folder.resolve(file)), err);
        assertTrue(err.contains("2 of 241 images could not be read"), err);
        assertTrue(out.contains("at " + master + ", 1 CPU threads per task"), out);
      }
      List<Row> rows = rows(folder.resolve("codes.parquet"));
      assertEquals(241, rows.size());
      assertEquals(2, rows.stream().filter(r -> r.isNullAt(5)).count());
      Folders.delete(folder.resolve("codes.parquet"));
      Folders.assertSame(Folders.contents(dir.resolve("local")), Folders.contents(folder));
    }

    String onlyDamage = encode + in.resolve("b.npy") + " --engine spark --master local[2] --out ";
    assertEquals(2, runLine(onlyDamage + dir.resolve("none.parquet")));
    assertTrue(err.startsWith("csdp: none of the first 1 images can be read"), err);
    String unknown = encode + in + " --engine spark --master local[2] --out ";
    assertEquals(2, runLine(unknown + dir.resolve("codes.txt")));
    assertTrue(err.contains("name a .npy or .csv file"), err);
    assertEquals(
        List.of("in", "local", "local[1]", "local[3]", "run"), Folders.names(dir), "leftovers");
  }

  @Test
  void sweepHasTheTableOfTheLocalEngineFailureIncluded() throws Exception {
    SweepData.write(dir);
    String sweep =
        String.join(" ", SweepData.words(dir, "sweep " + SweepData.TRAINING))
            + " --halving 2 --vary resistance=0.1,0.2,1e30 --vary seed=1,2 --out ";
    assertEquals(1, runLine(sweep + dir.resolve("local")), err);
    String spark = sweep + dir.resolve("spark") + " --engine spark --master local[2]";
    assertEquals(1, runLine(spark), err);
    assertTrue(err.startsWith("csdp: 2 of 6 trials failed"), err);
    assertTrue(out.contains("trial    rung 2/2 2/2 "), out);
    assertEquals(SweepData.table(dir.resolve("local")), SweepData.table(dir.resolve("spark")));
    Folders.assertSame(
        SweepData.results(dir.resolve("local")), SweepData.results(dir.resolve("spark")));
    List<Row> rows = rows(dir.resolve("spark/sweep.parquet"));
    assertEquals(6, rows.size());
    assertEquals("resistance-0.1_seed-1", rows.get(0).getAs("trial"));

    assertEquals(1, runLine(spark), err);
    assertTrue(!out.contains("trial  "), out);
  }
}
