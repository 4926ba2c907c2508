package csdp.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.io.Json;
import csdp.io.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A small data set for sweeps, and what of a sweep must be the same each time. */
public final class SweepData {
  /** A training of some milliseconds. */
  public static final String TRAINING =
      "--hidden 12 --batch 10 --epochs 2 --steps 10 --device cpu --train-x @/trainX.npy"
          + " --train-y @/trainY.npy --valid-x @/validX.npy --valid-y @/validY.npy"
          + " --test-x @/testX.npy --test-y @/testY.npy ";

  private SweepData() {}

  /** Writes images of three classes: a bar of the class in noise. */
  public static void write(Path dir) throws IOException {
    for (Map.Entry<String, Integer> part :
        Map.of("train", 60, "valid", 30, "test", 31).entrySet()) {
      int n = part.getValue();
      float[] pixels = new float[n * 64];
      long[] labels = new long[n];
      for (int i = 0; i < n; i++) {
        labels[i] = i % 3;
        for (int k = 0; k < 12; k++) {
          pixels[i * 64 + i % 3 * 20 + k] = 1;
        }
        pixels[i * 64 + 17 * i % 64] = 0.5f;
      }
      Npy.write(dir.resolve(part.getKey() + "X.npy"), new int[] {n, 8, 8}, pixels);
      Npy.write(dir.resolve(part.getKey() + "Y.npy"), new int[] {n}, labels);
    }
  }

  /** Returns the words of a command, with the folder of the data in it. */
  public static List<String> words(Path dir, String command) {
    return new ArrayList<>(List.of(command.replace("@", dir.toString()).split(" +")));
  }

  /** Returns sweep.csv without its last columns: times and versions. */
  public static String table(Path sweep) throws IOException {
    StringBuilder table = new StringBuilder();
    for (String line : Files.readAllLines(sweep.resolve("sweep.csv"))) {
      table.append(line.replaceFirst("(,[^,]*){5}$", "")).append('\n');
    }
    return table.toString();
  }

  /** Returns sweep.json without times and versions. */
  static JsonNode json(Path sweep) {
    JsonNode tree = Json.tree(sweep.resolve("sweep.json"));
    tree.get("trials").forEach(trial -> ((ObjectNode) trial).remove("machine"));
    return tree;
  }

  /** Returns all that decides the results: parameters, moments, measurements of each trial. */
  public static Map<String, byte[]> results(Path sweep) throws IOException {
    Map<String, byte[]> files = new TreeMap<>(Folders.results(sweep));
    files.put("summary.csv", Files.readAllBytes(sweep.resolve("summary.csv")));
    return files;
  }
}
