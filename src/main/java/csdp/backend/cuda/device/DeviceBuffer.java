package csdp.backend.cuda.device;

/**
 * A typed array of fixed length on the device, allocated by {@link DeviceMemory}. Closing frees the
 * memory and is idempotent.
 */
public abstract sealed class DeviceBuffer implements AutoCloseable {
  private final DeviceMemory memory;
  private final String what;
  private final int length;
  private final int elementBytes;
  private long address;

  private DeviceBuffer(DeviceMemory memory, String what, int length, int elementBytes) {
    this.memory = memory;
    this.what = what;
    this.length = length;
    this.elementBytes = elementBytes;
    this.address = memory.allocate(this);
  }

  /** Returns the purpose of this memory, for messages. */
  public String what() {
    return what;
  }

  /** Number of elements. */
  public int length() {
    return length;
  }

  /** Number of bytes. */
  public long bytes() {
    return (long) length * elementBytes;
  }

  /** Address on the device. */
  public long address() {
    if (address == 0) {
      throw new IllegalStateException("the device buffer " + what + " is closed");
    }
    return address;
  }

  /** Checks the minimum length, for launch methods. */
  public void require(long elements) {
    if (length < elements) {
      throw new IllegalArgumentException(
          "the device buffer " + what + " has " + length + " elements, " + elements + " needed");
    }
  }

  void put(Object array, int count) {
    putAt(0, array, count);
  }

  void putAt(int at, Object array, int count) {
    require((long) at + count);
    memory.device().upload(address() + (long) at * elementBytes, array, 0, count);
  }

  void get(Object array, int count) {
    require(count);
    memory.device().download(address(), array, 0, count);
  }

  @Override
  public void close() {
    if (address != 0) {
      long old = address;
      address = 0;
      memory.free(this, old);
    }
  }

  @Override
  public String toString() {
    return what + "[" + length + "]";
  }

  /** An array of floats. */
  public static final class Floats extends DeviceBuffer {
    Floats(DeviceMemory memory, String what, int length) {
      super(memory, what, length, Float.BYTES);
    }

    /** Copies a whole array to the start of the buffer. */
    public void upload(float[] from) {
      upload(from, from.length);
    }

    /** Copies the first elements of an array to the start of the buffer. */
    public void upload(float[] from, int count) {
      put(from, count);
    }

    /** Copies the start of the buffer to a whole array. */
    public float[] download(float[] into) {
      get(into, into.length);
      return into;
    }
  }

  /** An array of ints. */
  public static final class Ints extends DeviceBuffer {
    Ints(DeviceMemory memory, String what, int length) {
      super(memory, what, length, Integer.BYTES);
    }

    /** Copies a whole array to the start of the buffer. */
    public void upload(int[] from) {
      upload(from, from.length);
    }

    /** Copies the first elements of an array to the start of the buffer. */
    public void upload(int[] from, int count) {
      put(from, count);
    }

    /** Copies the start of the buffer to a whole array. */
    public int[] download(int[] into) {
      get(into, into.length);
      return into;
    }
  }

  /** An array of bytes. */
  public static final class Bytes extends DeviceBuffer {
    Bytes(DeviceMemory memory, String what, int length) {
      super(memory, what, length, Byte.BYTES);
    }

    /** Copies a whole array to the start of the buffer. */
    public void upload(byte[] from) {
      upload(from, from.length);
    }

    /** Copies the first elements of an array to the start of the buffer. */
    public void upload(byte[] from, int count) {
      put(from, count);
    }

    /** Copies the first elements of an array to a position in the buffer. */
    public void upload(int at, byte[] from, int count) {
      putAt(at, from, count);
    }

    /** Copies the start of the buffer to a whole array. */
    public byte[] download(byte[] into) {
      get(into, into.length);
      return into;
    }
  }
}
