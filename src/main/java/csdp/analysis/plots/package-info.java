/**
 * Figures of a report: rasters, reconstructions, training curves, confusion matrices. Each returns
 * a {@link csdp.analysis.plots.Figure}, a PNG with its values.
 *
 * <p>May use {@code backend}, {@code data}, {@code error}, {@code io}, {@code metrics}, {@code
 * model}, {@code sweep} and {@code train}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.analysis.plots;
