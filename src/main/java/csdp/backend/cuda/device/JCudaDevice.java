package csdp.backend.cuda.device;

import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_LAUNCH_FAILED;
import static jcuda.driver.CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;

import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.ptx.JCudaKernels;
import csdp.backend.cuda.ptx.KernelSources;
import csdp.error.CsdpException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * A GPU through NVIDIA's driver and JCuda: its primary context, one stream, one module with all
 * kernels. Loaded only after JCuda's native libraries: see {@code Cuda}.
 *
 * <p>The stream and the null stream wait for each other, so plain copies are in stream order. A
 * copy of pageable memory to the device has read the array when it returns.
 */
public final class JCudaDevice implements GpuDevice {
  private final CudaSurvey.Gpu gpu;
  private final String driver;
  private final boolean syncLaunches;
  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUstream stream = new CUstream();
  private final CUmodule module = new CUmodule();
  private final Map<String, CUfunction> functions = new HashMap<>();
  private final Set<Long> live = new HashSet<>();
  private final Set<Event> events = new HashSet<>(); // not yet closed; an error may leave some
  private final Set<Graph> graphs = new HashSet<>();
  private boolean retained;
  private boolean streaming;
  private boolean loaded;
  private boolean capturing;
  private String last = "none";

  private JCudaDevice(CudaSurvey survey, CudaSurvey.Gpu gpu, boolean syncLaunches) {
    this.gpu = gpu;
    this.driver = survey.driver();
    this.syncLaunches = syncLaunches;
  }

  public static JCudaDevice open(CudaSurvey survey, int index, boolean syncLaunches) {
    JCudaDevice d = new JCudaDevice(survey, survey.gpus().get(index), syncLaunches);
    try {
      d.start();
      return d;
    } catch (RuntimeException e) {
      d.close();
      throw e;
    }
  }

