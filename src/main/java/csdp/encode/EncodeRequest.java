package csdp.encode;

import csdp.checkpoint.SavedModel;
import csdp.config.RunConfig;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.ImageSource;
import csdp.data.Split;
import csdp.error.CsdpException;
import csdp.io.Json;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The description of an encoding whose pieces any process can run. Paths are on a file system that
 * all machines share.
 *
 * @param model folder or file of the model
 * @param last whether the last parameters of a run are used instead of the best
 * @param seed of the input spikes
 * @param layers hidden layers 1..L whose codes are written
 * @param files of images; null for a data set
 * @param invert whether the images of files are inverted
 * @param data part of a data set; null for files
 * @param first index of the first image
 * @param limit most images
 * @param out the result
 */
public record EncodeRequest(
    String model,
    boolean last,
    int seed,
    List<Integer> layers,
    List<String> files,
    boolean invert,
    DataPart data,
    int first,
    int limit,
    String out) {
  /** Images in memory at a time. */
  private static final int BLOCK = 500;

  /** Most images of a task: work that is lost with a machine. */
  private static final int MOST = 20_000;

  /** Copies. */
  public EncodeRequest {
    layers = List.copyOf(layers);
    files = files == null ? null : List.copyOf(files);
  }

  /**
   * A part of a data set.
   *
   * @param sha256 of its images: others would give another result
   */
  public record DataPart(RunConfig.Data set, Split split, String sha256) {}

  /**
   * Images of a file, or of the data set.
   *
   * @param file null for the data set
   * @param from position of the first image
   * @param to position after the last image
   * @param index of the first image in the sequence
   */
  public record Piece(String file, int from, int to, int index) implements Serializable {}

  /** Returns the request as a line of JSON. */
  public String json() {
    return Json.line(this);
  }

  /** Returns the request of a line. */
  public static EncodeRequest of(String json) {
    Path source = Path.of("the request of an encoding");
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return Json.value(Json.tree(bytes, source), EncodeRequest.class, source);
  }

  /** Opens the model. */
  public SavedModel open() {
    return SavedModel.open(Path.of(model), last).withSeed(seed);
  }

  /** Returns the job of consecutive pieces. */
  public static EncodeJob job(List<Piece> pieces) {
    Piece end = pieces.get(pieces.size() - 1);
    int start = pieces.get(0).index;
    return new EncodeJob(start, end.index + end.to - end.from - start, BLOCK);
  }

  /**
   * Divides the images into tasks.
   *
   * @param tasks number of tasks that are wanted; large numbers of images make more
   * @return consecutive pieces of each task
   * @throws CsdpException bad input if there are no images, or more than 2^31 - 1
   */
  public List<List<Piece>> tasks(SavedModel saved, int tasks) {
    List<Piece> all = new ArrayList<>();
    long index = first;
    long end = (long) first + limit;
    if (files == null) {
      index += Math.min(limit, dataset().size());
      all.add(new Piece(null, 0, (int) (index - first), first));
    } else {
      for (String file : files) {
        long count =
            Math.min(ImageSource.count(Path.of(file), saved.width(), saved.height()), end - index);
        if (count > 0) {
          all.add(new Piece(file, 0, (int) count, (int) index));
        }
        index += count;
        if (index > Integer.MAX_VALUE) {
          throw CsdpException.badInput(
              "more than %d images; encode them in parts", Integer.MAX_VALUE);
        }
      }
    }
    long images = index - first;
    return divided(all, (int) Math.max(1, Math.min(MOST, (images + tasks - 1) / tasks)));
  }

  private static List<List<Piece>> divided(List<Piece> pieces, int perTask) {
    List<List<Piece>> tasks = new ArrayList<>();
    int room = 0;
    for (Piece piece : pieces) {
      for (int from = 0; from < piece.to; ) {
        if (room == 0) {
          tasks.add(new ArrayList<>());
          room = perTask;
        }
        int n = Math.min(room, piece.to - from);
        tasks.get(tasks.size() - 1).add(new Piece(piece.file, from, from + n, piece.index + from));
        from += n;
        room -= n;
      }
    }
    return tasks;
  }

  private Dataset dataset() {
    Dataset found = DataSources.split(data.set.request(), data.split, line -> {});
    if (found == null || !found.sha256().equals(data.sha256)) {
      throw CsdpException.environment(
          "the data set that was found here has other images than those of the job");
    }
    return found;
  }

  /** Returns the images of pieces. */
  public ImageSource images(SavedModel saved, List<Piece> pieces) {
    return new ImageSource() {
      private int piece = -1;
      private int at;
      private ImageSource source;

      @Override
      public Item next() {
        while (source == null || at == pieces.get(piece).to) {
          close();
          if (++piece == pieces.size()) {
            return null;
          }
          source = open(saved, pieces.get(piece));
          at = pieces.get(piece).from;
        }
        Item item = source.next();
        at++;
        return item != null
            ? item
            : new Item(pieces.get(piece).file, -1, null, "the file has changed meanwhile");
      }

      @Override
      public void close() {
        if (source != null) {
          source.close();
          source = null;
        }
      }
    };
  }

  private ImageSource open(SavedModel saved, Piece piece) {
    ImageSource source =
        files == null
            ? ImageSource.of(dataset())
            : ImageSource.of(
                List.of(Path.of(piece.file)),
                saved.width(),
                saved.height(),
                invert,
                saved.scalesImages());
    source.skip(piece.from);
    return source;
  }
}
