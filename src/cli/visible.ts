/** Foreign text on a terminal: nothing in it acts, nothing in it hides. */
import { pairSafe } from "../core/text.js";

/** The text with all that a terminal obeys or does not show written out. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (hidden) => {
    const code = hidden.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** The first line that says something, cut to `width` characters. */
export function firstLine(text: string, width: number): string {
  const [line = ""] = text.trimStart().split(/\r|\n/, 1);
  const shown = visible(line.trimEnd());
  return shown.length <= width ? shown : `${shown.slice(0, pairSafe(shown, Math.max(0, width - 1)))}…`;
}
