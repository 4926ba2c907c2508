package csdp.system.damaged;

import static csdp.system.damaged.Damages.TEXT;
import static csdp.system.damaged.Damages.filled;
import static csdp.system.damaged.GoodInputs.PIXELS;
import static csdp.system.damaged.GoodInputs.REPLAY;

import java.io.IOException;

/** Recorded runs. */
final class TraceCases {
  private TraceCases() {}

  static void add(Cases c) throws IOException {
    c.command = REPLAY;
    c.truncated("trace.npz", 5);
    for (float v : new float[] {0, -1, 20_000, 1e9f, Float.NaN, Float.POSITIVE_INFINITY}) {
      c.npz("trace.npz", "of T " + v, "meta/T", new int[0], new float[] {v});
    }
    for (float v : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      c.npz("trace.npz", "of eta " + v, "meta/eta", new int[0], new float[] {v});
    }
    c.npz("trace.npz", "with two etas", "meta/eta", new int[] {2}, new float[2]);
    float[] weights = new float[PIXELS * 5];
    weights[7] = Float.NaN;
    c.npz("trace.npz", "with a weight NaN", "init/W1", new int[] {PIXELS, 5}, weights);
    c.npz("trace.npz", "with a threshold NaN", "init/z1_thr", new int[] {5}, filled(5, Float.NaN));
    c.npz(
        "trace.npz", "with flat weights", "init/W1", new int[] {PIXELS * 5}, new float[PIXELS * 5]);
    c.npz("trace.npz", "of 30,000 units", "init/W1", new int[] {1, 30_000}, new float[30_000]);
    c.npz("trace.npz", "without samples", "train/0/s0", new int[] {3, 0, PIXELS}, new byte[0]);
    byte[] spikes = new byte[3 * 4 * PIXELS];
    spikes[9] = 7;
    c.npz("trace.npz", "with 7 spikes at once", "train/0/s0", new int[] {3, 4, PIXELS}, spikes);
    c.npz(
        "trace.npz",
        "with fewer steps",
        "train/0/s0",
        new int[] {2, 4, PIXELS},
        new byte[2 * 4 * PIXELS]);
    c.npz("trace.npz", "with two labels at once", "train/0/y", new int[] {4, 3}, filled(12, 1));
    c.npz(
        "trace.npz",
        "with a negative first",
        "train/0/positive",
        new int[] {4},
        new int[] {0, 1, 1, 0});
    c.bytes("trace.npz", "a text", b -> TEXT);
  }
}
