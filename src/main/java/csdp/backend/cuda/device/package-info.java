/**
 * A device that holds memory and launches kernels: {@link csdp.backend.cuda.device.GpuDevice} is
 * the interface, with a GPU behind JCuda and an emulated device that runs the kernels on the host.
 *
 * <p>May use {@code ptx}, {@code driver} and {@code error}; knows nothing of networks. Internal:
 * may change in any version.
 *
 * <p>Not API: may change in any version.
 */
package csdp.backend.cuda.device;
