/**
 * The Java API: {@link csdp.Csdp} builds, trains, evaluates, saves and loads a network.
 *
 * <p>May use {@code error}, {@code io}, {@code model}, {@code data}, {@code config}, {@code
 * backend}, {@code metrics}, {@code train} and {@code checkpoint}; only {@code cli} uses it. Start
 * at {@link csdp.Csdp#builder}. The arrows between packages are in {@code PackagesTest}.
 */
package csdp;
