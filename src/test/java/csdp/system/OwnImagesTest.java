package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.cli.CommandTest;
import csdp.data.ImageFolderTest;
import csdp.io.Json;
import java.awt.Color;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a folder of pictures to a report, by the command line. */
final class OwnImagesTest extends CommandTest {
  @TempDir Path dir;

  @Test
  void classNamesAreInEveryAnswer() throws Exception {
    Path pictures = dir.resolve("pictures");
    for (int i = 0; i < 30; i++) {
      ImageFolderTest.write(
          pictures.resolve("east/" + i + ".png"), 20 + i, 15, new Color(200 + i, 255, 230), 3);
      ImageFolderTest.write(
          pictures.resolve("west/" + i + ".jpg"), 20, 15 + i, new Color(255, 255 - i, 200), 17);
    }
    assertEquals(2, run("data", "explain", pictures.toString()));
    assertTrue(err.contains("give one size with --size"), err);
    assertEquals(0, run("data", "explain", pictures.toString(), "--size", "6x5"), err);
    assertTrue(out.contains("48 images of 6 x 5 pixels"), out);
    assertTrue(out.contains("2 classes: east: 24, west: 24"), out);
    assertTrue(out.contains("EXIF orientation ignored"), out);

    Path model = dir.resolve("run");
    assertEquals(
        0,
        runLine(
            "train --data "
                + pictures
                + " --size 6x5 --hidden 20,10 --batch 8 --epochs 6 --steps 10"
                + " --learning-rate 0.01 --device cpu --out "
                + model),
        err);
    assertTrue(out.contains("classes  east, west"), out);
    JsonNode config = Json.tree(model.resolve("config.json"));
    assertEquals("west", config.at("/seen/classNames/1").textValue());
    assertEquals("6x5", config.at("/run/data/size").textValue());

    Path json = dir.resolve("out.json");
    assertEquals(0, run("evaluate", "--model", model.toString(), "--json", json.toString()), err);
    assertEquals("east", Json.tree(json).at("/class_names/0").textValue());
    assertTrue(Pattern.compile("(?m)^ east +\\d+ +\\d+$").matcher(out).find(), out);
    Path one = pictures.resolve("west/7.jpg");
    assertEquals(
        0,
        run("predict", "--model", model.toString(), "--json", json.toString(), one.toString()),
        err);
    assertTrue(out.contains("class west"), out);
    assertEquals("west", Json.tree(json).at("/predictions/0/class_name").textValue());
    Path exported = dir.resolve("exported"); // with names, and pictures are scaled
    assertEquals(0, run("export", "--model", model.toString(), "--to", exported.toString()), err);
    assertEquals(0, run("predict", "--model", exported.toString(), one.toString()), err);
    assertTrue(out.contains("class west"), out);

    assertEquals(
        0,
        runLine(
            "analyze --split train --limit 40 --perplexity 5 --model " + model + " --device cpu"),
        err);
    assertTrue(
        Files.readString(model.resolve("plots/confusion.csv")).contains("east,west,"), "names");

    Path others = dir.resolve("others");
    for (int i = 0; i < 20; i++) {
      for (String name : List.of("north", "west")) {
        Path to = others.resolve(name + "/" + i + ".png");
        ImageFolderTest.write(to, 20, 15, new Color(200 + i, 255, 230), 17);
      }
    }
    String evaluate = "evaluate --size 6x5 --model " + model + " --data " + others;
    assertEquals(2, runLine(evaluate));
    assertRefused("images of class north", "none of the model's: east, west");
  }
}
