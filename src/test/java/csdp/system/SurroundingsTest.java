package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.checkpoint.Checkpoint;
import csdp.checkpoint.RunFolder;
import csdp.cli.CommandTest;
import csdp.io.Json;
import csdp.train.TrainState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process's surroundings: locale, encoding, display, home, streams, signals. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs bash")
class SurroundingsTest extends CommandTest {
  private static final String TRAIN =
      "train --data strokes --hidden 20,8 --batch 40 --steps 4 --valid 60 --train-limit 120"
          + " --epochs 1 --device cpu";

  @TempDir Path dir;

  private Child child(Map<String, String> environment, String command) throws Exception {
    return Child.run(dir, environment, command);
  }

  private static void assertRefused(int code, Child child, String words) {
    assertEquals(code, child.code(), child.err());
    assertEquals(1, child.err().lines().count(), child.err());
    assertTrue(child.err().startsWith("csdp: ") && child.err().contains(words), child.err());
  }

  /** All that is printed and written, but for times. */
  private Map<String, String> everything(String name) throws IOException {
    Map<String, String> all = new TreeMap<>();
    Path run = dir.resolve(name);
    String model = " --device cpu --model " + run;
    assertEquals(0, runLine(TRAIN + " --out " + run), err);
    all.put("train", out);
    assertEquals(0, runLine("evaluate --limit 50 --json " + run + "/e.json" + model), err);
    all.put("evaluate", out);
    assertEquals(0, runLine("analyze --limit 100 --perplexity 5" + model), err);
    all.put("analyze", out);
    assertEquals(0, runLine("export --model " + run + " --to " + run + "/ex"), err);
    runLine("data list");
    all.put("data", out);
    runLine("train --epochs 0 --data strokes --out " + run + "/no");
    all.put("refused", err);
    try (Stream<Path> files = Files.walk(run)) {
      for (Path p : files.filter(Files::isRegularFile).toList()) {
        String file = run.relativize(p).toString();
        if (file.endsWith(".json")) {
          Json.tree(p);
        }
        byte[] bytes = Files.readAllBytes(p);
        all.put(
            file,
            file.matches(".*\\.(json|jsonl|csv|html)")
                ? new String(bytes, StandardCharsets.UTF_8)
                : String.valueOf(java.util.Arrays.hashCode(bytes)));
      }
    }
    // Pictures: AWT chooses fonts by the locale that a process starts in, see the next test.
    all.keySet().removeIf(f -> f.endsWith(".png"));
    all.keySet()
        .removeIf(f -> f.matches("\\.lock|(best|last)/(manifest|state)\\.json|report.html"));
    all.replaceAll(
        (what, text) ->
            text.replace(run.toString(), "RUN")
                .replaceAll("[\\d.,]+ images/s, \\d+:\\d\\d|[\\d.,]+ images/s", "TIME")
                .replaceAll("\"(seconds|images_per_second|started)\" ?: ?[^,}\n]*", "TIME"));
    return all;
  }

