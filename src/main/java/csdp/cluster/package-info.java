/**
 * Jobs on many machines: what the command line needs of a cluster. Start at {@link
 * csdp.cluster.Cluster}; {@code csdp.spark} in {@code src/spark} implements it with Apache Spark.
 *
 * <p>May use {@code error}, {@code encode} and {@code sweep}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.cluster;
