/**
 * The folder of a run, and saved parameters in this library's format, in that of the released code
 * (ngc-learn 1.2b3) and as a NIR graph.
 *
 * <p>A run folder holds {@code config.json}, {@code metrics.jsonl}, the checkpoints {@code best/}
 * and {@code last/}, and later the report. Checkpoints are written atomically. Start at {@link
 * csdp.checkpoint.RunFolder}; {@link csdp.checkpoint.SavedModel} opens any of them.
 *
 * <p>May use {@code config}, {@code data}, {@code error}, {@code io}, {@code model} and {@code
 * train}.
 */
package csdp.checkpoint;
