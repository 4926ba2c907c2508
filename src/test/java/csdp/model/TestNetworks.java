package csdp.model;

import java.util.ArrayList;
import java.util.List;

/** Small networks, for tests that need no particular one. */
public final class TestNetworks {
  private TestNetworks() {}

  /** Inputs and classes of MNIST and of strokes; the demo's constants with another T. */
  public static NetworkSpec.Builder strokes(int steps) {
    return NetworkSpec.builder(784, 10).constants(Constants.demo().withSteps(steps));
  }

  /** Inputs and classes of digits; the demo's constants with another T. */
  public static NetworkSpec.Builder digits(int steps) {
    return NetworkSpec.builder(64, 10).constants(Constants.demo().withSteps(steps));
  }

  /** Fast, asymmetric learning that exposes errors within a few steps: {@link TestRates}. */
  public static NetworkSpec.Builder lopsided(int inputs, int classes, int steps) {
    return NetworkSpec.builder(inputs, classes).constants(TestRates.constants(steps));
  }

  /** 6 inputs and 3 classes. */
  public static NetworkSpec.Builder tiny(int... hidden) {
    return NetworkSpec.builder(6, 3).hidden(hidden);
  }

  /** One to four hidden layers, with and without labels and reconstruction. */
  public static List<NetworkSpec> kinds() {
    List<NetworkSpec> all = new ArrayList<>();
    for (int[] hidden : new int[][] {{5}, {5, 4}, {5, 4, 7}, {2, 3, 4, 5}}) {
      for (boolean supervised : new boolean[] {true, false}) {
        for (boolean reconstruction : new boolean[] {true, false}) {
          all.add(tiny(hidden).supervised(supervised).reconstruction(reconstruction).build());
        }
      }
    }
    return all;
  }
}
