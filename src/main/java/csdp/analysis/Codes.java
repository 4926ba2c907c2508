package csdp.analysis;

import csdp.analysis.tsne.Tsne;
import csdp.model.Population;
import java.awt.image.BufferedImage;

/**
 * Rate codes of a layer and their map.
 *
 * @param codes of all images, n x units: spikes / T
 * @param map of the first points; all equal, and figures NaN, if all codes are equal
 * @param trust trustworthiness of the map, and of two principal components, on some points
 * @param agreement share of the ten nearest points with the same class: in the map, in the codes
 * @param seconds that the map took
 */
record Codes(
    Population layer,
    float[] codes,
    Tsne.Result map,
    double[] trust,
    double[] agreement,
    double seconds,
    BufferedImage picture) {
  /** Returns true if the codes differ, so that a map is possible. */
  boolean hasVariance() {
    return !Double.isNaN(map.explained());
  }
}
