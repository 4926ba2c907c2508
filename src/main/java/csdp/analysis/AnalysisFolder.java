package csdp.analysis;

import csdp.analysis.plots.Figure;
import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.AtomicFolder;
import csdp.io.Disk;
import csdp.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The output folder of an analysis. Each file or folder is replaced atomically; {@code report.html}
 * is written last.
 *
 * <ul>
 *   <li>{@code report.html}: all results on one self-contained page, with configuration, data hash
 *       and versions
 *   <li>{@code analysis.json}: accuracy, NLL, BCE, MSE, confusion, spikes, quality of the map,
 *       energy proxy
 *   <li>{@code codes.npy}, {@code codes_labels.npy}: rate codes of the last hidden layer, n x
 *       units, and true classes; {@code codes_z1.npy} and so on for other layers
 *   <li>{@code tsne/codes_tsne.npy}, {@code tsne/tsne_codes.png}: t-SNE of the codes
 *   <li>{@code plots/learning_curves}: accuracy, NLL and BCE over epochs
 *   <li>{@code plots/confusion}: true and predicted class
 *   <li>{@code plots/reconstructions}: input and reconstruction of each class
 *   <li>{@code plots/receptive_fields}: weights W1 of the strongest units
 *   <li>{@code plots/raster}: every spike of one image, and the accumulating class spikes
 *   <li>{@code plots/spikes_per_step}: spikes of each population over time
 *   <li>{@code plots/contrast}: goodness and thresholds of positives and negatives over time
 *   <li>{@code plots/weights}: histograms of each synapse
 * </ul>
 *
 * <p>Each plot is a PNG with its data as CSV or NPY.
 */
public final class AnalysisFolder {
  private static final String TSNE_MARKER = "codes_tsne.npy";
  private static final String PLOTS_MARKER = "weights.csv";

  private final Path folder;

  /** Uses a folder, which need not exist yet. */
  public AnalysisFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Refuses a folder that cannot be written, before any long computation.
   *
   * @throws CsdpException bad input if other files are in the way, environment without permission
   */
  public void check() {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw CsdpException.badInput("%s is a file; name a folder with --out", folder);
    }
    AtomicFolder.requireWritable(folder);
    checkOurs(folder.resolve("tsne"), TSNE_MARKER);
    checkOurs(folder.resolve("plots"), PLOTS_MARKER);
  }

  private static void checkOurs(Path part, String marker) {
    if (!Files.exists(part) || Files.exists(part.resolve(marker))) {
      return;
    }
    try (var entries = Files.list(part)) {
      if (entries.findAny().isPresent()) {
        throw CsdpException.badInput(
            "%s holds other files (and no %s); name another folder with --out", part, marker);
      }
    } catch (IOException e) {
      throw CsdpException.badInput("%s is in the way; name another folder with --out", part)
          .because(e);
    }
  }

  /**
   * Removes the files of an earlier analysis, and nothing else: old pictures do not belong to a new
   * run.
   */
  public void clear() {
    try {
      Disk.deleteEntries(
          folder,
          name -> name.matches("codes(_z\\d+|_labels)?\\.npy|analysis\\.json|report\\.html"),
          entry -> isPart(entry, "tsne", TSNE_MARKER) || isPart(entry, "plots", PLOTS_MARKER));
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  private static boolean isPart(Path entry, String name, String marker) {
    return entry.getFileName().toString().equals(name) && Files.exists(entry.resolve(marker));
  }

  void write(Analysis a) {
    check();
    Map<String, byte[]> tsne = new LinkedHashMap<>();
    List<Figure> maps = new ArrayList<>();
    List<String> files = new ArrayList<>();
    for (int c = 0; c < a.results.codes().size(); c++) {
      Codes codes = a.results.codes().get(c);
      // The last layer has the file names of the released code.
      String suffix = c == a.results.codes().size() - 1 ? "" : "_" + codes.layer().name();
      int units = codes.layer().units();
      AtomicFile.write(
          folder.resolve("codes" + suffix + ".npy"),
          Figure.npy(codes.codes(), a.data.size(), units));
      files.add("codes" + suffix + ".npy");
      String name = suffix.isEmpty() ? TSNE_MARKER : "codes_tsne" + suffix + ".npy";
      tsne.put(name, Figure.npy(codes.map().y(), a.points, 2));
      Figure map =
          Figure.of(
              "tsne_codes" + suffix,
              "t-SNE of " + codes.layer().name(),
              AnalysisReport.mapCaption(a, codes),
              codes.picture(),
              Map.of());
      tsne.put(map.name() + ".png", map.png());
      maps.add(map);
    }
    removeStaleCodes(files);
    int[] labels = new int[a.data.size()];
    java.util.Arrays.setAll(labels, a.data::label);
    AtomicFile.write(folder.resolve("codes_labels.npy"), Figure.npy(labels, labels.length));
    files.add("codes_labels.npy");
    replace("tsne", TSNE_MARKER, tsne);
    tsne.keySet().forEach(f -> files.add("tsne/" + f));

    Map<String, byte[]> plots = new LinkedHashMap<>();
    for (Figure f : a.results.figures()) {
      plots.put(f.name() + ".png", f.png());
      plots.putAll(f.data());
    }
    replace("plots", PLOTS_MARKER, plots);
    plots.keySet().forEach(f -> files.add("plots/" + f));

    AtomicFile.write(folder.resolve("analysis.json"), Json.bytes(AnalysisReport.figures(a)));
    files.add("analysis.json");
    AtomicFile.write(folder.resolve("report.html"), AnalysisReport.html(a, maps, files));
  }

  /** Deletes codes of other layers from an earlier analysis. */
  private void removeStaleCodes(List<String> written) {
    try (var entries = Files.newDirectoryStream(folder, "codes_z*.npy")) {
      for (Path p : entries) {
        if (!written.contains(p.getFileName().toString())) {
          Files.delete(p);
        }
      }
    } catch (IOException e) {
      throw CsdpException.environment("cannot clear %s: %s", folder, e.getMessage()).because(e);
    }
  }

  private void replace(String name, String marker, Map<String, byte[]> files) {
    AtomicFolder.replace(
        folder.resolve(name),
        marker,
        temporary -> {
          for (Map.Entry<String, byte[]> f : files.entrySet()) {
            Files.write(temporary.resolve(f.getKey()), f.getValue());
          }
        });
  }
}
