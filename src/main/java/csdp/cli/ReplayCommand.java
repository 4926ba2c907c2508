package csdp.cli;

import csdp.backend.Device;
import csdp.error.CsdpException;
import csdp.replay.Replay;
import csdp.replay.ReplayReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays recorded runs of the released code. */
@Command(
    name = "replay",
    description = {
      "Replay recorded runs of the released code and compare spikes, weights, Adam moments,"
          + " states and read-outs.",
      "Exit code 0 if no spike differs and all other values are within 1e-5 (on a CUDA device:"
          + " at most 1 in 100,000 spikes, 1e-4)."
    })
final class ReplayCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "TRACE.npz", description = "Recorded runs.")
  private List<Path> traces;

  @Mixin private DeviceOptions device;

  @Mixin private JsonOption json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    PrintWriter out = json.text(spec);
    Device where = device.resolve(spec);
    List<Map<String, Object>> figures = new ArrayList<>();
    int failed = 0;
    for (Path trace : traces) {
      ReplayReport report = Replay.run(trace, where, device.threads());
      out.print(report);
      out.flush();
      figures.add(report.toMap());
      failed += report.passed() ? 0 : 1;
    }
    json.write(spec, Map.of("replays", figures));
    out.printf(Locale.ROOT, "%d passed, %d failed%n", traces.size() - failed, failed);
    return failed == 0 ? 0 : CsdpException.FAILED;
  }
}
