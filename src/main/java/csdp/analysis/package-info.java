/**
 * Looks at a trained model: rate codes, t-SNE, plots and a report. Only this package loads {@code
 * java.desktop}; training does not need it.
 */
package csdp.analysis;
