/** Foreign text in the lines and the JSON of a terminal. */

import { visible, visibleText } from "../../core/visible.js";
import { pairSafe } from "../../lib/text.js";

/** The first line that says something, cut to `width` characters. */
export function firstLine(text: string, width: number): string {
  const [line = ""] = text.trimStart().split(/\r|\n/, 1);
  const shown = visible(line.trimEnd());
  return shown.length <= width ? shown : `${shown.slice(0, pairSafe(shown, Math.max(0, width - 1)))}…`;
}

/** All lines of a text, each safe to look at. */
export function visibleLines(text: string): readonly string[] {
  return visibleText(text.trimEnd()).split("\n");
}

/** A value as readable JSON that is safe to look at on a terminal, with a line break at its end. */
export function visibleJson(value: unknown): string {
  return jsonText(value, 2);
}

/** The same in one line. */
export function visibleJsonLine(value: unknown): string {
  return jsonText(value, 0);
}

function jsonText(value: unknown, indent: number): string {
  const json = JSON.stringify(value, null, indent);
  // JSON writes out only the older half of the characters that a terminal obeys.
  return `${json.replace(/[\u007f-\u009f\u2028\u2029]/g, (code) => `\\u${code.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
