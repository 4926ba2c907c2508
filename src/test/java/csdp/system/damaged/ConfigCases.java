package csdp.system.damaged;

import static csdp.system.damaged.Damages.flip;
import static csdp.system.damaged.GoodInputs.EVALUATE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.error.CsdpException;
import csdp.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The config.json of a run. */
final class ConfigCases {
  private ConfigCases() {}

  static void add(Cases c) throws IOException {
    c.command = EVALUATE;
    String config = "run/config.json";
    JsonCases.add(c, config);
    c.text(config, "an unknown field", "\"network\"", "\"width\" : 3, \"network\"");
    c.text(config, "an unknown field at the top", "\\{", "{ \"x\" : 3,");
    c.text(
        config,
        "a class of its own",
        "\"network\" : \\{",
        "\"network\" : { \"@class\" : \"java.net.URL\",");
    c.text(config, "a field twice", "\"steps\" : 3", "\"steps\" : 3, \"steps\" : 3");
    for (String field :
        List.of(
            "csdp4j",
            "seen",
            "run",
            "network",
            "training",
            "data",
            "constants",
            "hidden",
            "supervised",
            "steps",
            "dt",
            "batch",
            "width",
            "classes",
            "train",
            "test",
            "sha256")) {
      c.text(config, "without " + field, "\"" + field + "\" :", "\"" + field + "s\" :");
      if (!field.equals("test")) { // a run may have no test images
        c.add(config + " with null for " + field, f -> nulled(f.resolve(config), field));
      }
    }
    for (String v :
        List.of(
            "[ ]",
            "[ 0 ]",
            "[ -6, 5 ]",
            "[ 30000, 30000 ]",
            "[ 6, 5, 4 ]",
            "[ 6.5, 5 ]",
            "[ null, 5 ]",
            "[ \"6\", 5 ]",
            "[ [ 6 ], 5 ]",
            "6",
            "\"6,5\"",
            "[ 2147483648, 5 ]")) {
      c.text(config, "with hidden " + v, "\"hidden\" : \\[[^]]*]", "\"hidden\" : " + v);
    }
    for (String v :
        List.of("0", "-3", "10001", "2147483648", "1e9", "3.5", "\"3\"", "true", "[ 3 ]")) {
      c.text(config, "with steps " + v, "\"steps\" : 3", "\"steps\" : " + v);
    }
    for (String v : List.of("0", "-3.0", "1e999", "-1e999", "NaN", "\"NaN\"", "\"3\"", "99")) {
      c.text(config, "with dt " + v, "\"dt\" : 3.0", "\"dt\" : " + v);
    }
    for (String v : List.of("0", "-4", "5", "65536", "2147483647")) {
      c.text(config, "with images of width " + v, "\"width\" : 4", "\"width\" : " + v);
    }
    c.text(
        config,
        "with images of -4 x -4",
        "\"width\" : 4,(\\s*)\"height\" : 4",
        "\"width\" : -4,$1\"height\" : -4");
    for (String v : List.of("0", "-1", "4", "40001")) {
      c.text(config, "with classes " + v, "\"classes\" : 3", "\"classes\" : " + v);
    }
    for (String v : List.of("0", "-1", "100001")) {
      c.text(config, "with batch " + v, "\"batch\" : 4", "\"batch\" : " + v);
    }
    c.text(config, "with a negative learning rate", "\"learningRate\" : ", "\"learningRate\" : -");
    for (String v : List.of("-0.1", "2", "\"0.1\"", "NaN", "[ 0.1 ]")) {
      c.text(config, "with ink " + v, "\"mean\" : [0-9.]+", "\"mean\" : " + v);
    }
    c.text(config, "with a hash that is none", "\"sha256\" : \"[0-9a-f]{4}", "\"sha256\" : \"nope");
    c.text(config, "with no images", "\"images\" : [0-9]+", "\"images\" : 0");
    c.command = "evaluate --model @/run --device cpu";
    c.text(config, "with a path that is none", "\"trainX\" : null", "\"trainX\" : \"a\\\\u0000b\"");
    c.text(
        config,
        "with data that is nowhere",
        "\"name\" : \"[^\"]*/data\"",
        "\"name\" : \"nowhere\"");
    c.add(
        config + " with data of other content",
        CsdpException.ENVIRONMENT,
        f -> {
          Path path = f.resolve(config);
          String moved = f.resolve("data").toString();
          String text = Files.readString(path);
          Files.writeString(path, text.replace(c.good.resolve("data").toString(), moved));
          Cases.edit(f.resolve("data/t10k-images-idx3-ubyte"), b -> flip(b, 20, 3));
        });
  }

  /** A JSON file with null for the first field of a name. */
  private static void nulled(Path file, String field) throws IOException {
    ObjectNode root = (ObjectNode) Json.tree(file);
    ObjectNode parent = root.findParent(field);
    parent.putNull(field);
    Files.write(file, Json.bytes(root));
  }
}
