/** Loads one workflow from its file and the files that it extends. */

import { ConfigError } from "../../core/errors.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import { isRecord } from "../../lib/is-record.js";
import { faultsOf, type ValueFault } from "../../yaml/parse-yaml.js";
import type { YamlDocument, YamlPath } from "../../yaml/read-yaml.js";
import { checkStem } from "../read/definition-fields.js";
import { type Alias, findAliases } from "./aliases.js";
import { chainOf, type FindParent, mergeChain, withoutRepeats } from "./extend-workflow.js";
import { findFaults, MOST_FAULTS } from "./find-faults.js";
import { toWorkflow } from "./to-workflow.js";
import { WorkflowFile } from "./workflow-file.js";

export interface LoadedWorkflow {
  readonly workflow: Workflow;
  place(path: YamlPath): string;
}

/** Loads a workflow; returns the same object until one of its files changes. */
export type WorkflowLoader = (name: string, document: YamlDocument, findParent: FindParent) => LoadedWorkflow;

export function createWorkflowLoader(conditions: ConditionReader): WorkflowLoader {
  const built = new WeakMap<
    YamlDocument,
    { readonly chain: readonly YamlDocument[]; readonly loaded: LoadedWorkflow }
  >();
  return (name, document, findParent) => {
    const chain = chainOf(name, document, findParent);
    const known = built.get(document);
    if (known && sameDocuments(known.chain, chain)) return known.loaded;
    const loaded = build(name, chain, conditions);
    built.set(document, { chain, loaded });
    return loaded;
  };
}

function sameDocuments(left: readonly YamlDocument[], right: readonly YamlDocument[]): boolean {
  return left.length === right.length && left.every((document, index) => document === right[index]);
}

function build(name: string, chain: readonly YamlDocument[], conditions: ConditionReader): LoadedWorkflow {
  checkStem(chain[0]?.file ?? name, name);
  const distinct = chain.map((document) => withoutRepeats(document, MOST_FAULTS));
  const repeats = distinct.flatMap(({ faults }) => faults);
  const { value, place } = mergeChain(distinct.map(({ document }) => document));
  const refuse = (faults: readonly Pick<Alias, "path" | "message">[]) =>
    new ConfigError(
      [...repeats, ...faults.map(({ path, message }) => `${place(path)}: ${message}`)].slice(0, MOST_FAULTS),
    );
  const misfits = findMisfits(value);
  const unknownKeys = misfits.filter(({ isUnknownKey }) => isUnknownKey);
  const known = withoutParts(
    value,
    unknownKeys.map(({ path }) => path),
  );
  const file = WorkflowFile.safeParse(known);
  if (!file.success) throw refuse(misfits);
  const misnamed = file.data.name === undefined || file.data.name === name ? [] : [misnaming(name, file.data.name)];
  const workflow = toWorkflow(name, file.data);
  const wrong = findFaults(workflow, conditions).map(({ where, message }) => ({ path: where, message }));
  const faults = [...misfits, ...misnamed, ...wrong];
  if (repeats.length + faults.length > 0) throw refuse(faults);
  return { workflow, place };
}

/** The aliases and the parts that do not fit the schema, each once: a wrong key explains that the right one is missing. */
function findMisfits(value: unknown): readonly Alias[] {
  const aliases = findAliases(value);
  const faults = faultsOf(value, WorkflowFile).filter((fault) => !aliases.some((alias) => explains(alias, fault)));
  const unknown = faults.filter(({ isUnknownKey }) => isUnknownKey);
  const others = faults.filter((fault) => !fault.isUnknownKey && !unknown.some((key) => explains(key, fault)));
  return [...aliases, ...unknown, ...others];
}

function explains({ path }: Pick<Alias, "path">, fault: ValueFault): boolean {
  if (isSamePath(path, fault.path)) return true;
  return fault.isMissing && isSamePath(path.slice(0, -1), fault.path.slice(0, -1));
}

function isSamePath(left: YamlPath, right: YamlPath): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
}

/** A copy of the value without these parts, in which further faults can be found. */
function withoutParts(value: unknown, paths: readonly YamlPath[]): unknown {
  if (paths.length === 0) return value;
  const copy = structuredClone(value);
  for (const path of paths) {
    let holder: unknown = copy;
    for (const key of path.slice(0, -1))
      holder = typeof holder === "object" && holder ? Reflect.get(holder, key) : null;
    const last = path.at(-1);
    if (isRecord(holder) && last !== undefined) Reflect.deleteProperty(holder, last);
  }
  return copy;
}

function misnaming(name: string, written: string): Pick<Alias, "path" | "message"> {
  return { path: ["name"], message: `the name "${written}" differs from the file's name, ${name}: make them equal` };
}
