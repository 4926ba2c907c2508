/**
 * Kernel code: the sources, nvcc, shipped and cached PTX, loading it, and its translation to C++
 * for the emulated device.
 *
 * <p>May use {@code driver}, {@code error} and {@code io}. Start at {@link
 * csdp.backend.cuda.ptx.Ptx}; {@link csdp.backend.cuda.ptx.PtxBuild} runs during the build.
 *
 * <p>Not API: may change in any version.
 */
package csdp.backend.cuda.ptx;
