/**
 * Accuracy, NLL, BCE, MSE and the confusion matrix of a trained network.
 *
 * <p>May use {@code backend}, {@code error} and {@code model}. Start at {@link
 * csdp.metrics.Evaluation}.
 */
package csdp.metrics;
