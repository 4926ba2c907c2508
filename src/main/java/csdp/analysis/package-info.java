/**
 * Analysis of a trained network: rate codes, energy, t-SNE and a report. Start at {@link
 * csdp.analysis.Analysis}; {@link csdp.analysis.AnalysisFolder} writes the files.
 *
 * <p>The report's files: {@code report.html}, {@code analysis.json}, and one PNG and its values
 * (NPY or CSV) for each figure. Training does not load {@code java.desktop}: only this package, its
 * parts and the {@code analyze} command do.
 *
 * <p>May use its parts, {@code backend}, {@code checkpoint}, {@code config}, {@code data}, {@code
 * error}, {@code io}, {@code metrics}, {@code model}, {@code sweep} and {@code train}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.analysis;
