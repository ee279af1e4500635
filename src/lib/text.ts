/** Texts for people: lists of alternatives, and cuts that split no character. */

/** Such as "a, b or c". */
export function alternatives(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), names.at(-1) ?? ""].filter((part) => part !== "").join(" or ");
}

/** `end`, or one less where it would split a surrogate pair. */
export function pairSafe(text: string, end: number): number {
  return end > 0 && end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

/** The text, cut to at most `most` characters with an ellipsis at the end where it is longer. */
export function cutTo(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, characterSafe(text, most - 1))}…`;
}

const LONGEST_CHARACTER = 64; // code units; emoji of families have 11
let segmenter: Intl.Segmenter | null = null; // made when it is needed: it costs a millisecond

/** `end`, or less where it would split a character that consists of several code points. */
function characterSafe(text: string, end: number): number {
  segmenter ??= new Intl.Segmenter();
  const start = pairSafe(text, Math.max(0, end - LONGEST_CHARACTER));
  const around = segmenter.segment(text.slice(start, end + LONGEST_CHARACTER));
  const at = start + (around.containing(end - start)?.index ?? end - start);
  return at > start ? at : pairSafe(text, end);
}

/** The last `length` characters, or one fewer where they would begin with half a surrogate pair. */
export function tail(text: string, length: number): string {
  const start = Math.max(0, text.length - length);
  const splits = start > 0 && isHighSurrogate(text.charCodeAt(start - 1));
  return text.slice(splits ? start + 1 : start);
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
