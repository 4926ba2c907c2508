/**
 * Labels, probabilities and rate codes of any number of images, in constant memory. Start at {@link
 * csdp.encode.EncodeJob}.
 *
 * <p>May use {@code csdp}, {@code error}, {@code io}, {@code model}, {@code data} and {@code
 * checkpoint}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.encode;
