package csdp.backend.cuda;

import csdp.backend.Batch;
import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * The most recently used data sets, stored as bytes on a device, each with the order of its images.
 * A set is uploaded once, an order once per epoch.
 */
final class DeviceImages {
  /** Training and validation images alternate. */
  private static final int KEPT = 2;

  private static final int CHUNK_BYTES = 1 << 22;

  private final int units;
  private final DeviceMemory memory;
  private final Consumer<OnDevice> dropped;
  private final Deque<OnDevice> kept = new ArrayDeque<>(); // in order of use
  private Dataset tooLarge; // null, or the last set that did not fit

  /** A data set on the device. */
  static final class OnDevice {
    private final Dataset data;
    private final Ints order;
    private final Bytes pixels;
    private int[] uploaded; // the order on the device

    private OnDevice(DeviceMemory memory, Dataset data) {
      this.data = data;
      this.order = memory.ints("order of stored images", data.size());
      try {
        this.pixels = memory.bytes("stored images", (long) data.size() * data.pixels());
      } catch (RuntimeException e) {
        order.close();
        throw e;
      }
    }

    private void close() {
      pixels.close();
      order.close();
    }

    /** Images x units bytes. */
    Bytes pixels() {
      return pixels;
    }

    /** Positions of images in the order in which they are shown. */
    Ints order() {
      return order;
    }

    private void uploadPixels() {
      int chunk = Math.min(data.size(), Math.max(1, CHUNK_BYTES / data.pixels()));
      byte[] bytes = new byte[chunk * data.pixels()];
      for (int first = 0; first < data.size(); first += chunk) {
        int n = Math.min(chunk, data.size() - first);
        data.copyBytes(first, n, bytes);
        pixels.upload(first * data.pixels(), bytes, n * data.pixels());
      }
    }

    private void uploadOrder(int[] next) {
      if (next == uploaded) {
        return;
      }
      for (int image : next) {
        if (image < 0 || image >= data.size()) { // a kernel would read out of bounds
          throw new IndexOutOfBoundsException("image " + image + " of " + data);
        }
      }
      order.upload(next);
      uploaded = next;
    }
  }

  /**
   * Creates an empty cache.
   *
   * @param units values of an image
   * @param memory whose owner frees the rest
   * @param dropped called before the buffers of a set are freed
   */
  DeviceImages(int units, DeviceMemory memory, Consumer<OnDevice> dropped) {
    this.units = units;
    this.memory = memory;
    this.dropped = dropped;
  }

  /**
   * Returns the data set of a batch on the device, with the batch's order.
   *
   * @return null if the set has no bytes or does not fit: then images are uploaded with each batch
   */
  OnDevice show(Batch.Stored images) {
    Dataset data = images.data();
    if (data.pixels() != units) {
      throw new IllegalArgumentException(data + " for " + units + " inputs");
    }
    if (!data.storesBytes() || data == tooLarge) {
      return null;
    }
    OnDevice shown = kept.stream().filter(k -> k.data == data).findFirst().orElse(null);
    if (shown == null) {
      if (kept.size() == KEPT) {
        drop();
      }
      shown = allocate(data);
      if (shown == null) {
        tooLarge = data;
        return null;
      }
      try {
        shown.uploadPixels();
      } catch (RuntimeException e) {
        shown.close();
        throw e;
      }
    }
    kept.remove(shown);
    kept.addLast(shown);
    shown.uploadOrder(images.order());
    return shown;
  }

  /** Allocates memory for a set, evicting others if necessary; null if that does not suffice. */
  private OnDevice allocate(Dataset data) {
    while (true) {
      try {
        return new OnDevice(memory, data);
      } catch (CsdpException e) {
        if (kept.isEmpty()) {
          return null;
        }
        drop();
      }
    }
  }

  private void drop() {
    OnDevice oldest = kept.removeFirst();
    dropped.accept(oldest);
    oldest.close();
  }
}
