/**
 * Damaged inputs through the command line. {@code DamagedInputTest} runs all cases; a format has
 * them in a class of its own, which {@code DamagedInputTest.cases()} names.
 */
package csdp.system.damaged;
