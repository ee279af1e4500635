/** How a fresh recording differs from what is expected, and which of it is only said otherwise. */
import { isList, isObject, isSentence, JSON_TEXT, type Json, type Recording } from "./json.js";
import { generalised, type Sentence } from "./renames.js";

/** Absent on the side that has nothing there. */
export interface Difference {
  readonly path: string;
  readonly expected?: Json;
  readonly fresh?: Json;
}

/** All places where two recordings differ. The order of keys counts only in texts that are JSON. */
export function differencesOf(expected: Recording, fresh: Recording): readonly Difference[] {
  const files = new Set([...expected.keys(), ...fresh.keys()]);
  return [...files].flatMap((file) => between(file, expected.get(file), fresh.get(file)));
}

function between(path: string, expected: Json | undefined, fresh: Json | undefined, ordered = false): Difference[] {
  if (expected === undefined && fresh === undefined) return [];
  if (expected === undefined) return [{ path, ...(fresh === undefined ? {} : { fresh }) }];
  if (fresh === undefined) return [{ path, expected }];
  if (isList(expected) && isList(fresh)) {
    const places = Array.from({ length: Math.max(expected.length, fresh.length) }, (_, index) => index);
    return places.flatMap((index) => between(`${path}/${index}`, expected[index], fresh[index], ordered));
  }
  if (isObject(expected) && isObject(fresh)) {
    const [before, after] = [Object.keys(expected), Object.keys(fresh)];
    const inside = [...new Set([...before, ...after])].flatMap((key) =>
      between(`${path}/${key}`, expected[key], fresh[key], ordered || key === JSON_TEXT),
    );
    if (!ordered || inside.length > 0 || before.join() === after.join()) return inside;
    return [{ path: `${path}: order of keys`, expected: before, fresh: after }];
  }
  return expected === fresh ? [] : [{ path, expected, fresh }];
}

export interface Proposal {
  /** What would make the recordings agree, as the table has it. */
  readonly sentences: readonly Sentence[];
  /** What no pair of sentences can say. */
  readonly structural: readonly Difference[];
  /** Pairs in which numbers or names differ: a rewrite should keep them. */
  readonly suspicious: readonly Sentence[];
}

/** Pairs of sentences for all texts that read otherwise; `where` only for a text that has become several. */
export function propose(differences: readonly Difference[]): Proposal {
  const structural: Difference[] = [];
  const found = new Map<string, Map<string, string[]>>();
  for (const difference of differences) {
    const { path, expected, fresh } = difference;
    if (typeof expected !== "string" || typeof fresh !== "string" || !isSentence(expected) || !isSentence(fresh)) {
      structural.push(difference);
      continue;
    }
    const [from, to] = [generalised(expected), generalised(fresh)];
    const tos = found.get(from) ?? new Map<string, string[]>();
    found.set(from, tos.set(to, [...(tos.get(to) ?? []), path]));
  }
  const sentences = [...found].flatMap(([from, tos]) =>
    [...tos].flatMap(([to, paths]) => (tos.size === 1 ? [{ from, to }] : paths.map((where) => ({ from, to, where })))),
  );
  return { sentences, structural, suspicious: sentences.filter(({ from, to }) => factsIn(from) !== factsIn(to)) };
}

/** Numbers, ids and identifiers of a sentence. */
function factsIn(text: string): string {
  return (text.match(/\d+|\w+-#|\w+_\w+/g) ?? []).toSorted().join(" ");
}
