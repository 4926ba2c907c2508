package csdp.encode;

import csdp.checkpoint.SavedModel;
import csdp.data.ImageSource;
import csdp.error.CsdpException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The description of an encoding, or of a part of one, that any process can run.
 *
 * @param model folder or file of the model, absolute
 * @param last whether the last parameters of a run are used instead of the best
 * @param seed of the input spikes
 * @param invert whether the images are inverted
 * @param files of the images, absolute
 * @param skip images of the first file that precede the part
 * @param job index of the first image, and number of images
 */
public record EncodePart(
    String model,
    boolean last,
    int seed,
    boolean invert,
    List<String> files,
    int skip,
    EncodeJob job)
    implements Serializable {
  /** Most images of a part: the memory of a task, and the work that is lost with a machine. */
  private static final int MOST = 10_000;

  /** Copies. */
  public EncodePart {
    files = List.copyOf(files);
  }

  /** Opens the model. */
  public SavedModel open() {
    return SavedModel.open(Path.of(model), last).withSeed(seed);
  }

  /** Returns the images, and those that follow in the last file. */
  public ImageSource images(SavedModel saved) {
    List<Path> paths = files.stream().map(Path::of).toList();
    return ImageSource.of(paths, skip, saved.width(), saved.height(), invert, saved.scalesImages());
  }

  /**
   * Divides all images into consecutive parts. Counts the images of each file; IDX and NPZ files
   * are read as a whole for that.
   *
   * @param parts number of parts that are wanted; there are more if they would be too large
   * @param least images of a part, if there are as many
   * @throws CsdpException bad input if there are more than 2^31 - 1 images
   */
  public List<EncodePart> divide(SavedModel saved, int parts, int least) {
    int[] counts = new int[files.size()];
    long images = 0;
    for (int f = 0; f < counts.length && images < job.limit(); f++) {
      long count = ImageSource.count(Path.of(files.get(f)), saved.width(), saved.height());
      counts[f] = (int) Math.min(count, job.limit() - images);
      images += counts[f];
    }
    EncodeJob.requireIndex(job.first(), images);
    int most = (int) Math.min(MOST, Math.max(least, (images + parts - 1) / parts));
    List<EncodePart> divided = new ArrayList<>();
    List<String> names = new ArrayList<>(); // of the next part
    int before = 0;
    int size = 0;
    int index = job.first();
    for (int f = 0; f < counts.length; f++) {
      for (int from = 0; from < counts[f]; ) {
        if (names.isEmpty()) {
          before = from;
        }
        names.add(files.get(f));
        int n = Math.min(most - size, counts[f] - from);
        from += n;
        size += n;
        images -= n;
        if (size == most || images == 0) {
          EncodeJob some = new EncodeJob(index, size, job.block());
          divided.add(new EncodePart(model, last, seed, invert, names, before, some));
          names.clear();
          index += size;
          size = 0;
        }
      }
    }
    return divided;
  }
}
