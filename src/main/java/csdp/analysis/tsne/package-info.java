/**
 * PCA and t-SNE: exact neighbours, affinities of a perplexity, Barnes-Hut gradients. Knows points,
 * not networks. Start at {@link csdp.analysis.tsne.Tsne}.
 *
 * <p>May use {@code error} and {@code model} (random streams).
 *
 * <p>Not API: may change in any version.
 */
package csdp.analysis.tsne;
