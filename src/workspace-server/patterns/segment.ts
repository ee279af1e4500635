/** Matches one name of a path with `*`, `?`, `[…]` and `\` in a time that no pattern can blow up. */

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | { readonly kind: "set"; readonly isNegated: boolean; readonly ranges: readonly (readonly [string, string])[] };

export type Segment = readonly Token[];

const CLASSES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  alpha: [
    ["a", "z"],
    ["A", "Z"],
  ],
  digit: [["0", "9"]],
  alnum: [
    ["a", "z"],
    ["A", "Z"],
    ["0", "9"],
  ],
  lower: [["a", "z"]],
  upper: [["A", "Z"]],
  space: [
    [" ", " "],
    ["\t", "\r"],
  ],
};

/** An unfinished `[` stands for itself. */
export function parseSegment(pattern: string): Segment {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; ) {
    const character = pattern[at] as string;
    const set = character === "[" ? parseSet(pattern, at) : null;
    if (set !== null) {
      tokens.push(set.token);
      at = set.end;
    } else if (character === "*") {
      if (tokens.at(-1)?.kind !== "star") tokens.push({ kind: "star" });
      at += 1;
    } else if (character === "?") {
      tokens.push({ kind: "any" });
      at += 1;
    } else {
      const isEscaped = character === "\\" && at + 1 < pattern.length;
      tokens.push({ kind: "text", text: isEscaped ? (pattern[at + 1] as string) : character });
      at += isEscaped ? 2 : 1;
    }
  }
  return tokens;
}

function parseSet(pattern: string, start: number): { readonly token: Token; readonly end: number } | null {
  let at = start + 1;
  const isNegated = pattern[at] === "!" || pattern[at] === "^";
  if (isNegated) at += 1;
  const ranges: (readonly [string, string])[] = [];
  for (let isFirst = true; at < pattern.length; isFirst = false) {
    if (pattern[at] === "]" && !isFirst) return { token: { kind: "set", isNegated, ranges }, end: at + 1 };
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 12));
    const known = CLASSES[named?.[1] ?? ""];
    if (named && known) {
      ranges.push(...known);
      at += named[0].length;
      continue;
    }
    const from = characterAt(pattern, at);
    at = from.end;
    const isRange = pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]";
    const to = isRange ? characterAt(pattern, at + 1) : from;
    at = to.end;
    ranges.push([from.character, to.character]);
  }
  return null;
}

function characterAt(pattern: string, at: number) {
  const isEscaped = pattern[at] === "\\" && at + 1 < pattern.length;
  return { character: pattern[isEscaped ? at + 1 : at] as string, end: at + (isEscaped ? 2 : 1) };
}

/** Whether a segment matches the whole of a name. */
export function segmentMatches(segment: Segment, name: string): boolean {
  return wildcardMatches(
    segment,
    [...name.split("")],
    (token) => token.kind === "star",
    (token, character) => tokenMatches(token, character),
  );
}

function tokenMatches(token: Token, character: string): boolean {
  switch (token.kind) {
    case "text":
      return token.text === character;
    case "any":
      return true;
    case "star":
      return false;
    case "set":
      return token.isNegated !== token.ranges.some(([from, to]) => from <= character && character <= to);
  }
}

/**
 * Whether a pattern, in which a star stands for any number of parts, matches all parts: only the last star ever has to
 * take one more, so the time is at most the product of both lengths.
 */
export function wildcardMatches<P, T>(
  pattern: readonly P[],
  parts: readonly T[],
  isStar: (token: P) => boolean,
  matches: (token: P, part: T) => boolean,
): boolean {
  let [at, part] = [0, 0];
  let star: { readonly at: number; part: number } | null = null;
  while (part < parts.length) {
    const token = pattern[at];
    if (token !== undefined && isStar(token)) {
      star = { at, part };
      at += 1;
    } else if (token !== undefined && matches(token, parts[part] as T)) {
      at += 1;
      part += 1;
    } else if (star !== null) {
      star.part += 1;
      at = star.at + 1;
      part = star.part;
    } else return false;
  }
  return pattern.slice(at).every(isStar);
}
