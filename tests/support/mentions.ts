/** Messages by the names and numbers in them, so that their English may change. */

/** Matches a text that holds each of these words whole, in any order and with anything between them. */
export function mentions(...words: readonly string[]): RegExp {
  return new RegExp(`^${words.map((word) => `(?=[\\s\\S]*?${bounded(word)})`).join("")}`);
}

/** The word by itself: `tool` is not found in `tools`, nor `a.yaml:1:1` in `a.yaml:1:12`. */
function bounded(word: string): string {
  const before = /^\w/.test(word) ? "(?<!\\w)" : "";
  const after = /\w$/.test(word) ? "(?!\\w)" : "";
  return `${before}${word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")}${after}`;
}
