package csdp.encode;

import csdp.Csdp;
import csdp.data.ImageSource;
import csdp.error.CsdpException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Encodes a sequence of images block by block. An image's input spikes depend on its index alone,
 * so results depend neither on the size of a block nor on images that cannot be read.
 *
 * @param first index of the first image, from 0
 * @param limit most images to encode
 * @param block images in memory at a time
 */
public record EncodeJob(int first, int limit, int block) implements Serializable {
  /** Checks the numbers. */
  public EncodeJob {
    if (first < 0 || limit < 1 || block < 1) {
      throw CsdpException.badInput(
          "%d images from index %d in blocks of %d; an index is at least 0, the others at least 1",
          limit, first, block);
    }
  }

  /**
   * Result of a job.
   *
   * @param images number of images, unreadable ones included
   * @param failed number of images or files that could not be read
   * @param error of the first of them, or null
   */
  public record Summary(int images, int failed, String error) {}

  /**
   * A row of the result.
   *
   * @param index of the image in the sequence
   * @param encoding null if the image could not be read
   */
  public record Row(int index, ImageSource.Item image, Csdp.Encoding encoding) {}

  /**
   * Refuses images of which none of the first block can be read: their size or format is wrong.
   *
   * @throws CsdpException bad input, also if there are no images
   */
  public void requireReadable(ImageSource images) {
    List<ImageSource.Item> items = take(images, Math.min(block, limit));
    if (items.isEmpty()) {
      throw CsdpException.badInput("there are no images to encode");
    }
    if (items.stream().allMatch(item -> item.error() != null)) {
      throw CsdpException.badInput(
          "none of the first %d images can be read; the first: %s",
          items.size(), items.get(0).error());
    }
  }

  /** Refuses indices above 2^31 - 1. */
  static void requireIndex(int first, long images) {
    if (images > Integer.MAX_VALUE - first) {
      throw CsdpException.badInput("more than %d images; encode them in parts", Integer.MAX_VALUE);
    }
  }

  /**
   * Encodes images until there are no more.
   *
   * @param out receives the rows of every block
   * @param progress receives the number of images so far
   */
  public Summary run(
      Csdp network, ImageSource images, Consumer<List<Row>> out, IntConsumer progress) {
    int done = 0;
    int failed = 0;
    String error = null;
    while (done < limit) {
      List<ImageSource.Item> items = take(images, Math.min(block, limit - done));
      if (items.isEmpty()) {
        break;
      }
      List<Row> rows = rows(network, items, done);
      for (Row row : rows) {
        if (row.encoding == null) {
          error = failed++ == 0 ? row.image.error() : error;
        }
      }
      out.accept(rows);
      done += rows.size();
      progress.accept(done);
    }
    return new Summary(done, failed, error);
  }

  private static List<ImageSource.Item> take(ImageSource images, int most) {
    List<ImageSource.Item> items = new ArrayList<>();
    ImageSource.Item item;
    while (items.size() < most && (item = images.next()) != null) {
      items.add(item);
    }
    return items;
  }

  private List<Row> rows(Csdp network, List<ImageSource.Item> items, int done) {
    requireIndex(first, (long) done + items.size());
    int index = first + done;
    List<Csdp.Encoding> encodings = encodings(network, items, index);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      boolean read = items.get(i).error() == null;
      rows.add(new Row(index + i, items.get(i), read ? encodings.get(i) : null));
    }
    return rows;
  }

  private static List<Csdp.Encoding> encodings(
      Csdp network, List<ImageSource.Item> items, int index) {
    int units = network.spec().input().units();
    if (items.stream().anyMatch(item -> item.spikes() != null)) {
      byte[] silent = new byte[network.spec().constants().steps() * units];
      return network.encodeSpikes(
          items.stream()
              .map(item -> item.spikes() == null ? silent : item.spikes())
              .toArray(byte[][]::new));
    }
    float[] black = new float[units]; // keeps the index of the others
    float[][] pixels = new float[items.size()][];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = items.get(i).pixels() == null ? black : items.get(i).pixels();
    }
    return network.encode(pixels, index);
  }
}
