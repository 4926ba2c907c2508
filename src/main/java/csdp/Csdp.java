package csdp;

/** The library's front door. */
public final class Csdp {
  private Csdp() {}

  /** The version of this library. */
  public static String version() {
    String v = Csdp.class.getPackage().getImplementationVersion();
    return v == null ? "0.1.0" : v;
  }
}
