package csdp.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.config.RunConfig.Data;
import csdp.config.RunConfig.Preset;
import csdp.io.Json;
import csdp.model.Constants;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunConfigTest {
  /** Earlier versions wrote the number of validation images, also where it was the default. */
  @Test
  void aRunOfAnEarlierVersionHasTheSameData() {
    RunConfig now = Preset.QUICK.config();
    ObjectNode tree = (ObjectNode) Json.tree(now);
    ObjectNode data = (ObjectNode) tree.get("data");
    data.put("valid", 2000);
    data.remove(List.of("defaultValid", "splitSeed", "window"));
    RunConfig.complete(tree);
    Data earlier = Json.value(tree, RunConfig.class, Path.of("config.json")).data();
    assertEquals(earlier, earlier.sizedAs(now.data()));
    assertNotEquals(earlier, earlier.sizedAs(Preset.DEMO.config().data()));
  }

  /** The size of demo for MNIST, that of quick for the small images of digits. */
  @Test
  void tunedIsOfTheSizeOfAnotherPreset() {
    RunConfig mnist = Preset.TUNED.config();
    assertEquals(Preset.DEMO.config().network(), mnist.network());
    assertEquals(10, mnist.training().anneal());
    assertEquals(1, mnist.training().shift());
    RunConfig digits = Preset.TUNED.config("digits");
    assertEquals(Preset.QUICK.config("digits").network(), digits.network());
    assertEquals(Preset.QUICK.config("digits").data(), digits.data());
    assertEquals(20, digits.training().anneal());
    assertEquals(0, digits.training().shift());
    for (RunConfig tuned : List.of(mnist, digits)) {
      assertEquals(0.4f, tuned.constants().contextResistance());
      assertEquals(6, tuned.constants().goodnessThreshold());
      assertTrue(tuned.training().hardNegatives());
      assertTrue(tuned.training().unlabelledHead());
    }
  }

  @Test
  void theContextsResistanceFollowsThatOfTheInputsUntilItDiffers() {
    Constants same = Constants.demo().toBuilder().resistance(0.2f).build();
    assertEquals(0.2f, same.contextResistance());
    Constants other = same.toBuilder().contextResistance(0.5f).build();
    assertEquals(0.5f, other.toBuilder().resistance(0.3f).build().contextResistance());
  }

  /** There was one resistance for all excitatory currents. */
  @Test
  void theContextOfAnEarlierVersionHasTheResistanceOfTheInputs() {
    ObjectNode tree = (ObjectNode) Json.tree(Preset.DEMO.config());
    ObjectNode constants = (ObjectNode) tree.get("constants");
    constants.put("resistance", 0.3f).remove("contextResistance");
    RunConfig.complete(tree);
    RunConfig earlier = Json.value(tree, RunConfig.class, Path.of("config.json"));
    assertEquals(0.3f, earlier.constants().contextResistance());
  }
}
