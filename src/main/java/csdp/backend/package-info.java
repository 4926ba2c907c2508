/**
 * Backends run a batch through the equations of {@link csdp.model}: {@link csdp.backend.Backend} is
 * the interface, {@link csdp.backend.Device} picks one. Each implementation has its own package.
 *
 * <p>May use {@code error}, {@code model} and {@code data}; only {@code Device} uses the
 * implementations. Every backend must pass {@code BackendParityTest}.
 */
package csdp.backend;
