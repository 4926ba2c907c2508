package csdp.spark;

import csdp.cluster.Cluster;

/** Opens Spark for {@code --engine spark}. */
public final class SparkProvider implements Cluster.Provider {
  @Override
  public String name() {
    return "spark";
  }

  @Override
  public Cluster open(Cluster.Options options) {
    return new SparkCluster(options);
  }
}
