/**
 * Files and their formats: NPY and NPZ arrays, JSON, checksums, atomic files and folders, locks,
 * disk failures. Knows nothing of networks.
 *
 * <p>May use {@code error}. Start at {@link csdp.io.Npy}, {@link csdp.io.Json} or {@link
 * csdp.io.AtomicFolder}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.io;
