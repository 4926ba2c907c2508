/**
 * The one exception of this library, {@link csdp.error.CsdpException}: a one-line message and an
 * exit code. Uses no other package; every package may throw it. Apart from {@code csdp}, so that no
 * package depends on the Java API.
 */
package csdp.error;
