/**
 * The Java API: {@link csdp.Csdp} builds, trains, evaluates, saves and loads a network.
 *
 * <p>May use every package except {@code cli}, {@code analysis}, {@code bench} and {@code replay};
 * only these four and {@code example} use it. Start at {@link csdp.Csdp#builder}.
 */
package csdp;
