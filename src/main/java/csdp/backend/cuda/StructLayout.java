package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * The fields of a struct of {@code kernels/network.cuh}, in its order, each with its value in Java.
 * Fields have no gaps between them: padding is a field.
 *
 * @param <S> the source of a row's values
 */
final class StructLayout<S> {
  /** The type of a field. */
  enum Type {
    /** An address in device memory. */
    GLOBAL(Long.BYTES),
    /** A 32-bit integer. */
    INT(Integer.BYTES),
    /** A 32-bit float. */
    FLOAT(Float.BYTES);

    final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  private interface Writer<S> {
    void write(ByteBuffer to, S source);
  }

  /** A field's name, type and offset. */
  record Field(String name, Type type, int offset) {}

  private final String struct;
  private final List<Field> fields = new ArrayList<>();
  private final List<Writer<S>> writers = new ArrayList<>();
  private int bytes;

  /** Creates a struct without fields. */
  StructLayout(String struct) {
    this.struct = struct;
  }

  private StructLayout<S> add(String name, Type type, Writer<S> writer) {
    if (bytes % type.bytes != 0) {
      throw new IllegalStateException(struct + "." + name + " is not aligned");
    }
    fields.add(new Field(name, type, bytes));
    writers.add(writer);
    bytes += type.bytes;
    return this;
  }

  /** Adds the address of a buffer, null where the source gives none. */
  StructLayout<S> buffer(String name, Function<S, DeviceBuffer> value) {
    return address(
        name,
        s -> {
          DeviceBuffer b = value.apply(s);
          return b == null ? 0 : b.address();
        });
  }

  /** Adds an address. */
  StructLayout<S> address(String name, ToLongFunction<S> value) {
    return add(name, Type.GLOBAL, (to, s) -> to.putLong(value.applyAsLong(s)));
  }

  /** Adds an integer. */
  StructLayout<S> integer(String name, ToIntFunction<S> value) {
    return add(name, Type.INT, (to, s) -> to.putInt(value.applyAsInt(s)));
  }

  /** Adds a float. */
  StructLayout<S> real(String name, Function<S, Float> value) {
    return add(name, Type.FLOAT, (to, s) -> to.putFloat(value.apply(s)));
  }

  /** Name of the struct. */
  String struct() {
    return struct;
  }

  /** The fields in their order. */
  List<Field> fields() {
    return List.copyOf(fields);
  }

  /** Size of the struct. */
  int bytes() {
    return bytes;
  }

  /** Writes a row. */
  void write(ByteBuffer to, S source) {
    writers.forEach(w -> w.write(to, source));
  }

  /** A view of bytes, in the byte order of devices. */
  static ByteBuffer over(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
