/**
 * Data sets: folders of IDX, NumPy, CSV and image files, recorded spikes, downloads with checksums,
 * built-in digits, single images.
 *
 * <p>May use {@code error}, {@code io} and {@code model} (random streams). Start at {@link
 * csdp.data.DataSources}, which finds a set by name or folder, and {@link csdp.data.Dataset}. A new
 * set is an entry of {@code data/manifest.json}; a new layout of recorded spikes is a {@code
 * Source} with a reader for {@code Recordings.Timed}.
 */
package csdp.data;
