/**
 * Replays recorded runs of the released code on a backend and compares spikes and weights. Start at
 * {@link csdp.replay.Replay}.
 *
 * <p>May use {@code backend}, {@code error}, {@code io} and {@code model}.
 */
package csdp.replay;
