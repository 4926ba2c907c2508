package csdp.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.OtherJava;
import csdp.cli.CommandTest;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.system.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Encodings and sweeps on Spark in local mode, in processes of their own since Spark needs flags of
 * Java. A real cluster: scripts/spark_local_cluster.sh.
 */
class SparkTest extends CommandTest {
  @TempDir static Path dir;
  @TempDir Path fresh;

  @BeforeAll
  static void train() throws IOException, InterruptedException {
    String flags =
        "train --data digits --hidden 40,20 --batch 50 --epochs 1 --steps 10 --train-limit 300"
            + " --device cpu --out "
            + dir.resolve("run");
    Child child = java("csdp.cli.Main", flags);
    assertEquals(0, child.code(), child.said());
  }

  private static Child java(String main, String words) throws IOException, InterruptedException {
    return Child.run(
        new ProcessBuilder(
            OtherJava.command(
                List.of(JavaModuleOptions.defaultModuleOptionArray()),
                main,
                List.of(words.split(" ")))));
  }

  private String encode(String flags) {
    return "encode --layer all --device cpu --model " + dir.resolve("run") + " " + flags;
  }

  @Test
  void parquetHoldsTheRowsOfTheLocalEngineDamageIncluded() throws Exception {
    Path in = Files.createDirectories(fresh.resolve("in"));
    float[] pixels = new float[150 * 64];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i % 17 / 16f;
    }
    pixels[77 * 64] = Float.NaN;
    Npy.write(in.resolve("a.npy"), new int[] {150, 64}, pixels);
    Files.write(in.resolve("b.npy"), new byte[] {1, 2, 3});
    Npy.write(in.resolve("c.npy"), new int[] {90, 8, 8}, Arrays.copyOf(pixels, 90 * 64));
    Path csv = fresh.resolve("codes.csv");
    String images = "--first 5 --images " + in + " --out ";
    assertEquals(1, runLine(encode(images + csv)), err);

    for (String master : List.of("local[1]", "local[3]")) {
      Path parquet = fresh.resolve("codes.parquet");
      Child spark =
          java(
              "csdp.cli.Main",
              encode(images + parquet) + " --engine spark --threads 1 --master " + master);
      assertEquals(1, spark.code(), spark.said());
      assertTrue(spark.err().contains("3 of 241 images could not be read"), spark.said());
      Path back = fresh.resolve("back.csv");
      Child converted = java("csdp.spark.ParquetToCsv", parquet + " " + back);
      assertEquals(0, converted.code(), converted.said());
      assertEquals(Files.readString(csv), Files.readString(back), master);
    }
    assertEquals(
        List.of("back.csv", "codes.csv", "codes.parquet", "in"), Folders.names(fresh), "leftovers");

    // A data set; a failing task names its reason in one line.
    Path digits = fresh.resolve("digits.parquet");
    Child spark =
        java(
            "csdp.cli.Main", encode("--limit 33 --engine spark --master local[2] --out " + digits));
    assertEquals(0, spark.code(), spark.said());
    assertTrue(spark.out().contains("encoded   33 images"), spark.said());
    spark =
        java(
            "csdp.cli.Main",
            encode("--engine spark --master local[2] --out " + digits + " --images " + in + "/b*"));
    assertEquals(2, spark.code(), spark.said());
    assertTrue(spark.err().contains("csdp: none of the first 1 images"), spark.said());
    assertTrue(Files.exists(digits.resolve("_SUCCESS")), "the earlier result is gone");
  }

  @Test
  void sweepHasTheBitsOfTheLocalEngineAndGoesOn() throws Exception {
    String sweep =
        "sweep --data digits --hidden 30 --batch 98 --epochs 2 --steps 5 --device cpu"
            + " --train-limit 300 --vary seed=1..3 --out ";
    assertEquals(0, runLine(sweep + fresh.resolve("local")), err);
    String spark = sweep + fresh.resolve("spark") + " --engine spark --master local[2]";
    // The first of three trials is there already, as after a kill.
    Child first = java("csdp.cli.Main", spark.replace("1..3", "1"));
    assertEquals(0, first.code(), first.said());
    Child child = java("csdp.cli.Main", spark);
    assertEquals(0, child.code(), child.said());
    assertTrue(
        child.out().contains("2/2 seed-3") || child.out().contains("2/2 seed-2"), child.out());
    for (int seed = 1; seed <= 3; seed++) {
      String trial = "seed-" + seed;
      Folders.assertSameResults(
          fresh.resolve("local").resolve(trial), fresh.resolve("spark").resolve(trial));
    }
    assertEquals(3, Json.tree(fresh.resolve("spark/sweep.json")).get("trials").size());
    assertTrue(Files.exists(fresh.resolve("spark/sweep.parquet/_SUCCESS")));
  }

  @Test
  void withoutMasterOrWithSlotsItIsRefused() throws Exception {
    assertEquals(2, runLine(encode("--engine spark --out " + fresh.resolve("a.parquet"))));
    assertTrue(err.contains("--master spark://HOST:PORT"), err);
    assertEquals(2, runLine(encode("--engine spark --out " + fresh.resolve("a.npy"))));
    assertTrue(err.contains(".parquet"), err);
    assertEquals(2, runLine("sweep --engine spark --jobs 2 --vary seed=1,2 --out " + fresh));
    assertTrue(err.contains("--jobs is for --engine local"), err);
    assertEquals(List.of(), Folders.names(fresh));
  }
}
