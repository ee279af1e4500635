/** Merges a workflow with the workflows that it extends, and keeps the place of every part. */
import { ConfigError } from "../../core/errors.js";
import { isRecord } from "../../lib/is-record.js";
import type { YamlDocument, YamlPath } from "../../yaml/read-yaml.js";

const LONGEST_CHAIN = 10; // files; more are a mistake

type YamlMap = Readonly<Record<string, unknown>>;

/** A raw workflow after merging. `place` names the file that a part came from. */
export interface Merged {
  readonly value: unknown;
  place(path: YamlPath): string;
}

/** Finds a workflow that another one extends; `place` is the place of its `extends`. Throws ConfigError where none can be used. */
export type FindParent = (name: string, place: string) => YamlDocument;

/** The documents from the child to its last parent. Throws ConfigError for a circle or a missing parent. */
export function chainOf(name: string, child: YamlDocument, findParent: FindParent): readonly YamlDocument[] {
  const names = [name];
  const chain = [child];
  for (let document = child; ; ) {
    const parent = isRecord(document.value) ? document.value.extends : undefined;
    if (typeof parent !== "string") return chain; // the schema refuses any other value
    const place = document.place(["extends"]);
    if (names.includes(parent)) throw new ConfigError(`${place}: ${circle([...names, parent])}`);
    if (chain.length >= LONGEST_CHAIN)
      throw new ConfigError(`${place}: workflows extend each other over at most ${LONGEST_CHAIN} files`);
    document = findParent(parent, place);
    names.push(parent);
    chain.push(document);
  }
}

function circle(names: readonly string[]): string {
  return names.length === 2
    ? `the workflow "${names[0]}" extends itself: give it another name to extend the workflow that it hides`
    : `workflows extend each other in a circle: ${names.join(" -> ")}`;
}

/** Merges a chain: maps deeply, steps by name in the parent's order with new steps behind, everything else from the child. */
export function mergeChain(chain: readonly YamlDocument[]): Merged {
  const value = chain.map((document) => document.value).reduceRight((parent, child) => mergeWorkflows(parent, child));
  return { value, place: (path) => placeIn(chain, value, path) };
}

function mergeWorkflows(parent: unknown, child: unknown): unknown {
  if (!isRecord(parent) || !isRecord(child)) return child;
  const { name: _, extends: __, ...inherited } = parent;
  const merged = mergeMaps(inherited, child);
  if (!Array.isArray(parent.steps) || !Array.isArray(child.steps)) return merged;
  return { ...merged, steps: mergeSteps(parent.steps, child.steps) };
}

function mergeMaps(parent: YamlMap, child: YamlMap): YamlMap {
  const entries = Object.entries(child).map(([key, value]): readonly [string, unknown] => {
    const before = Object.hasOwn(parent, key) ? parent[key] : undefined;
    return [key, isRecord(before) && isRecord(value) ? mergeMaps(before, value) : value];
  });
  return { ...parent, ...Object.fromEntries(entries) };
}

function mergeSteps(parent: readonly unknown[], child: readonly unknown[]): readonly unknown[] {
  const own = new Map<unknown, YamlMap>();
  for (const step of child) if (isRecord(step) && step.name !== undefined) own.set(step.name, step);
  const known = new Set(parent.map(nameOf));
  const merged = parent.map((step) => {
    const change = own.get(nameOf(step));
    return isRecord(step) && change !== undefined ? mergeMaps(step, change) : step;
  });
  return [...merged, ...child.filter((step) => nameOf(step) === undefined || !known.has(nameOf(step)))];
}

function nameOf(step: unknown): unknown {
  return isRecord(step) ? step.name : undefined;
}

/** A document in which no step repeats a name, so that further faults can be found, and its first repeats. */
export interface DistinctSteps {
  readonly document: YamlDocument;
  /** Sentences with their places. */
  readonly faults: readonly string[];
}

/** Renames the steps that repeat a name; reports at most so many of them. */
export function withoutRepeats(document: YamlDocument, most: number): DistinctSteps {
  const { value, place } = document;
  if (!isRecord(value) || !Array.isArray(value.steps)) return { document, faults: [] };
  const taken = new Set<unknown>(value.steps.map(nameOf));
  const seen = new Set<unknown>();
  const repeats: { readonly index: number; readonly name: unknown }[] = [];
  const steps = value.steps.map((step: unknown, index) => {
    const name = nameOf(step);
    const isRepeat = name !== undefined && seen.has(name);
    seen.add(name);
    if (!isRepeat || !isRecord(step)) return step;
    repeats.push({ index, name });
    return { ...step, name: freeName(index + 1, taken) };
  });
  if (repeats.length === 0) return { document, faults: [] };
  const faults = repeats
    .slice(0, most)
    .map(
      ({ index, name }) =>
        `${place(["steps", index, "name"])}: there is already a step "${String(name)}": rename one of them`,
    );
  return { document: { ...document, value: { ...value, steps } }, faults };
}

function freeName(number: number, taken: ReadonlySet<unknown>): string {
  const name = `step-${number}`;
  return taken.has(name) ? freeName(number + taken.size, taken) : name;
}

/** The place of a part in the first file that has it; for a part that no file has, the place of its nearest parent. */
function placeIn(chain: readonly YamlDocument[], merged: unknown, path: YamlPath): string {
  const named = byStepName(merged, path);
  for (const document of chain) {
    const own = byStepIndex(document.value, named);
    if (own !== null && has(document.value, own)) return document.place(own);
  }
  const [child] = chain;
  if (named.length === 0 || child === undefined) return child?.place([]) ?? "";
  return placeIn(chain, merged, named.slice(0, -1));
}

/** The path with a step's name instead of its index. */
function byStepName(merged: unknown, path: YamlPath): YamlPath {
  const [first, second, ...rest] = path;
  if (first !== "steps" || typeof second !== "number") return path;
  const steps = isRecord(merged) && Array.isArray(merged.steps) ? merged.steps : [];
  const name = nameOf(steps[second]);
  return typeof name === "string" ? [first, name, ...rest] : path;
}

/** The path with the step's index in one file; null where the file has no such step. */
function byStepIndex(value: unknown, path: YamlPath): YamlPath | null {
  const [first, second, ...rest] = path;
  if (first !== "steps" || typeof second !== "string") return path;
  const steps = isRecord(value) && Array.isArray(value.steps) ? value.steps : [];
  const index = steps.findIndex((step) => nameOf(step) === second);
  return index < 0 ? null : [first, index, ...rest];
}

function has(value: unknown, path: YamlPath): boolean {
  let here = value;
  for (const key of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return false;
    here = Reflect.get(here, key);
  }
  return true;
}
