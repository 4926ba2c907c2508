/**
 * Curves of a training for TensorBoard: {@link csdp.tensorboard.TensorBoard} listens to a trainer
 * and writes event files.
 *
 * <p>May use {@code backend}, {@code config}, {@code data}, {@code error}, {@code io}, {@code
 * metrics}, {@code model} and {@code train}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.tensorboard;
