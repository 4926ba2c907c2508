package csdp.system.damaged;

import static csdp.system.damaged.Damages.crc;
import static csdp.system.damaged.Damages.filled;
import static csdp.system.damaged.GoodInputs.EVALUATE;
import static csdp.system.damaged.GoodInputs.PIXELS;
import static csdp.system.damaged.GoodInputs.RESUME;

import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checkpoints of a run, damaged or forged. */
final class CheckpointCases {
  private interface Change {
    void to(ObjectNode node);
  }

  private CheckpointCases() {}

  static void add(Cases c) throws IOException {
    c.command = EVALUATE;
    for (String file : List.of("run/best/W1.npz", "run/best/M2.npz", "run/best/zy.npz")) {
      c.truncated(file, 3);
      c.flipped(file, 0, c.size(file), 6);
      c.missing(file);
    }
    JsonCases.add(c, "run/best/manifest.json");
    c.missing("run/config.json");
    c.text("run/best/manifest.json", "of another format", "\"format\" : 1", "\"format\" : 2");
    c.text(
        "run/best/manifest.json",
        "with other counts",
        "\"plasticitySteps\" : 9",
        "\"plasticitySteps\" : 8");
    c.npz(
        "run/best/W1.npz",
        "with NaN and right checksums",
        "weights",
        new int[] {PIXELS, 6},
        filled(PIXELS * 6, Float.NaN));
    c.npz(
        "run/best/W1.npz",
        "of other units and right checksums",
        "weights",
        new int[] {PIXELS, 7},
        new float[PIXELS * 7]);
    signed(c, "run/best", "manifest.json", "negative steps", m -> m.put("plasticitySteps", -1));
    signed(c, "run/best", "manifest.json", "of another network", m -> m.put("network", "16-9-3"));
    signed(c, "run/best", "manifest.json", "with files null", m -> m.putNull("files"));

    c.command = RESUME;
    for (String file : List.of("run/last/adam/W1.npz", "run/last/state.json")) {
      c.truncated(file, 2);
      c.flipped(file, 0, c.size(file), 4);
      c.missing(file);
    }
    String last = "run/last";
    int[] shape = {PIXELS, 6};
    c.npz(
        "run/last/adam/W1.npz", "with negative second moments", "v", shape, filled(PIXELS * 6, -1));
    c.npz(
        "run/last/adam/W1.npz",
        "with infinite first moments",
        "m",
        shape,
        filled(PIXELS * 6, Float.POSITIVE_INFINITY));
    signed(c, last, "manifest.json", "without moments", m -> m.put("moments", false));
    signed(c, last, "state.json", "epoch -1", s -> s.put("epoch", -1));
    signed(c, last, "state.json", "99 batches done", s -> s.put("batch", 99));
    signed(c, last, "state.json", "accuracy 7", s -> s.put("bestAccuracy", 7));
    signed(c, last, "state.json", "a best epoch to come", s -> s.put("bestEpoch", 7));
    signed(c, last, "state.json", "no tally", s -> s.putNull("tally"));
    signed(c, last, "state.json", "no history", s -> s.putNull("history"));
    signed(c, last, "state.json", "an empty history", s -> s.putArray("history"));
    signed(
        c,
        last,
        "state.json",
        "null in the history",
        s -> s.withArray("history").removeAll().addNull().addNull());
    signed(
        c,
        last,
        "state.json",
        "a tally of one class",
        s -> s.withObject("/tally").putArray("confusion").addArray().add(1));
    signed(
        c,
        last,
        "state.json",
        "a tally without spikes",
        s -> s.withObject("/tally").putNull("spikes"));
    signed(c, last, "state.json", "an unknown field", s -> s.put("x", 1));
  }

  /** A JSON file of a checkpoint with another content and checksums that fit: a forgery. */
  private static void signed(Cases c, String checkpoint, String file, String how, Change change) {
    c.add(
        checkpoint + "/" + file + " " + how + " and right checksums",
        f -> {
          Path folder = f.resolve(checkpoint);
          ObjectNode node = (ObjectNode) Json.tree(folder.resolve(file));
          change.to(node);
          Files.write(folder.resolve(file), Json.bytes(node));
          sign(folder, file);
        });
  }

  /** Makes the checksums of a checkpoint right again after a change of a file. */
  static void sign(Path checkpoint, String file) throws IOException {
    Path path = checkpoint.resolve("manifest.json");
    ObjectNode manifest = (ObjectNode) Json.tree(path);
    if (!file.equals("manifest.json")) {
      byte[] bytes = Files.readAllBytes(checkpoint.resolve(file));
      ObjectNode sum = (ObjectNode) manifest.get("files").get(file);
      sum.put("bytes", bytes.length).put("crc32", crc(bytes));
    }
    manifest.put("check", "");
    Files.write(path, Json.bytes(manifest.put("check", crc(Json.bytes(manifest)))));
  }
}
