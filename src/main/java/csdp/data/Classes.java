package csdp.data;

import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The classes of labels that are any text: in the order of numbers, then of text. Numbers from 0 on
 * are class numbers themselves, also with gaps.
 */
final class Classes {
  /** More numbers than classes of any network are names. */
  private static final int MOST = 0xFFFF;

  private final List<String> names;
  private final boolean numbers;

  private Classes(List<String> names, boolean numbers) {
    this.names = names;
    this.numbers = numbers;
  }

  /** Returns the classes of labels. */
  static Classes of(Stream<String> labels) {
    TreeSet<String> found =
        new TreeSet<>(
            Comparator.comparingInt(Classes::number).thenComparing(Comparator.naturalOrder()));
    labels.forEach(found::add);
    int highest = found.isEmpty() ? 0 : number(found.last());
    boolean numbers = highest <= MOST && found.stream().anyMatch(l -> number(l) == 0);
    return numbers
        ? new Classes(IntStream.rangeClosed(0, highest).mapToObj(String::valueOf).toList(), true)
        : new Classes(List.copyOf(found), false);
  }

  private static int number(String label) {
    return label.matches("\\d{1,9}") ? Integer.parseInt(label) : Integer.MAX_VALUE;
  }

  int count() {
    return names.size();
  }

  int indexOf(String label) {
    return numbers ? number(label) : names.indexOf(label);
  }

  List<String> names() {
    return names;
  }

  /** Returns the images with the names of their classes, unless these are their numbers. */
  Dataset name(Dataset images) {
    return numbers ? images : images.withClassNames(names);
  }
}
