package csdp.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.OtherJava;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps and encodings on Spark in one process. A cluster: scripts/spark_local_cluster.sh. */
class SparkTest extends CommandTest {
  private static final String MODEL =
      "train --data digits --hidden 40,20 --batch 50 --epochs 1 --steps 10 --train-limit 300"
          + " --device cpu --out ";

  @TempDir Path dir;

  /** Spark of this process, which can have one only: commands have processes of their own. */
  private static SparkSession session;

  @BeforeAll
  static void start() {
    session =
        SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").getOrCreate();
  }

  @AfterAll
  static void stop() {
    session.stop();
  }

  private static List<Row> rows(Path folder) {
    return session.read().parquet("file:" + folder).collectAsList();
  }

  private static Child csdp(String words) throws Exception {
    List<String> options = List.of("-XX:TieredStopAtLevel=1");
    return Child.run(
        new ProcessBuilder(OtherJava.command(options, "csdp.cli.Main", List.of(words.split(" ")))));
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
    // A folder whose name is neither a pattern nor an URI.
    Path folder = dir.resolve("a{*[1]%20");
    String spark = encode + in + " --engine spark --out " + folder + "/codes.";
    for (String form :
        List.of("csv --master local[1]", "npy --master local[3]", "parquet --master local[2]")) {
      Child child = csdp(spark + form);
      assertEquals(1, child.code(), child.said());
      assertTrue(child.err().contains("3 of 241 images could not be read"), child.said());
      assertTrue(
          child.out().contains(form.substring(form.length() - 8) + ", 1 CPU threads per task"),
          child.said());
    }
    Path parquet = Files.move(folder.resolve("codes.parquet"), dir.resolve("codes.parquet"));
    Folders.assertSame(Folders.contents(dir.resolve("local")), Folders.contents(folder));
    List<Row> rows = rows(parquet);
    assertEquals(241, rows.size());
    assertEquals(3, rows.stream().filter(r -> !r.isNullAt(r.fieldIndex("error"))).count());

    String onlyDamage = encode + in.resolve("b.npy") + " --engine spark --master local[2] --out ";
    assertEquals(2, runLine(onlyDamage + dir.resolve("none.parquet")));
    assertTrue(err.startsWith("csdp: none of the first 1 images can be read"), err);
    assertEquals(List.of("a{*[1]%20", "codes.parquet", "in", "local", "run"), Folders.names(dir));
  }

  @Test
  void sweepHasTheTableOfTheLocalEngineFailureIncluded() throws Exception {
    SweepData.write(dir);
    String sweep =
        String.join(" ", SweepData.words(dir, "sweep " + SweepData.TRAINING))
            + " --halving 2 --vary resistance=0.1,0.2,1e30 --vary seed=1,2 --out ";
    assertEquals(1, runLine(sweep + dir.resolve("local")), err);
    String spark = sweep + dir.resolve("spark") + " --engine spark --master local[2]";
    Child child = csdp(spark);
    assertEquals(1, child.code(), child.said());
    assertTrue(child.err().contains("csdp: 2 of 6 trials failed"), child.said());
    assertTrue(child.out().contains("trial    rung 2/2 4/4 "), child.said());
    assertEquals(SweepData.table(dir.resolve("local")), SweepData.table(dir.resolve("spark")));
    Folders.assertSame(
        SweepData.results(dir.resolve("local")), SweepData.results(dir.resolve("spark")));
    List<Row> rows = rows(dir.resolve("spark/sweep.parquet"));
    assertEquals(6, rows.size());
    assertEquals("resistance-0.1_seed-1", rows.get(0).getAs("trial"));
  }
}
