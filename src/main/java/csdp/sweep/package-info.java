/**
 * Many trainings: a grid or random search over the flags of a training, successive halving, trials
 * at once on this machine, and tables of results with intervals. Start at {@link csdp.sweep.Sweep}.
 *
 * <p>A {@link csdp.sweep.TrialTask} describes a training as JSON, and a {@link csdp.sweep.TrialRun}
 * runs it in any process: its results are the files of its run folder. An {@link csdp.sweep.Engine}
 * runs many tasks.
 *
 * <p>May use {@code error}, {@code io}, {@code model}, {@code data}, {@code config}, {@code
 * backend}, {@code metrics}, {@code train}, {@code checkpoint} and {@code run}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.sweep;
