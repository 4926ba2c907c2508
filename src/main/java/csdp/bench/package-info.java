/**
 * Benchmarks: each part of a step is compared with the reference bit for bit, then timed. Start at
 * {@link csdp.bench.Bench}; {@code Target} is a backend that can be measured.
 *
 * <p>May use every package except {@code analysis} and {@code cli}. The measuring protocol is in
 * {@code data/results/README.md}.
 */
package csdp.bench;
