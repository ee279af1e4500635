/** Cutting texts without leaving half a character. */

/** The largest end not behind `end` that does not split a surrogate pair. */
export function pairSafe(text: string, end: number): number {
  return end > 0 && end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

/** At most `most` characters, the last of them an ellipsis where something was left out. */
export function cutTo(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, pairSafe(text, most - 1))}…`;
}

/** The last `length` characters, or one fewer where they would begin with half a pair. */
export function tail(text: string, length: number): string {
  const start = Math.max(0, text.length - length);
  const splits = start > 0 && isHighSurrogate(text.charCodeAt(start - 1));
  return text.slice(splits ? start + 1 : start);
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
