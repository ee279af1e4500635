/** Glob patterns over paths: `*`, `?`, `[…]` within a name, `**` for any number of folders, `{a,b}` for alternatives. */
import { Refusal } from "../refusal.js";
import { parseSegment, type Segment, segmentMatches, wildcardMatches } from "./segment.js";

const MOST_ALTERNATIVES = 200; // of one pattern; each is tried on every path
const LONGEST = 4_096; // characters, as of a path

/** Whether the names of a path match. */
export type Glob = (names: readonly string[]) => boolean;

const GLOBSTAR = "**";
type Part = Segment | typeof GLOBSTAR;

/** `!` in front negates, and a pattern that begins with `#` matches nothing. Throws Refusal. */
export function parseGlob(pattern: string): Glob {
  if (pattern.length > LONGEST) throw new Refusal(`the pattern is longer than ${LONGEST} characters: shorten it`);
  if (pattern.startsWith("#")) return () => false;
  const body = pattern.replace(/^!+/, "");
  const isNegated = (pattern.length - body.length) % 2 === 1;
  refuseForeign(pattern);
  const alternatives = expandBraces(body).map(parseParts);
  return (names) => isNegated !== alternatives.some((parts) => partsMatch(parts, names));
}

/** Forms of other languages of patterns: taken for literal text they would silently match nothing. */
function refuseForeign(pattern: string): void {
  const bare = pattern.replace(/\\./gs, "");
  const found = /[?*+@!]\([^)]*\)/.exec(bare) ?? /\{[^{},]*\.\.[^{},]*\}/.exec(bare);
  if (found) throw new Refusal(`"${found[0]}" is not understood in a pattern: use *, **, ?, [abc] and {a,b}`);
}

/** The parts of a pattern without braces. `**` at its end stands for what is in the folder, not for the folder itself. */
export function parseParts(pattern: string): readonly Part[] {
  const parts = pattern.split(/\/+/).map((segment) => (segment === GLOBSTAR ? GLOBSTAR : parseSegment(segment)));
  return parts.at(-1) === GLOBSTAR ? [...parts, parseSegment("*")] : parts;
}

/** Whether a list of parts matches all names. */
export function partsMatch(parts: readonly Part[], names: readonly string[]): boolean {
  return wildcardMatches(
    parts,
    names,
    (part) => part === GLOBSTAR,
    (part, name) => part !== GLOBSTAR && segmentMatches(part, name),
  );
}

/** All texts that the alternatives in braces stand for. */
function expandBraces(pattern: string): readonly string[] {
  let open: readonly string[] = [pattern];
  const done: string[] = [];
  while (open.length > 0) {
    if (open.length + done.length > MOST_ALTERNATIVES)
      throw new Refusal(`the braces of the pattern stand for more than ${MOST_ALTERNATIVES} alternatives: use fewer`);
    open = open.flatMap((text) => {
      const group = firstGroup(text);
      if (group === null) done.push(text);
      return group === null
        ? []
        : group.choices.map((choice) => text.slice(0, group.start) + choice + text.slice(group.end));
    });
  }
  return done;
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly choices: readonly string[];
}

/** The first braces with a comma of their own. */
function firstGroup(text: string): Group | null {
  const starts: { readonly at: number; readonly commas: number[] }[] = [];
  const groups: Group[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (character === "{") starts.push({ at, commas: [] });
    else if (character === ",") starts.at(-1)?.commas.push(at);
    else if (character === "}") {
      const start = starts.pop();
      if (start === undefined || start.commas.length === 0) continue;
      const edges = [start.at, ...start.commas, at];
      const choices = edges.slice(1).map((edge, index) => text.slice((edges[index] ?? 0) + 1, edge));
      groups.push({ start: start.at, end: at + 1, choices });
    }
  }
  return groups.sort((left, right) => left.start - right.start)[0] ?? null;
}
