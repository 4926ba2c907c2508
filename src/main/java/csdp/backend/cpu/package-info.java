/**
 * The fast CPU backend: event-driven (work is proportional to spikes), several threads, SIMD
 * through the Vector API where it is present. Bit-exact with {@link csdp.backend.reference}.
 *
 * <p>May use {@code backend}, {@code error} and {@code model}. Start at {@link
 * csdp.backend.cpu.CpuBackend}; {@code RowMath} holds the inner loops.
 *
 * <p>Not API: may change in any version.
 */
package csdp.backend.cpu;
