/** Cuts texts without splitting a surrogate pair. */

/** `end`, or one less where it would split a surrogate pair. */
export function pairSafe(text: string, end: number): number {
  return end > 0 && end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

/** The text, cut to at most `most` characters with an ellipsis at the end where it is longer. */
export function cutTo(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, pairSafe(text, most - 1))}…`;
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
