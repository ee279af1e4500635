/** Reads .gitignore files as Git does. */

import { parseParts, partsMatch } from "./glob.js";
import { parseSegment, type Segment, segmentMatches } from "./segment.js";

interface Rule {
  readonly isNegated: boolean;
  readonly foldersOnly: boolean;
  readonly matches: (names: readonly string[]) => boolean;
}

/** The rules of one file: they hold below its folder. */
export interface IgnoreRules {
  /** The names from the root to the folder of the file. */
  readonly folder: readonly string[];
  readonly rules: readonly Rule[];
}

const MOST_RULES = 5_000; // of one file; each is tried on every entry below it

export function parseGitIgnore(text: string, folder: readonly string[]): IgnoreRules {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return { folder, rules: lines.flatMap((line) => parseRule(line) ?? []).slice(0, MOST_RULES) };
}

/** Whether Git ignores an entry whose folder it does not ignore. Of several rules the last counts, the deepest file's first. */
export function isIgnored(files: readonly IgnoreRules[], names: readonly string[], isFolder: boolean): boolean {
  for (const { folder, rules } of files.toReversed()) {
    const below = names.slice(folder.length);
    const rule = rules.findLast(({ foldersOnly, matches }) => (isFolder || !foldersOnly) && matches(below));
    if (rule) return !rule.isNegated;
  }
  return false;
}

function parseRule(line: string): Rule | null {
  const written = withoutTrailingBlanks(line.replace(/\r$/, ""));
  if (written === "" || written.startsWith("#")) return null;
  const isNegated = written.startsWith("!");
  const pattern = isNegated ? written.slice(1) : written;
  const foldersOnly = pattern.endsWith("/");
  const body = foldersOnly ? pattern.slice(0, -1) : pattern;
  if (body === "") return null;
  return { isNegated, foldersOnly, matches: matcherOf(body) };
}

/** Git keeps a blank at the end only where a backslash stands before it. */
function withoutTrailingBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " " && line[end - 2] !== "\\") end -= 1;
  return line.slice(0, end);
}

function matcherOf(body: string): Rule["matches"] {
  if (!body.includes("/")) {
    const segment: Segment = parseSegment(body);
    return (names) => segmentMatches(segment, names.at(-1) ?? "");
  }
  const parts = parseParts(body.replace(/^\//, ""));
  return (names) => partsMatch(parts, names);
}