  /** Other digits, other separators, another case of i. */
  @Test
  void theSameInEveryLocale() throws Exception {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.ROOT);
      Map<String, String> expected = everything("root");
      assertTrue(expected.get("evaluate").contains("accuracy  "));
      for (String tag : List.of("ar-EG-u-nu-arab", "tr-TR", "de-CH")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        Map<String, String> actual = everything(tag);
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((what, text) -> assertEquals(text, actual.get(what), tag + " " + what));
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void picturesAreTheSameInEveryLocale() throws Exception {
    assertEquals(0, runLine(TRAIN + " --out " + dir.resolve("run")), err);
    Map<String, Map<String, byte[]>> pictures = new TreeMap<>();
    for (String locale : List.of("en -Duser.country=US", "fa -Duser.country=IR")) {
      String analyze = " analyze --limit 100 --perplexity 5 --model run --out " + locale.charAt(0);
      Child child = child(Map.of(), "${CSDP/ / -Duser.language=" + locale + " }" + analyze);
      assertEquals(0, child.code(), child.err());
      Map<String, byte[]> all = Folders.contents(dir.resolve(locale.substring(0, 1)));
      all.keySet().removeIf(f -> !f.endsWith(".png"));
      pictures.put(locale, all);
    }
    List<Map<String, byte[]>> both = List.copyOf(pictures.values());
    assertTrue(both.get(0).size() >= 8, both.get(0).keySet().toString());
    Folders.assertSame(both.get(0), both.get(1));
    // So is the output of picocli: an i stays an i in Turkish.
    String help = "${CSDP/ / -Duser.language=tr } train --help";
    assertEquals(child(Map.of(), "$CSDP train --help").out(), child(Map.of(), help).out());
  }

  /** A name in Latin-1, as of an old archive: another locale would not help. */
  @Test
  @DisabledOnOs(value = OS.MAC, disabledReason = "names are UTF-8")
  void namesThatAreNotUtf8AreRefused() throws Exception {
    String make = "n=$(printf 'caf\\351'); mkdir -p $n; ";
    String words = "not valid UTF-8, the encoding of this locale: rename";
    assertRefused(3, child(Map.of(), make + "$CSDP evaluate --model $n"), words);
    assertRefused(3, child(Map.of(), make + "cd $n; $CSDP evaluate --model run"), words);
  }

  @Test
  void namesThatTheLocaleLacksAreRefusedAtOnce() throws Exception {
    Map<String, String> posix = Map.of("LC_ALL", "C");
    Child there = child(Map.of(), "mkdir données && cd données && $CSDP " + TRAIN + " --out run");
    assertEquals(0, there.code(), there.err());
    String words = "lacks: set LC_ALL=C.UTF-8";
    for (String command :
        List.of(
            "cd données && $CSDP " + TRAIN + " --out new",
            "cd données && $CSDP evaluate --model run",
            "$CSDP " + TRAIN + " --out données/new",
            "$CSDP evaluate --model données/run",
            "CSDP_DATA=$PWD/données $CSDP " + TRAIN + " --out new")) {
      assertRefused(3, child(posix, command), words);
    }
    Child seen = child(Map.of(), "ls; ls données");
    assertEquals(List.of("données", "run"), seen.out().lines().toList());
    // Plain names need no locale.
    Child plain = child(posix, "$CSDP " + TRAIN + " --out plain");
    assertEquals(0, plain.code(), plain.err());
    // Data that is recorded with a run by such a name.
    Child trained =
        child(
            Map.of(),
            "cp -r plain/best x; $CSDP "
                + TRAIN
                + " --out other >/dev/null; "
                + "sed -i 's#\"name\" *: *\"strokes\"#\"name\" : \"/tmp/données\"#'"
                + " other/config.json");
    assertEquals(0, trained.code(), trained.err());
    Child later = child(posix, "$CSDP evaluate --model other");
    assertEquals(1, later.err().lines().count(), later.err());
    assertTrue(later.code() == 2 || later.code() == 3, later.err());
  }

  /** The quick preset chooses its data; a sweep does so once, and says it once. */
  @Test
  void sweepsOfTheQuickPresetNeedNoData() throws Exception {
    String flags =
        " --preset quick --epochs 1 --train-limit 100 --valid 50 --hidden 10 --steps 3 --batch 50"
            + " --device cpu --vary seed=1..3 --out sweep";
    Map<String, String> offline = Map.of("https_proxy", "http://127.0.0.1:1"); // nothing listens
    Child child = child(offline, "unset CSDP_DATA; $CSDP sweep" + flags);
    assertEquals(0, child.code(), child.err());
    assertFalse(child.err().contains("\tat "), child.err());
    long looked = child.err().lines().filter(l -> l.startsWith("notice: downloading")).count();
    assertEquals(1, looked, child.err());
    assertTrue(child.out().contains("3 trials"), child.out());
  }

  @Test
  void aDisplayThatIsNotThereDoesNotMatter() throws Exception {
    Map<String, String> dead = Map.of("DISPLAY", "localhost:10.0");
    Child child =
        child(
            dead,
            "$CSDP "
                + TRAIN
                + " --out run && $CSDP analyze --limit 100 --perplexity 5 --model run");
    assertEquals(0, child.code(), child.err());
    assertTrue(Files.exists(dir.resolve("run/report.html")));
  }

  @Test
  void homeIsExpandedWhereNoShellDoesIt() throws Exception {
    Map<String, String> home = Map.of("HOME", dir.resolve("home").toString());
    Files.createDirectory(dir.resolve("home"));
    Files.createDirectory(dir.resolve("work"));
    String in = "cd work && $CSDP ";
    Child child = child(home, in + TRAIN + " --out='~/run'");
    assertEquals(0, child.code(), child.err());
    child = child(home, in + "evaluate --limit 5 --model='~/run' --json='~/e.json'");
    assertEquals(0, child.code(), child.err());
    assertEquals(List.of("e.json", "run"), Folders.names(dir.resolve("home")));
    assertRefused(
        2, child(home, in + "evaluate --model='~/run' --data='~/none'"), "~/none is neither");
    for (String command : List.of(TRAIN + " --out=", "evaluate --model='~/run' --data=")) {
      Child other = child(home, in + command + "'~bob/x'");
      assertEquals(2, other.code(), other.err());
      assertTrue(other.err().startsWith("csdp: ") && other.err().contains("~bob/x"), other.err());
    }
    assertEquals(List.of(), Folders.names(dir.resolve("work")));
  }

  @Test
  void whatCannotBePrintedIsNotDone() throws Exception {
    assertEquals(0, runLine(TRAIN + " --out " + dir.resolve("run")), err);
    String words = "cannot write to standard output";
    for (String command :
        List.of(
            "evaluate --limit 5 --model run",
            "evaluate --limit 5 --model run --json -",
            "export --model run --to ex",
            "data list",
            "doctor",
            "--version",
            "train --help")) {
      Child full = child(Map.of(), "$CSDP " + command + " > /dev/full");
      assertEquals(3, full.code(), command);
      assertEquals(1, full.err().lines().filter(l -> l.startsWith("csdp: ")).count(), full.err());
      assertTrue(full.err().contains(words), full.err());
    }
    // A reader that has gone.
    Child gone =
        child(Map.of(), "{ sleep 1; $CSDP data list; echo $? > code; } | true; sleep 1; cat code");
    while (gone.out().isBlank()) {
      gone = child(Map.of(), "sleep .2; cat code");
    }
    assertEquals("3", gone.out().strip());
    // A command that failed keeps its own code.
    assertEquals(2, child(Map.of(), "$CSDP evaluate --model none > /dev/full").code());
  }

  @Test
  void jsonGoesWhereItWasSent() throws Exception {
    assertEquals(0, runLine(TRAIN + " --out " + dir.resolve("run")), err);
    String evaluate = "$CSDP evaluate --limit 5 --device cpu --model run --json ";
    // Standard output has the figures and nothing else.
    Child dash = child(Map.of(), evaluate + "-");
    assertEquals(0, dash.code(), dash.err());
    assertEquals(
        5, Json.tree(dash.out().getBytes(StandardCharsets.UTF_8), dir).get("n").intValue());
    assertTrue(dash.err().contains("accuracy  "), dash.err());
    assertFalse(Files.exists(dir.resolve("-")));
    // In UTF-8, whatever the encoding of the console is.
    Child latin =
        child(
            Map.of(),
            "cp -r run Zürich; CSDP=\"${CSDP/ / -Dfile.encoding=ISO-8859-1 }\"; "
                + evaluate.replace("--model run", "--model Zürich")
                + "-");
    assertEquals(0, latin.code(), latin.err());
    assertEquals(
        "Zürich",
        Json.tree(latin.out().getBytes(StandardCharsets.UTF_8), dir).get("model").textValue());
    // Through its device, after the text.
    for (String name : List.of("/dev/stdout", "/proc/self/fd/1", "/dev/fd/1", "link")) {
      Child device =
          child(Map.of(), "ln -sf /dev/stdout link; " + evaluate + name + " > text; cat text");
      assertEquals(0, device.code(), device.err());
      assertTrue(device.out().contains("accuracy  "), name + device.out());
      String json = device.out().substring(device.out().indexOf('{'));
      assertEquals(5, Json.tree(json.getBytes(StandardCharsets.UTF_8), dir).get("n").intValue());
    }
    Child same = child(Map.of(), evaluate + "text > text; cat text");
    assertTrue(
        same.out().contains("accuracy  ") && same.out().contains("\"accuracy\""), same.out());
    // An open descriptor: output is appended to its file, which is not replaced.
    Child open =
        child(Map.of(), "exec 3>kept; echo first >&3; " + evaluate + "/dev/fd/3 >text; cat kept");
    assertEquals(0, open.code(), open.err());
    assertTrue(open.out().startsWith("first\n{"), open.out());
    // Pipes, by name, by link and of the shell; devices.
    Child pipe =
        child(
            Map.of(),
            "mkfifo p; ln -s p q; for f in p q; do timeout 60 cat $f > got & "
                + evaluate
                + "$f >text || exit 9; wait; [ -p $f ] && grep -c '\"accuracy\"' got; done; "
                + evaluate
                + ">(cat > sub; touch done) >text; until [ -e done ]; do sleep .1; done;"
                + " grep -c '\"accuracy\"' sub");
    assertEquals(List.of("1", "1", "1"), pipe.out().lines().toList(), pipe.err());
    assertEquals(0, child(Map.of(), "[ -p p -a -L q ]").code());
    // Files: through a link, where nothing is yet, where only the file may be written.
    Child files =
        child(
            Map.of(),
            "echo old > target; ln target same; ln -s target l; ln -s missing m; "
                + evaluate
                + "l >text && "
                + evaluate
                + "m >text; [ -L l ] && [ -L m ] && grep -l '\"accuracy\"' target missing; cat"
                + " same");
    assertEquals(List.of("target", "missing", "old"), files.out().lines().toList(), files.err());
    // Not a file: reported before the evaluation.
    assertRefused(2, child(Map.of(), evaluate + "run"), "is a folder");
    assertRefused(3, child(Map.of(), evaluate + "target/x"), "a file has the name of");
    Child full = child(Map.of(), evaluate + "/dev/full");
    assertEquals(3, full.code());
    assertTrue(full.err().contains("csdp: cannot write /dev/full: no space"), full.err());
  }

  /** A signal during the validation of an epoch: handled at once, and nothing is lost. */
  @Test
  void stopsAreAnsweredAtOnce() throws Exception {
    String flags =
        "train --data strokes --hidden 200,100 --batch 50 --steps 20 --train-limit 100 --epochs 1"
            + " --device cpu --valid ";
    Map<String, Integer> codes = Map.of("TERM", 143, "INT", 130, "HUP", 129);
    for (String signal : codes.keySet()) {
      Path run = dir.resolve(signal);
      // Its validation takes seconds, far longer than this test needs to see the checkpoint before
      // it. Another one comes before the training.
      // Background jobs of scripts ignore SIGINT, and so would these tests started by one.
      String heard =
          "env --default-signal=INT true && CSDP=\"env --default-signal=INT $CSDP\"; exec $CSDP ";
      Process p = Child.start(dir, dir, Map.of(), heard + flags + "3000 --out " + signal);
      while (!isTrained(run)) {
        assertTrue(p.isAlive(), () -> "it ended");
        Thread.sleep(5);
      }
      new ProcessBuilder("kill", "-" + signal, String.valueOf(p.pid())).start().waitFor();
      assertTrue(p.waitFor(60, TimeUnit.SECONDS), "it goes on");
      assertEquals(codes.get(signal), p.exitValue(), signal);
      assertTrue(Child.read(dir, "err").contains("stopping"), Child.read(dir, "err"));
      String said = Child.read(dir, "out") + Child.read(dir, "err");
      assertTrue(said.contains("continue with: train --resume --out " + signal), said);
      assertTrue(isTrained(run));
    }
  }

  /** A download asks the proxy for a tunnel, with the password if there is one. */
  @Test
  void downloadsGoThroughTheProxy() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    String fetch = "$CSDP data fetch mnist --to d";
    try (ServerSocket proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread server = new Thread(() -> refuse(proxy, asked));
      server.setDaemon(true);
      server.start();
      String at = "127.0.0.1:" + proxy.getLocalPort();
      assertRefused(
          3,
          child(Map.of("https_proxy", "http://me:secret@" + at), fetch),
          "through the proxy " + at + " of https_proxy");
      assertTrue(asked.get(0).matches("CONNECT \\S+:443 HTTP/1.1"), asked.toString());
      assertTrue(asked.contains("Proxy-authorization: Basic bWU6c2VjcmV0"), asked.toString());
      // Past it, to another proxy that is not there: no byte leaves this machine.
      asked.clear();
      String none = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=1";
      Child past =
          child(Map.of("https_proxy", at), "${CSDP/ / " + none + " }" + fetch.substring(5));
      assertEquals(3, past.code(), past.err());
      assertEquals(List.of(), asked);
    }
    Map<String, String> https = Map.of("HTTPS_PROXY", "https://p:1");
    assertRefused(3, child(https, fetch), "https_proxy is no proxy");
    // A training without data falls back to the built-in digits, as it does offline.
    Child train = child(https, "$CSDP train --train-limit 0 --hidden 0");
    assertTrue(train.err().contains("https_proxy is no proxy"), train.err());
    assertTrue(train.err().contains("using the built-in digits"), train.err());
    assertEquals(List.of(), Folders.names(dir));
  }

