package csdp.encode;

import csdp.Csdp;
import csdp.data.ImageSource;
import csdp.error.CsdpException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Encodes a sequence of images block by block. An image's input spikes depend on its index alone,
 * so results depend neither on the size of a block nor on images that cannot be read.
 *
 * @param first index of the first image, from 0
 * @param limit most images to encode
 * @param block images in memory at a time
 */
public record EncodeJob(int first, int limit, int block) {
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
   * Encodes images until there are no more.
   *
   * @param out receives every block; committed at the end
   * @param progress receives the number of images so far
   * @throws CsdpException bad input, without an output, if there are no images or if no image of
   *     the first block can be read
   */
  public Summary run(Csdp network, ImageSource images, CodesWriter out, IntConsumer progress) {
    int done = 0;
    int failed = 0;
    String error = null;
    Iterator<List<Row>> blocks = blocks(network, images);
    while (blocks.hasNext()) {
      List<Row> rows = blocks.next();
      for (Row row : rows) {
        if (row.encoding == null) {
          error = failed++ == 0 ? row.image.error() : error;
        }
      }
      if (failed == rows.size() && done == 0) {
        throw noneReadable(failed, error);
      }
      out.add(rows);
      done += rows.size();
      progress.accept(done);
    }
    if (done == 0) {
      throw CsdpException.badInput("there are no images to encode");
    }
    out.commit();
    return new Summary(done, failed, error);
  }

  /** Returns the error if no image can be read, which suggests a wrong size or format of all. */
  public static CsdpException noneReadable(int images, String error) {
    return CsdpException.badInput(
        "none of the first %d images can be read; the first: %s", images, error);
  }

  /**
   * Encodes images block by block, on demand.
   *
   * @return the rows of each block
   */
  public Iterator<List<Row>> blocks(Csdp network, ImageSource images) {
    return new Iterator<>() {
      private int done;
      private List<ImageSource.Item> items = take();

      private List<ImageSource.Item> take() {
        List<ImageSource.Item> taken = new ArrayList<>();
        ImageSource.Item item;
        while (taken.size() < Math.min(block, limit - done) && (item = images.next()) != null) {
          taken.add(item);
        }
        return taken;
      }

      @Override
      public boolean hasNext() {
        return !items.isEmpty();
      }

      @Override
      public List<Row> next() {
        List<Row> rows = rows(network, items, done);
        done += rows.size();
        items = take();
        return rows;
      }
    };
  }

  private List<Row> rows(Csdp network, List<ImageSource.Item> items, int done) {
    if (done > Integer.MAX_VALUE - first - items.size()) {
      throw CsdpException.badInput("more than %d images; encode them in parts", Integer.MAX_VALUE);
    }
    int index = first + done;
    float[] black = new float[network.spec().input().units()]; // keeps the index of the others
    float[][] pixels = new float[items.size()][];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = items.get(i).pixels() == null ? black : items.get(i).pixels();
    }
    List<Csdp.Encoding> encodings = network.encode(pixels, index);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < pixels.length; i++) {
      boolean read = items.get(i).pixels() != null;
      rows.add(new Row(index + i, items.get(i), read ? encodings.get(i) : null));
    }
    return rows;
  }
}
