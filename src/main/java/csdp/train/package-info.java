/**
 * The training loop: batches with negative samples, epochs, evaluation and its read-outs. Start at
 * {@link csdp.train.Trainer}, which fits on one screen; listeners write checkpoints and print
 * progress. {@link csdp.train.Batches} makes the negative samples, of images and of recorded
 * spikes.
 *
 * <p>May use {@code backend}, {@code config}, {@code data}, {@code error}, {@code metrics} and
 * {@code model}.
 */
package csdp.train;