  /** Asks for a password on every connection, and accepts none. */
  private static void refuse(ServerSocket proxy, List<String> asked) {
    while (!proxy.isClosed()) {
      try (Socket client = proxy.accept()) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
          asked.add(line);
        }
        String answer =
            String.join(
                "\r\n",
                "HTTP/1.1 407 Password",
                "Proxy-Authenticate: Basic realm=\"x\"",
                "Connection: close",
                "Content-Length: 0",
                "",
                "");
        client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // The next one.
      }
    }
  }

  /** Whether the epoch is on the disk, and its validation is not. */
  private static boolean isTrained(Path run) {
    Path last = new RunFolder(run).last();
    if (!Checkpoint.exists(last)) {
      return false;
    }
    TrainState state = Checkpoint.readState(last, TrainState.class);
    return state.epoch() == 0 && state.batch() == 2;
  }

  @Test
  void scriptsHaveTheLineEndsOfUnix() throws Exception {
    assertTrue(Files.readString(Path.of(".gitattributes")).contains("\n* text=auto eol=lf\n"));
    for (String folder : List.of("scripts", ".mvn", ".ci")) {
      try (Stream<Path> all = Files.walk(Path.of(folder))) {
        for (Path p : all.filter(Files::isRegularFile).toList()) {
          byte[] bytes = Files.readAllBytes(p);
          byte[] without =
              new String(bytes, StandardCharsets.ISO_8859_1)
                  .replace("\r", "")
                  .getBytes(StandardCharsets.ISO_8859_1);
          assertArrayEquals(without, bytes, p.toString());
        }
      }
    }
  }
}
