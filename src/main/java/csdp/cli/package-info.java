/**
 * The command line: one class for each command, options shared by several, exit codes. Start at
 * {@link csdp.cli.Main}. May use every package except the parts of {@code analysis}; no package
 * uses it.
 *
 * <p>Not API: may change in any version.
 */
package csdp.cli;
