/**
 * The machine's CUDA driver, JCuda's native libraries, and the user's cache folder. {@link
 * csdp.backend.cuda.driver.CudaSurvey} lists the GPUs without loading any kernel.
 *
 * <p>May use {@code error} and {@code io}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.backend.cuda.driver;
