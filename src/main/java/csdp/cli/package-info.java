/**
 * The command line: one class for each command, options shared by several, exit codes. Start at
 * {@link csdp.cli.Main}. May use every package except the parts of {@code analysis}; no package
 * uses it.
 */
package csdp.cli;
