package csdp.system.damaged;

import static csdp.system.damaged.GoodInputs.EVALUATE_NGC;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** The JSON files and the folders of a model in the format of the released code. */
final class NgcLearnCases {
  private NgcLearnCases() {}

  static void add(Cases c) throws IOException {
    c.command = EVALUATE_NGC;
    String components = "ngc/components.json";
    JsonCases.add(c, components);
    c.content(components, "without components", "{\"parts\": {}}");
    c.text(
        components, "an unknown field of a component", "\"kwargs\": \\{", "\"kwargs\": {\"x\": 3,");
    c.text(components, "a field twice", "\"n_units\": 16", "\"n_units\": 16, \"n_units\": 16");
    c.text(components, "another class", "\"SLIFCell\"", "\"LIFCell\"");
    c.text(
        components,
        "a component more",
        "\"components\": \\{",
        "\"components\": {\"/Circuit/Q\": {\"class\": \"Q\", \"kwargs\": {}},");
    c.text(components, "a component less", "/Circuit/z2\"", "/Circuit/q2\"");
    for (String units :
        List.of(
            "0",
            "-6",
            "7",
            "30000",
            "40001",
            "2147483648",
            "1e9",
            "\"6\"",
            "6.5",
            "true",
            "null",
            "[6]",
            "{}")) {
      c.text(
          components, "with n_units " + units, "(/Circuit/z1\"[^}]*\"n_units\": )6", "$1" + units);
    }
    for (String tau : List.of("0", "-1", "1e999", "NaN", "\"100\"", "null", "1e-999")) {
      c.text(components, "with tau_m " + tau, "(/Circuit/z1\"[^}]*\"tau_m\": )[0-9.]+", "$1" + tau);
    }
    c.text(components, "with other bounds", "\"w_bound\": 1.0", "\"w_bound\": 2.0");
    JsonCases.add(c, "ngc/ops.json");
    c.content("ngc/ops.json", "an object", "{}");
    c.text("ngc/ops.json", "another wire", "z1/s", "z2/s");
    c.text("ngc/ops.json", "a wire that goes nowhere", "\"zy/j\"", "\"zq/j\"");
    String w1 = c.parameters("W1.npz");
    c.add("two parameter folders", f -> Files.createDirectory(f.resolve("ngc/best_params77")));
    c.add(
        "no parameter folder", f -> Files.move(f.resolve(w1).getParent(), f.resolve("ngc/other")));
  }
}
