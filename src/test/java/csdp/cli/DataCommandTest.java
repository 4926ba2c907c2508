package csdp.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.data.DataCatalog;
import csdp.data.DataCatalog.FileEntry;
import csdp.data.DataCatalog.SetEntry;
import csdp.data.DataSources;
import csdp.data.FileServer;
import csdp.data.FileServer.Manner;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DataCommandTest extends CommandTest {
  @TempDir Path dir;
  private String before;

  @BeforeEach
  void lookOnlyHere() {
    before = System.getProperty(DataSources.PROPERTY);
    System.setProperty(DataSources.PROPERTY, dir.toString());
  }

  @AfterEach
  void lookAsBefore() {
    if (before == null) {
      System.clearProperty(DataSources.PROPERTY);
    } else {
      System.setProperty(DataSources.PROPERTY, before);
    }
  }

  private int run(CommandLine command, String... args) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    command.setOut(new PrintWriter(o, true)).setErr(new PrintWriter(e, true));
    int code = command.execute(args);
    out = o.toString();
    err = e.toString();
    return code;
  }

  @Test
  void listShowsAllSetsAndWhereTheyAre() throws IOException {
    Files.createDirectories(dir.resolve("kmnist"));
    Files.write(dir.resolve("kmnist/t10k-images-idx3-ubyte"), new byte[3]);
    assertEquals(0, run("data", "list"), err);
    for (String word :
        new String[] {
          "mnist",
          "fashion",
          "kmnist",
          "digits",
          "strokes",
          "359 validation",
          "60,000 train",
          "CC BY-SA",
          "MIT"
        }) {
      assertTrue(out.contains(word), word + " in " + out);
    }
    assertTrue(out.contains("found in " + dir.resolve("kmnist") + "; wrong"), out);
  }

  @Test
  void fetchThenVerifyThenSpoil() throws Exception {
    byte[] content = {31, -117, 1, 2, 3};
    String md5 = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
    try (FileServer server = new FileServer()) {
      DataCatalog manifest =
          new DataCatalog(
              List.of(
                  new SetEntry(
                      "tiny",
                      "Title",
                      "CC0",
                      "us",
                      2,
                      2,
                      3,
                      8,
                      4,
                      List.of(server.url("m")),
                      List.of(new FileEntry("train-images-idx3-ubyte.gz", null, md5)))));
      server.put("m/train-images-idx3-ubyte.gz", content, Manner.RANGES);
      CommandLine data = new CommandLine(new DataCommand(manifest));
      assertEquals(3, run(data, "verify", "tiny"), out);
      assertTrue(out.contains("tiny: not here"), out);
      assertEquals(3, run(data, "verify"), out);

      assertEquals(0, run(data, "fetch", "tiny", "--to", dir.toString()), err);
      assertTrue(out.contains("tiny: 1 file fetched in " + dir.resolve("tiny")), out);
      assertEquals(0, run(data, "fetch", "tiny", "--to", dir.toString()), err);
      assertTrue(out.contains("all files were present"), out);
      assertEquals(0, run(data, "verify", "tiny"), out);
      assertEquals(0, run(data, "list"), out);
      assertTrue(out.contains("found in " + dir.resolve("tiny") + "; verified"), out);

      Files.write(dir.resolve("tiny/train-images-idx3-ubyte.gz"), new byte[] {31, -117, 1, 2});
      assertEquals(1, run(data, "verify", "tiny"), out);
      assertTrue(out.contains("wrong checksum"), out);
      assertEquals(1, run(data, "verify"), out);
    }
  }

  @Test
  void fetchOfUnknownSetsIsUsage() {
    assertEquals(2, run("data", "fetch", "cifar", "--to", dir.toString()));
    assertTrue(err.contains("cifar") && err.contains("mnist, fashion, kmnist"), err);
    assertEquals(2, run("data", "fetch"));
    assertEquals(2, run("data"));
    assertTrue(err.contains("list, explain, make-events, fetch or verify"), err);
  }

  @Test
  void everyCommandHasHelp() {
    for (String name : new String[] {"list", "fetch", "verify"}) {
      assertEquals(0, run("data", name, "--help"), err);
      assertTrue(out.contains("csdp data " + name), out);
    }
    assertEquals(0, run("data", "--help"), err);
    assertTrue(out.contains("CSDP_DATA"), out);
  }
}
