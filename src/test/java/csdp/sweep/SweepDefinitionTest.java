package csdp.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.cli.TestFlags;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.run.TrainingRun.End;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepDefinitionTest {
  private static final Flags FLAGS = TestFlags.train();

  @TempDir Path dir;

  /** A definition from pairs of names and values. */
  private static SweepDefinition sweep(Integer samples, String... vary) {
    Map<String, String> varied = new LinkedHashMap<>();
    for (int i = 0; i < vary.length; i += 2) {
      varied.put(vary[i], vary[i + 1]);
    }
    return new SweepDefinition(Map.of("epochs", "3"), varied, samples, null, null).ordered(FLAGS);
  }

  private static List<String> names(SweepDefinition d) {
    return d.trials(FLAGS).stream().map(Trial::name).toList();
  }

  private static List<String> values(String name, String text) {
    return Variation.parse(FLAGS.find(name), text).all();
  }

  private static void assertRefused(String word, Runnable refused) {
    CsdpException e = assertThrows(CsdpException.class, refused::run);
    assertEquals(CsdpException.USAGE, e.exitCode());
    assertTrue(e.getMessage().contains(word), "'" + word + "' in: " + e.getMessage());
  }

  @Test
  void everyFlagOfATrainingHasAName() {
    List<String> names = FLAGS.all().stream().map(Flags.Flag::name).toList();
    assertTrue(
        names.containsAll(
            List.of(
                "data", "train-limit", "preset", "hidden", "seed", "tau-m", "no-reconstruction")),
        names.toString());
    assertEquals("learning-rate", FLAGS.find("eta").name());
    assertRefused("rate", () -> FLAGS.find("rate"));
  }

  @Test
  void listsAndRanges() {
    assertEquals(List.of("1", "2", "3", "7"), values("seed", "1..3,7"));
    assertEquals(List.of("-1", "0", "1"), values("seed", "-1..1"));
    assertEquals(List.of("0.001", "2e-3"), values("eta", "0.001, 2e-3"));
    assertEquals(List.of("1000,300", "50", "3000,600"), values("hidden", "1000,300/50/3000,600"));
    assertEquals(List.of("../a", "b"), values("data", "../a,b"));
    for (String bad : List.of("", "1,", "1..", "1..x", "3..1", "1..2.5", "1,1", "0..99999")) {
      assertRefused("--vary seed", () -> values("seed", bad));
    }
    for (String bad : List.of("log:0..1", "log:0.1", "1..0.5", "log:-1..1", "0.1..nan")) {
      assertRefused("--vary learning-rate", () -> values("eta", bad));
    }
    for (String range : List.of("0.1..0.2", "log:0.1..0.2")) {
      assertRefused("--samples", () -> values("eta", range));
    }
  }

  @Test
  void drawsAreInTheRangeAndLogarithmicOnesFavourNoDecade() {
    Random random = new Random(5);
    Variation eta = Variation.parse(FLAGS.find("eta"), "log:0.0001..0.01");
    Variation batch = Variation.parse(FLAGS.find("batch"), "log:1..1000");
    Variation mix = Variation.parse(FLAGS.find("mix"), "0.25..0.75");
    int low = 0;
    int small = 0;
    int below = 0;
    int draws = 4_000;
    for (int i = 0; i < draws; i++) {
      double e = Double.parseDouble(eta.draw(random));
      int b = Integer.parseInt(batch.draw(random));
      double m = Double.parseDouble(mix.draw(random));
      assertTrue(e >= 1e-4 && e <= 0.01 && b >= 1 && b <= 1000 && m >= 0.25 && m <= 0.75);
      low += e < 1e-3 ? 1 : 0;
      small += b < 10 ? 1 : 0;
      below += m < 0.5 ? 1 : 0;
    }
    assertEquals(0.5, low / (double) draws, 0.03);
    assertEquals(Math.log(10) / Math.log(1001), small / (double) draws, 0.03);
    assertEquals(0.5, below / (double) draws, 0.03);
  }

  @Test
  void aGridHasEveryCombinationAndTheSeedVariesFastest() {
    SweepDefinition grid = sweep(null, "seed", "1..2", "eta", "0.1,0.2", "hidden", "4,3/5");
    assertEquals(
        List.of(
            "hidden-4-3_learning-rate-0.1_seed-1",
            "hidden-4-3_learning-rate-0.1_seed-2",
            "hidden-4-3_learning-rate-0.2_seed-1",
            "hidden-4-3_learning-rate-0.2_seed-2",
            "hidden-5_learning-rate-0.1_seed-1",
            "hidden-5_learning-rate-0.1_seed-2",
            "hidden-5_learning-rate-0.2_seed-1",
            "hidden-5_learning-rate-0.2_seed-2"),
        names(grid));
    Trial trial = grid.trials(FLAGS).get(3);
    assertEquals(List.of(4, 3), trial.config().network().hidden());
    assertEquals(0.2f, trial.config().training().learningRate());
    assertEquals(2, trial.config().training().seed());
    assertEquals(3, trial.config().training().epochs());
  }

  @Test
  void switchesAreTrueOrFalse() {
    List<Trial> trials = sweep(null, "no-reconstruction", "true,false").trials(FLAGS);
    assertFalse(trials.get(0).config().network().reconstruction());
    assertTrue(trials.get(1).config().network().reconstruction());
    assertRefused("maybe", () -> sweep(null, "no-reconstruction", "maybe").trials(FLAGS));
    for (String preset : List.of("demo", "tuned")) {
      List<Trial> heads =
          new SweepDefinition(
                  Map.of("preset", preset),
                  Map.of("unlabelled-head", "true,false"),
                  null,
                  null,
                  null)
              .ordered(FLAGS)
              .trials(FLAGS);
      assertTrue(heads.get(0).config().training().unlabelledHead());
      assertFalse(heads.get(1).config().training().unlabelledHead());
      assertEquals(
          preset.equals("tuned"), heads.get(1).config().training().hardNegatives(), preset);
    }
  }

  @Test
  void namesOfFoldersDifferEvenWithoutSomeLetters() {
    List<String> names = names(sweep(null, "data", "a/b,a-b"));
    assertTrue(names.get(0).matches("data-a-b_[0-9a-f]{8}"), names.toString());
    assertEquals("data-a-b", names.get(1));
  }

  @Test
  void randomSearchIsReproducibleAndMoreSamplesKeepTheFirst() {
    String[] vary = {"eta", "log:0.0005..0.005", "hidden", "4/5/6", "seed", "1..2"};
    List<String> ten = names(sweep(10, vary));
    assertEquals(20, ten.size());
    assertEquals(20, Set.copyOf(ten).size());
    assertEquals(ten, names(sweep(10, vary)));
    assertEquals(ten, names(sweep(12, vary)).subList(0, 20));
    SweepDefinition other = sweep(10, vary);
    assertNotEquals(
        ten, names(new SweepDefinition(other.base(), other.vary(), 10, 2, null).ordered(FLAGS)));
    assertRefused("only about 3", () -> names(sweep(10, "hidden", "4/5/6")));
    assertRefused("besides the seed", () -> names(sweep(10, "seed", "1..5")));
  }

  @Test
  void whatCannotBeASweepIsRefused() {
    assertRefused("at least one flag", () -> sweep(null));
    assertRefused("hiden", () -> sweep(null, "hiden", "3"));
    assertRefused(
        "learning-rate is given twice", () -> sweep(null, "eta", "1", "learning-rate", "2"));
    assertRefused("epochs is varied", () -> sweep(null, "epochs", "1..2"));
    assertRefused("same training", () -> sweep(null, "eta", "0.001,1e-3").trials(FLAGS));
    assertRefused("trial steps=x", () -> sweep(null, "steps", "x").trials(FLAGS));
    assertRefused("trial batch=0", () -> sweep(null, "batch", "0..2").trials(FLAGS));
    assertRefused(
        "more than 10,000", () -> sweep(null, "seed", "1..5000", "steps", "1..3").trials(FLAGS));
  }

  @Test
  void aFileHoldsTheSameAsFlags() throws Exception {
    Path file = dir.resolve("sweep.json");
    Files.writeString(
        file, "{\"base\": {\"epochs\": 3}, \"vary\": {\"seed\": \"1..2\", \"eta\": 0.5}}");
    SweepDefinition same = sweep(null, "eta", "0.5", "seed", "1..2");
    assertEquals(same, SweepDefinition.read(file, FLAGS));
    Files.write(file, Json.bytes(same));
    assertEquals(same, SweepDefinition.read(file));
    for (String bad :
        List.of(
            "",
            "[]",
            "{",
            "{}",
            "{\"vary\": 3}",
            "{\"vary\": {}}",
            "{\"vary\": {\"seed\": null}}",
            "{\"vary\": {\"seed\": [1, 2]}}",
            "{\"vary\": {\"sead\": 1}}",
            "{\"vary\": {\"seed\": 1}, \"base\": []}",
            "{\"vary\": {\"seed\": 1}, \"samples\": \"many\"}",
            "{\"vary\": {\"seed\": 1}, \"samples\": 0}",
            "{\"vary\": {\"seed\": 1}, \"halving\": 1}",
            "{\"vary\": {\"seed\": 1}, \"jobs\": 2}")) {
      Files.writeString(file, bad);
      assertRefused("sweep.json", () -> SweepDefinition.read(file, FLAGS));
    }
  }

  /** Other processes receive a task as a line of JSON. */
  @Test
  void aTaskSurvivesTheWayToAnotherMachine() {
    Trial trial = sweep(null, "eta", "0.5").trials(FLAGS).get(0);
    TrialTask task =
        new TrialTask(trial.name(), "/a b/c", trial.config(), End.TEST, 7, "00ff", 1.5e9);
    assertEquals(task, TrialTask.of(task.json()));
    assertRefused("task of a trial", () -> TrialTask.of("{\"trial\": \"x\"}"));
  }
}
