/**
 * The CUDA backend: {@link csdp.backend.cuda.CudaBackend} keeps the network on a device and
 * launches the kernels of {@code kernels/}; {@code Kernels} has one typed method per kernel.
 *
 * <p>May use {@code backend}, {@code data}, {@code error}, {@code model} and its own parts {@code
 * device}, {@code ptx} and {@code driver}. Start at {@link csdp.backend.cuda.Cuda}, which opens a
 * device.
 *
 * <p>Not API: may change in any version.
 */
package csdp.backend.cuda;
