/**
 * The table of what may differ from the recordings, and its use. Each entry has to match something, so that the table
 * cannot rot.
 * - `words`: an identifier that has a new name, as key and as value and within sentences; letters, digits and _ around it
 *   make it another word.
 * - `sentences`: a whole text that reads otherwise now. Both sides must be sentences, so that no code, status or name can
 *   change this way. `run-#` stands for any run, `ses-#` and `msg-#` alike.
 * - `fields`: a value at a path; without `from` the field is new, without `to` it is gone.
 * `where` and `path` are patterns of paths such as `tour/02-*.json/answer/**`: `*` is one segment, `**` any number of them.
 */
import { isDeepStrictEqual } from "node:util";
import { escapeRegExp, isList, isObject, isSentence, type Json, pathMatches, type Recording } from "./json.js";

export interface Word {
  readonly from: string;
  readonly to: string;
  readonly where?: string;
}

export interface Sentence {
  readonly from: string;
  readonly to: string;
  readonly where?: string;
}

export interface Field {
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

export interface Renames {
  readonly words: readonly Word[];
  readonly sentences: readonly Sentence[];
  readonly fields: readonly Field[];
}

const ID = /\b(run|ses|msg)-(\d+)\b/g;

/** The text without the numbers of its runs, sessions and messages. */
export function generalised(text: string): string {
  return text.replace(ID, "$1-#");
}

/** The recordings as they are expected now, and the entries of the table that matched nothing. Throws for an entry that hides a fact. */
export function applyRenames(golden: Recording, renames: Renames): { expected: Recording; unused: readonly string[] } {
  for (const { from, to } of renames.sentences)
    if (!isSentence(from) || !isSentence(to))
      throw new Error(`"${from}" to "${to}" is no pair of sentences: use words or fields`);
  const used = new Set<object>();
  const words = renames.words.map((word) => ({
    word,
    pattern: new RegExp(`(?<![A-Za-z0-9_])${escapeRegExp(word.from)}(?![A-Za-z0-9_])`, "g"),
  }));
  const sentences = new Map<string, readonly Sentence[]>();
  for (const sentence of renames.sentences)
    sentences.set(sentence.from, [...(sentences.get(sentence.from) ?? []), sentence]);

  function renamed(text: string, path: string): string {
    let said = text;
    for (const { word, pattern } of words) {
      if (!pathMatches(word.where ?? "**", path)) continue;
      const next = said.replace(pattern, () => word.to);
      if (next !== said) used.add(word);
      said = next;
    }
    return said;
  }

  function toText(text: string, path: string): string {
    const found = sentences.get(text) ?? sentences.get(generalised(text)) ?? [];
    const sentence = found.find(({ where }) => pathMatches(where ?? "**", path));
    if (sentence === undefined) return renamed(text, path);
    used.add(sentence);
    const ids = [...text.matchAll(ID)].map(([id]) => id);
    let next = 0;
    return sentence.to.replace(/\b(run|ses|msg)-#/g, (hole) => ids[next++] ?? ids.at(-1) ?? hole);
  }

  function fieldAt(path: string, value: Json | undefined): Field | undefined {
    const field = renames.fields.find(
      ({ path: pattern, from }) => pathMatches(pattern, path) && isDeepStrictEqual(from, value),
    );
    if (field) used.add(field);
    return field;
  }

  function toValue(value: Json, path: string): Json | undefined {
    const field = fieldAt(path, value);
    if (field) return field.to;
    if (typeof value === "string") return toText(value, path);
    if (isList(value))
      return value.flatMap((item, index) => {
        const next = toValue(item, `${path}/${index}`);
        return next === undefined ? [] : [next];
      });
    if (!isObject(value)) return value;
    const entries = Object.entries(value).flatMap(([key, item]) => {
      const next = toValue(item, `${path}/${key}`);
      return next === undefined ? [] : [[renamed(key, `${path}/${key}`), next] as const];
    });
    return Object.fromEntries([...entries, ...newFields(value, path)]);
  }

  function newFields(value: { readonly [key: string]: Json }, path: string): readonly (readonly [string, Json])[] {
    return renames.fields.flatMap((field) => {
      const cut = field.path.lastIndexOf("/");
      const key = field.path.slice(cut + 1);
      if (field.from !== undefined || field.to === undefined || key in value) return [];
      if (!pathMatches(field.path.slice(0, cut), path)) return [];
      used.add(field);
      return [[key, field.to] as const];
    });
  }

  const expected = new Map<string, Json>();
  for (const [file, value] of golden) {
    const next = toValue(value, file);
    if (next !== undefined) expected.set(file, next);
  }
  const all: readonly object[] = [...renames.words, ...renames.sentences, ...renames.fields];
  return { expected, unused: all.filter((entry) => !used.has(entry)).map((entry) => JSON.stringify(entry)) };
}
