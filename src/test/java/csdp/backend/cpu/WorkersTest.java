package csdp.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
  @Test
  void everyItemIsDoneOnceAndFailuresReachTheCaller() {
    int n = 501;
    try (Workers workers = new Workers(4)) {
      for (int round = 0; round < 300; round++) {
        AtomicIntegerArray done = new AtomicIntegerArray(n);
        workers.run((item, worker) -> done.incrementAndGet(item), n);
        int[] counts = new int[n];
        Arrays.setAll(counts, done::get);
        int[] once = new int[n];
        Arrays.fill(once, 1);
        assertArrayEquals(once, counts, "round " + round);
        if (round % 100 == 0) {
          IllegalStateException e =
              assertThrows(
                  IllegalStateException.class,
                  () ->
                      workers.run(
                          (item, worker) -> {
                            if (item == 77) {
                              throw new ArithmeticException("item 77");
                            }
                          },
                          n));
          assertEquals("item 77", e.getCause().getMessage());
        }
      }
    }
  }
}
