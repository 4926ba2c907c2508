package csdp.cli;

import csdp.error.CsdpException;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/** The option --layer: hidden layers whose rate codes are wanted. */
final class LayerOption {
  @Option(
      names = "--layer",
      paramLabel = "N|all",
      description = "Hidden layer of the rate codes, 1..L, or all. Default: the last.")
  private String layer;

  /**
   * Returns the layers, ascending.
   *
   * @param depth number of hidden layers L
   * @throws CsdpException bad input
   */
  List<Integer> layers(int depth) {
    if (layer == null) {
      return List.of(depth);
    }
    if (layer.equals("all")) {
      return IntStream.rangeClosed(1, depth).boxed().toList();
    }
    int number = layer.matches("\\d{1,5}") ? Integer.parseInt(layer) : 0;
    if (number < 1 || number > depth) {
      throw CsdpException.badInput("--layer takes 1..%d or all, not '%s'", depth, layer);
    }
    return List.of(number);
  }
}
