package csdp.cli;

import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.error.CsdpException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Images and input spikes for a trained model: --split, --limit and --seed. */
final class SplitOptions {
  @Option(
      names = "--split",
      defaultValue = "test",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Split split;

  @Option(names = "--limit", paramLabel = "N", description = "Only the first N images.")
  private Integer limit;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the input spikes. Default: the model's.")
  private Integer seed;

  /** Refuses a limit below 1, before any work. */
  void check() {
    if (limit != null && limit < 1) {
      throw CsdpException.badInput("--limit must be at least 1, not %d", limit);
    }
  }

  /** Returns the images of the split, up to the limit. */
  Dataset images(DataOptions data, SavedModel saved, CommandSpec spec) {
    Dataset images = data.images(saved, split, spec);
    return limit == null ? images : images.limit(Math.min(limit, images.size()));
  }

  /** Returns the most images. */
  int limit() {
    return limit == null ? Integer.MAX_VALUE : limit;
  }

  /** Returns the name of the split in lower case. */
  String name() {
    return split.label();
  }

  /** Returns the given seed, or the model's. */
  int seed(SavedModel saved) {
    return seed == null ? saved.seed() : seed;
  }
}
