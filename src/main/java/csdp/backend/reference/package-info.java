/**
 * The readable backend, the oracle of the tests: one method per equation of {@link csdp.model},
 * dense loops, no optimisation. Start at {@link csdp.backend.reference.ReferenceBackend}.
 *
 * <p>May use {@code backend}, {@code error} and {@code model}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.backend.reference;
