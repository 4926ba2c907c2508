/**
 * Configuration of a training run: {@link csdp.config.RunConfig} is validated, printed with every
 * run and written to {@code config.json}.
 *
 * <p>May use {@code error}, {@code io}, {@code model} and {@code data}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.config;
