/** `extends`: a workflow and its parents as one raw value, with the place of every part. */
import { ConfigError } from "../../core/errors.js";
import type { YamlDocument, YamlPath } from "../../yaml/read-yaml.js";
import { isMap, type YamlMap } from "../read/yaml-map.js";

const LONGEST_CHAIN = 10; // files; more are a mistake

/** A raw workflow after merging; places are those of the file that a part came from. */
export interface Merged {
  readonly value: unknown;
  place(path: YamlPath): string;
}

/** Finds the workflow that another one extends. Throws ConfigError where there is none that can be used; `place` is where it is asked for. */
export type FindParent = (name: string, place: string) => YamlDocument;

/** The documents from the child to its last parent. Throws ConfigError for a circle or a parent that cannot be had. */
export function chainOf(name: string, child: YamlDocument, findParent: FindParent): readonly YamlDocument[] {
  const names = [name];
  const chain = [child];
  for (let document = child; ; ) {
    checkStepNames(document);
    const parent = isMap(document.value) ? document.value.extends : undefined;
    if (typeof parent !== "string") return chain; // what is no text is refused with all else that is malformed
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
    ? `the workflow "${names[0]}" extends itself: give it another name to extend the one it would hide`
    : `workflows extend each other in a circle: ${names.join(" -> ")}`;
}

/** Merges a chain: maps deeply, steps by name in the parent's order with new ones behind, all else as the child has it. */
export function mergeChain(chain: readonly YamlDocument[]): Merged {
  const value = chain.map((document) => document.value).reduceRight((parent, child) => mergeWorkflows(parent, child));
  return { value, place: (path) => placeIn(chain, value, path) };
}

function mergeWorkflows(parent: unknown, child: unknown): unknown {
  if (!isMap(parent) || !isMap(child)) return child;
  const { name: _, extends: __, ...inherited } = parent;
  const merged = mergeMaps(inherited, child);
  if (!Array.isArray(parent.steps) || !Array.isArray(child.steps)) return merged;
  return { ...merged, steps: mergeSteps(parent.steps, child.steps) };
}

function mergeMaps(parent: YamlMap, child: YamlMap): YamlMap {
  const entries = Object.entries(child).map(([key, value]): readonly [string, unknown] => {
    const before = Object.hasOwn(parent, key) ? parent[key] : undefined;
    return [key, isMap(before) && isMap(value) ? mergeMaps(before, value) : value];
  });
  return { ...parent, ...Object.fromEntries(entries) };
}

function mergeSteps(parent: readonly unknown[], child: readonly unknown[]): readonly unknown[] {
  const own = new Map<unknown, YamlMap>();
  for (const step of child) if (isMap(step) && step.name !== undefined) own.set(step.name, step);
  const known = new Set(parent.map(nameOf));
  const merged = parent.map((step) => {
    const change = own.get(nameOf(step));
    return isMap(step) && change !== undefined ? mergeMaps(step, change) : step;
  });
  return [...merged, ...child.filter((step) => nameOf(step) === undefined || !known.has(nameOf(step)))];
}

function nameOf(step: unknown): unknown {
  return isMap(step) ? step.name : undefined;
}

function checkStepNames({ value, place }: YamlDocument): void {
  const steps: readonly unknown[] = isMap(value) && Array.isArray(value.steps) ? value.steps : [];
  const names = new Set<unknown>();
  for (const [index, step] of steps.entries()) {
    const name = nameOf(step);
    if (name !== undefined && names.has(name))
      throw new ConfigError(`${place(["steps", index, "name"])}: there is already a step "${String(name)}"`);
    names.add(name);
  }
}

/** A part stands in the first file that has it; what no file has stands where the child would have it. */
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

/** The path with the name of a step in place of its position. */
function byStepName(merged: unknown, path: YamlPath): YamlPath {
  const [first, second, ...rest] = path;
  if (first !== "steps" || typeof second !== "number") return path;
  const steps = isMap(merged) && Array.isArray(merged.steps) ? merged.steps : [];
  const name = nameOf(steps[second]);
  return typeof name === "string" ? [first, name, ...rest] : path;
}

/** The path with the position that a step has in one file; null where the file has no such step. */
function byStepIndex(value: unknown, path: YamlPath): YamlPath | null {
  const [first, second, ...rest] = path;
  if (first !== "steps" || typeof second !== "string") return path;
  const steps = isMap(value) && Array.isArray(value.steps) ? value.steps : [];
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
