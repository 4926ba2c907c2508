/**
 * Benchmarks: each part of a step is compared with the reference bit for bit, then timed. Start at
 * {@link csdp.bench.Bench}; {@code Target} is a backend that can be measured.
 *
 * <p>May use every backend, {@code config}, {@code data}, {@code error}, {@code io}, {@code model}
 * and {@code train}. The measuring protocol is in {@code data/results/README.md}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.bench;
