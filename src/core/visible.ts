/** Foreign text for people's eyes: nothing in it acts, nothing in it hides. */

/** The text with all that a terminal obeys or does not show written out. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (hidden) => {
    const code = hidden.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** The same for a text of several lines, whose line breaks stay. */
export function visibleText(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(visible)
    .join("\n");
}
