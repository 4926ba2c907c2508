package csdp.checkpoint;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.error.CsdpException;
import csdp.io.NpzWriter;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.TestNetworks;
import csdp.model.TestParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  /** A state of the caller's. */
  record State(int epoch, double bestAccuracy, List<Integer> history, String name) {
    State {
      if (epoch < 0) {
        throw CsdpException.badInput("epoch must not be %d", epoch);
      }
    }
  }

  /** The state of a later version. */
  record Larger(int epoch, double bestAccuracy, List<Integer> history, String name, int more) {}

  private static final State STATE = new State(3, 0.1 + 0.2, List.of(1, 2), "a \"b\"");

  @TempDir Path dir;
  private Path folder;
  private NetworkSpec spec;
  private Parameters p;

  @BeforeEach
  void folder() {
    folder = dir.resolve("last");
    spec = TestNetworks.tiny(5, 4).build();
    p = TestParameters.distinct(spec, 1);
  }

  private void refused(String part) {
    assertFails(
        CsdpException.USAGE,
        () -> Checkpoint.read(folder, new Parameters(spec), State.class),
        part);
  }

  @Test
  void comesBackBitForBitForEveryKindOfNetwork() {
    for (NetworkSpec kind : TestNetworks.kinds()) {
      Parameters written = TestParameters.distinct(kind, 2);
      Checkpoint.write(folder, written, true, STATE);
      Parameters read = new Parameters(kind);
      assertEquals(STATE, Checkpoint.read(folder, read, State.class));
      TestParameters.assertSame(written, read);
    }
    assertTrue(Checkpoint.exists(folder));
  }

  @Test
  void withoutMomentsAndState() {
    assertFalse(Checkpoint.exists(folder));
    Checkpoint.write(folder, p, false, null);
    Parameters read = TestParameters.distinct(spec, 9);
    Checkpoint.readParameters(folder, read);
    TestParameters.assertSameWeights(p, read);
    assertEquals(0, read.firstMoments(spec.synapses().get(0))[0]);
    assertEquals(p.plasticitySteps(), read.plasticitySteps());
    assertFalse(Checkpoint.manifest(folder).moments());
    assertFalse(Files.exists(folder.resolve("adam")));
    refused("without Adam's moments");
    Checkpoint.write(folder, p, true, null);
    refused("without a state.json");
  }

  @Test
  void theStateAloneCanBeRead() {
    Checkpoint.write(folder, p, false, STATE);
    assertEquals(STATE, Checkpoint.readState(folder, State.class));
    CsdpException e =
        assertThrows(CsdpException.class, () -> Checkpoint.readState(folder, Larger.class));
    assertTrue(e.getMessage().contains("more"), e.getMessage());
  }

  @Test
  void oneFlippedBitOfAnyFileIsFound() throws IOException {
    Checkpoint.write(folder, p, true, STATE);
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    assertEquals(10 + 4 + 10 + 2, files.size());
    for (Path file : files) {
      byte[] good = Files.readAllBytes(file);
      for (int at = 0; at < good.length; at += Math.max(1, good.length / 12)) {
        byte[] bad = good.clone();
        bad[at] ^= 1;
        Files.write(file, bad);
        Parameters into = new Parameters(spec);
        CsdpException e =
            assertThrows(
                CsdpException.class,
                () -> Checkpoint.read(folder, into, State.class),
                file + " at " + at);
        assertEquals(CsdpException.USAGE, e.exitCode());
        assertEquals(-1, e.getMessage().indexOf('\n'));
        TestParameters.assertSame(new Parameters(spec), into);
      }
      Files.write(file, java.util.Arrays.copyOf(good, good.length / 2));
      refused(file.getFileName().toString());
      Files.delete(file);
      refused(file.getFileName().toString());
      Files.write(file, good);
    }
    assertEquals(STATE, Checkpoint.read(folder, new Parameters(spec), State.class));
  }

  @Test
  void whatIsNoCheckpointOfThisNetworkIsRefused() throws IOException {
    refused("does not exist");
    Files.createDirectory(folder);
    refused("is not a checkpoint");
    Checkpoint.write(folder, p, false, STATE);
    spec = TestNetworks.tiny(5, 4).supervised(false).build();
    refused("holds a network 6-5-4-3 supervised, with reconstruction; expected");
    Path manifest = folder.resolve("manifest.json");
    String text = Files.readString(manifest);
    Files.writeString(manifest, text.replace("\"format\" : 1", "\"format\" : 2"));
    refused("format 2");
    Files.writeString(manifest, "[".repeat(100_000));
    refused("manifest.json");
    Files.writeString(manifest, "");
    refused("manifest.json is empty");
  }

  @Test
  void aDivergedNetworkDoesNotReplaceAGoodCheckpoint() {
    Checkpoint.write(folder, p, true, STATE);
    Parameters diverged = p.copy();
    diverged.weights(spec.synapses().get(0))[7] = Float.NaN;
    CsdpException e =
        assertThrows(CsdpException.class, () -> Checkpoint.write(folder, diverged, true, STATE));
    assertEquals(CsdpException.FAILED, e.exitCode());
    assertTrue(e.getMessage().startsWith("weights of W1 is NaN at [1, 2]"), e.getMessage());
    Parameters read = new Parameters(spec);
    Checkpoint.read(folder, read, State.class);
    TestParameters.assertSame(p, read);
  }

  @Test
  void afterACrashBetweenTheRenamesTheOldOneIsRead() throws IOException {
    Checkpoint.write(folder, p, true, STATE);
    Files.move(folder, dir.resolve("last.old"));
    assertTrue(Checkpoint.exists(folder));
    Parameters read = new Parameters(spec);
    assertEquals(STATE, Checkpoint.read(folder, read, State.class));
    TestParameters.assertSame(p, read);
  }

  @Test
  void otherFoldersAreNotReplaced() throws IOException {
    Files.createDirectory(folder);
    Files.writeString(folder.resolve("thesis.tex"), "x");
    assertThrows(CsdpException.class, () -> Checkpoint.write(folder, p, true, STATE));
    assertTrue(Files.exists(folder.resolve("thesis.tex")));
  }

  @Test
  void parameterFilesNameWhatIsWrong() throws IOException {
    ParameterFolder.write(dir, p, 1234);
    Parameters read = new Parameters(spec);
    ParameterFolder.read(dir, read);
    TestParameters.assertSameWeights(p, read);

    Path w1 = dir.resolve("W1.npz");
    try (NpzWriter out = new NpzWriter(w1)) {
      out.add("weights", new int[] {5, 6}, new float[30]);
    }
    parameterFolderRefused(w1 + " (weights) has shape (5, 6); expected (6, 5)");
    float[] values = new float[30];
    values[29] = Float.NEGATIVE_INFINITY;
    try (NpzWriter out = new NpzWriter(w1)) {
      out.add("weights", new int[] {6, 5}, values);
    }
    parameterFolderRefused("W1.npz (weights) is -Infinity at [5, 4]");
    try (NpzWriter out = new NpzWriter(w1)) {
      out.add("w", new int[] {6, 5}, values);
    }
    parameterFolderRefused(w1 + " has no array \"weights\"; it has w");
    float[] biases = new float[5];
    try (NpzWriter out = new NpzWriter(w1)) {
      out.add("weights", new int[] {6, 5}, new float[30]).add("biases", new int[] {1, 5}, biases);
    }
    ParameterFolder.read(dir, read); // of zero, they change nothing
    biases[3] = 0.5f;
    try (NpzWriter out = new NpzWriter(w1)) {
      out.add("weights", new int[] {6, 5}, new float[30]).add("biases", new int[] {1, 5}, biases);
    }
    parameterFolderRefused(w1 + " has an array biases that is not zero");
    try (NpzWriter out = new NpzWriter(w1)) {
      out.add("weights", new int[] {6, 5}, new float[30]).add("mask", new int[] {1, 5}, biases);
    }
    parameterFolderRefused(w1 + " has an array mask");
    Files.delete(w1);
    parameterFolderRefused(w1 + " does not exist");
  }

  private void parameterFolderRefused(String part) {
    assertFails(CsdpException.USAGE, () -> ParameterFolder.read(dir, new Parameters(spec)), part);
  }

  /** A model is read while training replaces it: all of one checkpoint, never a mixture. */
  @Test
  void readersOfAFolderThatIsReplacedSeeOneCheckpoint() throws Exception {
    Parameters[] two = {p, TestParameters.distinct(spec, 7)};
    Checkpoint.write(folder, two[0], true, new State(0, 0, List.of(), ""));
    AtomicInteger written = new AtomicInteger();
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              while (!enough.get()) {
                int k = written.incrementAndGet(); // no two are alike, as in training
                Checkpoint.write(folder, two[k % 2], true, new State(k, 0, List.of(), ""));
              }
            });
    Parameters read = new Parameters(spec);
    try {
      while (written.get() < 40 && !writer.isDone()) {
        assertTrue(Checkpoint.exists(folder));
        State state = Checkpoint.read(folder, read, State.class);
        TestParameters.assertSame(two[state.epoch() % 2], read);
      }
    } finally {
      enough.set(true);
      writer.join();
    }
  }
}
