/**
 * The run of a training in its folder, which the command {@code train} and the trials of a sweep
 * share. Start at {@link csdp.run.TrainingRun}.
 *
 * <p>May use {@code error}, {@code io}, {@code model}, {@code data}, {@code config}, {@code
 * backend}, {@code metrics}, {@code train} and {@code checkpoint}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.run;
