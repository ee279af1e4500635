/** Loads one workflow from its file and the files that it extends. */

import { ConfigError } from "../../core/errors.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import { checkValue } from "../../yaml/parse-yaml.js";
import type { YamlDocument, YamlPath } from "../../yaml/read-yaml.js";
import { checkStem } from "../read/definition-fields.js";
import { findAlias } from "./aliases.js";
import { chainOf, type FindParent, mergeChain } from "./extend-workflow.js";
import { findFault } from "./find-fault.js";
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
  const { value, place } = mergeChain(chain);
  const alias = findAlias(value);
  if (alias) throw new ConfigError(`${place(alias.path)}: ${alias.message}`);
  const file = checkValue(value, WorkflowFile, place);
  if (file.name !== undefined && file.name !== name)
    throw new ConfigError(
      `${place(["name"])}: the name "${file.name}" differs from the file's name, ${name}: make them equal`,
    );
  const workflow = toWorkflow(name, file);
  const fault = findFault(workflow, conditions);
  if (fault) throw new ConfigError(`${place(fault.where)}: ${fault.message}`);
  return { workflow, place };
}
