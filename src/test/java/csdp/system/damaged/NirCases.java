package csdp.system.damaged;

import static csdp.system.damaged.GoodInputs.EVALUATE_NIR;

import java.io.IOException;

/** NIR graphs (HDF5), damaged; graphs that cannot be expressed are in NirFileTest. */
final class NirCases {
  private NirCases() {}

  static void add(Cases c) throws IOException {
    c.command = EVALUATE_NIR;
    String file = "model.nir";
    c.truncated(file, 20);
    c.flipped(file, 0, 8, 4); // signature
    c.flipped(file, 8, 48, 4); // superblock: it has a checksum
    c.missing(file);
    c.content(file, "a text", "hello");
    c.bytes(file, "zeros after the superblock", b -> zeroed(b, 64));
    c.bytes(file, "zeros in its second half", b -> zeroed(b, b.length / 2));
  }

  private static byte[] zeroed(byte[] bytes, int from) {
    java.util.Arrays.fill(bytes, from, bytes.length, (byte) 0);
    return bytes;
  }
}