  private void start() {
    check(JCudaDriver.cuDeviceGet(device, gpu.index()), "finding the device");
    check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "opening a context");
    retained = true;
    enter();
    // Not CU_STREAM_NON_BLOCKING: see the class comment.
    check(JCudaDriver.cuStreamCreate(stream, 0), "opening a stream");
    streaming = true;
    check(JCudaKernels.load(module, gpu, driver), "loading the kernels");
    loaded = true;
    // All at once: a missing kernel is detected here, and none is loaded during a capture.
    KernelSources.device().kernels().forEach(this::function);
  }

  private CUfunction function(String kernel) {
    return functions.computeIfAbsent(
        kernel,
        k -> {
          CUfunction f = new CUfunction();
          check(JCudaDriver.cuModuleGetFunction(f, module, k), "finding the kernel " + k);
          return f;
        });
  }

  @Override
  public String name() {
    return "cuda:" + gpu.index();
  }

  @Override
  public String description() {
    return "CUDA device " + gpu + ", driver for CUDA " + driver;
  }

  @Override
  public long allocate(long bytes, String what) {
    enter();
    Address at = new Address(0);
    int result = JCudaDriver.cuMemAlloc(at, bytes);
    if (result == CUDA_ERROR_OUT_OF_MEMORY) {
      return 0;
    }
    check(result, "allocating " + bytes + " bytes for " + what);
    live.add(at.value());
    return at.value();
  }

  @Override
  public Room room() {
    enter();
    long[] free = new long[1];
    long[] total = new long[1];
    check(JCudaDriver.cuMemGetInfo(free, total), "asking for the free memory");
    return new Room(free[0], total[0]);
  }

  @Override
  public void free(long address) {
    if (!live.remove(address)) {
      throw new IllegalStateException("no memory was allocated at this address");
    }
    // Unchecked: after a failed kernel every call fails, which was already reported.
    JCudaDriver.cuCtxSetCurrent(context);
    JCudaDriver.cuStreamSynchronize(stream); // queued work may use it
    JCudaDriver.cuMemFree(new Address(address));
  }

  @Override
  public void upload(long to, Object array, int offset, int count) {
    enter();
    int size = elementBytes(array);
    check(
        JCudaDriver.cuMemcpyHtoD(
            new Address(to),
            pointer(array).withByteOffset((long) offset * size),
            (long) count * size),
        "copying " + (long) count * size + " bytes to the device");
  }

  @Override
  public void download(long from, Object array, int offset, int count) {
    synchronize(); // not within the copy, which blocks Java's garbage collector
    int size = elementBytes(array);
    check(
        JCudaDriver.cuMemcpyDtoH(
            pointer(array).withByteOffset((long) offset * size),
            new Address(from),
            (long) count * size),
        "copying " + (long) count * size + " bytes from the device");
  }

  private static int elementBytes(Object array) {
    return array instanceof byte[] ? Byte.BYTES : Float.BYTES;
  }

  private static Pointer pointer(Object array) {
    if (array instanceof float[] f) {
      return Pointer.to(f);
    }
    return array instanceof int[] i ? Pointer.to(i) : Pointer.to((byte[]) array);
  }

  @Override
  public void launch(String kernel, Geometry g, Object... arguments) {
    enter();
    NativePointerObject[] values = new NativePointerObject[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof DeviceBuffer b) {
        values[i] = Pointer.to(new long[] {b.address()});
      } else if (arguments[i] instanceof Integer n) {
        values[i] = Pointer.to(new int[] {n});
      } else {
        values[i] = Pointer.to(new float[] {(Float) arguments[i]});
      }
    }
    last = "the kernel " + kernel + " " + g;
    int result =
        JCudaDriver.cuLaunchKernel(
            function(kernel),
            g.gridX(),
            g.gridY(),
            1,
            g.block(),
            1,
            1,
            g.sharedBytes(),
            stream,
            Pointer.to(values),
            null);
    if (result == CUDA_SUCCESS && syncLaunches && !capturing) {
      result = JCudaDriver.cuStreamSynchronize(stream);
    }
    if (earlier(result) && !syncLaunches) {
      check(result, "");
    }
    if (result != CUDA_SUCCESS) {
      throw CsdpException.failed("%s failed: %s", last, CUresult.stringFor(result));
    }
  }

  /** Returns true if a call may report this error for an earlier kernel. */
  private static boolean earlier(int result) {
    return result >= CUDA_ERROR_ILLEGAL_ADDRESS
        && result <= CUDA_ERROR_LAUNCH_FAILED
        && result != CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  }

  @Override
  public void synchronize() {
    enter();
    check(JCudaDriver.cuStreamSynchronize(stream), "waiting");
  }

  @Override
  public Sequence capture(Runnable work) {
    if (syncLaunches) { // a graph can be synchronised only as a whole
      return Sequence.of(work);
    }
    enter();
    CUgraph graph = new CUgraph();
    check(
        JCudaDriver.cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "starting to capture a graph");
    capturing = true;
    int ended;
    boolean complete = false;
    try {
      work.run();
      complete = true;
    } finally {
      capturing = false;
      ended = JCudaDriver.cuStreamEndCapture(stream, graph);
      if (!complete && ended == CUDA_SUCCESS) {
        JCudaDriver.cuGraphDestroy(graph);
      }
    }
    check(ended, "capturing a graph");
    CUgraphExec executable = new CUgraphExec();
    int result = JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    JCudaDriver.cuGraphDestroy(graph);
    check(result, "making a graph ready");
    return new Graph(executable);
  }

  @Override
  public Mark mark() {
    enter();
    CUevent event = new CUevent();
    check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT), "making an event");
    Event mark = new Event(event);
    check(JCudaDriver.cuEventRecord(event, stream), "recording an event");
    return mark;
  }

  @Override
  public DenseProducts cublas() {
    enter();
    return JCublasProducts.open(stream, this);
  }

  /** Makes the context current in the calling thread, which may change. */
  void enter() {
    check(JCudaDriver.cuCtxSetCurrent(context), "entering the context");
  }

  /** Throws an environment error before the kernels are loaded, later a failed run. */
  private void check(int result, String doing) {
    if (result != CUDA_SUCCESS) {
      String line =
          earlier(result)
              ? String.format(
                  Locale.ROOT,
                  "%s: a kernel failed: %s; it is %s or one before it%s",
                  name(),
                  CUresult.stringFor(result),
                  last,
                  syncLaunches ? "" : ": run again with --sync-launches to see which")
              : String.format(
                  Locale.ROOT,
                  "%s: %s failed: %s; last launch: %s",
                  name(),
                  doing,
                  CUresult.stringFor(result),
                  last);
      throw loaded ? CsdpException.failed("%s", line) : CsdpException.environment("%s", line);
    }
  }

  @Override
  public void close() {
    // Unchecked: after a failed kernel every call fails, and the context is destroyed in any case.
    if (retained) {
      JCudaDriver.cuCtxSetCurrent(context);
      if (streaming) {
        JCudaDriver.cuStreamSynchronize(stream);
      }
      List.copyOf(events).forEach(Event::close);
      List.copyOf(graphs).forEach(Graph::close);
      live.forEach(a -> JCudaDriver.cuMemFree(new Address(a)));
      live.clear();
      if (loaded) {
        JCudaDriver.cuModuleUnload(module);
      }
      if (streaming) {
        JCudaDriver.cuStreamDestroy(stream);
      }
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
      retained = false;
      streaming = false;
      loaded = false;
    }
  }

  /** A device pointer with conversion from and to a number. */
  static final class Address extends CUdeviceptr {
    Address(long value) {
      super(new CUdeviceptr(), value);
    }

    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

  private final class Event implements Mark {
    private final CUevent event;

    Event(CUevent event) {
      this.event = event;
      events.add(this);
    }

    @Override
    public double microsSince(Mark earlier) {
      enter();
      float[] millis = new float[1];
      check(JCudaDriver.cuEventSynchronize(event), "waiting for an event");
      check(
          JCudaDriver.cuEventElapsedTime(millis, ((Event) earlier).event, event),
          "reading the time between events");
      return millis[0] * 1e3;
    }

    @Override
    public String clock() {
      return "events";
    }

    @Override
    public void close() {
      if (events.remove(this)) {
        JCudaDriver.cuCtxSetCurrent(context);
        JCudaDriver.cuEventDestroy(event);
      }
    }
  }

  private final class Graph implements Sequence {
    private final CUgraphExec executable;

    Graph(CUgraphExec executable) {
      this.executable = executable;
      graphs.add(this);
    }

    @Override
    public void run() {
      enter();
      check(JCudaDriver.cuGraphLaunch(executable, stream), "queueing a graph");
    }

    @Override
    public void close() {
      if (graphs.remove(this)) {
        JCudaDriver.cuCtxSetCurrent(context);
        JCudaDriver.cuStreamSynchronize(stream);
        JCudaDriver.cuGraphExecDestroy(executable);
      }
    }
  }
}
