/**
 * Trials and encodings as tasks of Apache Spark; built with {@code mvn -Pspark}. Start at {@link
 * csdp.spark.SparkCluster}.
 *
 * <p>May use everything except {@code cli}.
 *
 * <p>Not API: may change in any version.
 */
package csdp.spark;
