package csdp.analysis;

import csdp.analysis.plots.Figure;
import java.util.Base64;

/** Parts of a self-contained HTML page, appended to its text. */
final class Html {
  private static final String STYLE =
      """
      body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #222; background: #fff;
        max-width: 1080px; margin: 0 auto; padding: 1.5em; }
      h1 { margin: 0 0 .2em; } h2 { margin: 2em 0 .4em; border-bottom: 1px solid #ddd; }
      table { border-collapse: collapse; margin: .6em 0; }
      th, td { text-align: left; padding: .2em 1.2em .2em 0; border-bottom: 1px solid #eee;
        vertical-align: top; overflow-wrap: anywhere; }
      td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
      th.number { text-align: right; overflow-wrap: normal; } .key { white-space: nowrap; }
      .wide { overflow-x: auto; }
      figure { margin: 1em 0; } img { max-width: 100%; height: auto; border: 1px solid #eee; }
      figcaption, .quiet { color: #555; } code { font-size: 13px; }
      .tiles { display: flex; flex-wrap: wrap; gap: 1em; margin: 1em 0; }
      .tiles div { border: 1px solid #ddd; border-radius: 6px; padding: .6em 1em; }
      .tiles b { display: block; font-size: 1.5em; }
      """;

  private Html() {}

  /** Begins a page with its title. */
  static void begin(StringBuilder h, String title) {
    h.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    h.append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
    h.append(" img-src data:; style-src 'unsafe-inline'\">\n");
    h.append("<meta name=\"viewport\" content=\"width=device-width\">\n");
    h.append("<title>csdp4j: ").append(escape(title)).append("</title>\n");
    h.append("<style>\n").append(STYLE).append("</style>\n</head>\n<body>\n");
    h.append("<h1>").append(escape(title)).append("</h1>\n");
  }

  /** A figure under its title. */
  static void figure(StringBuilder h, Figure f) {
    h.append("<h2>").append(escape(f.title())).append("</h2>\n<figure>\n<img alt=\"");
    h.append(escape(f.title())).append("\" width=\"").append(f.width());
    h.append("\" src=\"data:image/png;base64,");
    h.append(Base64.getEncoder().encodeToString(f.png()));
    h.append("\">\n<figcaption>").append(escape(f.caption())).append("</figcaption>\n</figure>\n");
  }

  /** A row of a table with a name and its value. */
  static void row(StringBuilder h, String name, String value) {
    h.append("<tr><th>").append(escape(name)).append("</th><td>");
    h.append(escape(value)).append("</td></tr>\n");
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
