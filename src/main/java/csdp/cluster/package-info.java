/**
 * The seam between the command line and a cluster of machines. Start at {@link
 * csdp.cluster.Cluster}; {@code src/spark} implements it with Apache Spark.
 *
 * <p>May use {@code error}, {@code model}, {@code encode} and {@code sweep}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.cluster;
