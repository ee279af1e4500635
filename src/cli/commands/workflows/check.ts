/** `legwork workflows check`: the faults of workflows, and warnings for their authors. */
import type { Definitions, Found } from "../../../core/definitions/agent.js";
import { ConfigError } from "../../../core/errors.js";
import { visible } from "../../../core/visible.js";
import type { Workflow } from "../../../core/workflow/workflow.js";
import { any, defineCommand, jsonOption } from "../../command.js";
import { counted } from "../../render/amounts.js";
import { CONFIGURATION_EXIT, OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { KnownTools, OpenWorkflows, ServerPool, WorkflowFiles } from "../../services.js";
import { findWorkflow } from "./find-workflow.js";

interface Checked {
  readonly name: string;
  readonly from: string;
  /** Why it cannot be used; null where it can be. */
  readonly error: string | null;
  /** The same, each fault by itself with its place. */
  readonly faults?: readonly string[];
  readonly warnings: readonly { readonly place: string; readonly message: string }[];
}

export const checkWorkflows = defineCommand({
  name: "check",
  summary: "Check workflows for faults",
  description:
    "Checks the named workflows and files, or all workflows of the project and the user where none is named. It compares them with the tools that servers listed before, and starts no server. The exit code is 2 where a workflow cannot be used.",
  examples: ["legwork workflows check", "legwork workflows check plan-execute drafts/new.yaml"],
  arguments: { names: any("NAME|FILE", "Workflows and files") },
  options: { json: jsonOption },
  async run({ names, json }, services: WorkflowFiles & ServerPool) {
    const workflows = await services.openWorkflows();
    const { definitions } = workflows;
    const own = () => definitions.workflows().filter(({ origin }) => origin !== "shipped");
    const subjects =
      names.length > 0 ? names.map((word) => subjectOf(word, definitions)) : own().map(named(definitions));
    const { downstream, notices } = await services.openServers();
    const servers = downstream.status();
    const known = {
      tools: servers.flatMap(({ listing }) => listing?.tools ?? []),
      unseen: servers.filter(({ listing }) => listing === null).map(({ name }) => name),
    };
    const checked: Checked[] = [];
    for (const subject of subjects) checked.push(await check(subject, known, workflows));
    const isFaulty = checked.some(({ error }) => error !== null);
    return {
      text: json
        ? visibleJson({ workflows: checked, unseen_servers: known.unseen, notices })
        : toText(checked, known.unseen, notices),
      exitCode: isFaulty ? CONFIGURATION_EXIT : OK_EXIT,
    };
  },
});

/** A workflow to check; `load` throws ConfigError. */
interface Subject {
  readonly name: string;
  readonly from: string;
  load(): Pick<Found<Workflow>, "definition" | "place">;
}

/** A name has no dot and no slash, and a file that can be a workflow has at least the dot of its ending. */
function subjectOf(word: string, definitions: OpenWorkflows["definitions"]): Subject {
  if (/[./\\]/.test(word)) return { name: word, from: word, load: () => definitions.workflowAt(word) };
  const entry = definitions.workflows().find(({ name }) => name === word);
  const from = entry?.from ?? findWorkflow(word, definitions).from; // which says that there is none
  return named(definitions)({ name: word, from });
}

function named(definitions: Definitions) {
  return ({ name, from }: { readonly name: string; readonly from: string }): Subject => ({
    name,
    from,
    load: () => findWorkflow(name, definitions),
  });
}

async function check({ name, from, load }: Subject, known: KnownTools, workflows: OpenWorkflows): Promise<Checked> {
  try {
    const { definition, place } = load();
    const { outputSchema } = definition.settings;
    const fault = outputSchema === null ? null : await workflows.schemaFault(outputSchema);
    if (fault !== null)
      throw new ConfigError(`${place("settings.output_schema")}: output_schema is not a JSON Schema: ${fault}`);
    const findings = workflows.review(definition, known);
    const warnings = findings.map(({ where, message }) => ({ place: place(where), message }));
    return { name: definition.name, from, error: null, warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { name, from, error: error.message, faults: error.faults, warnings: [] };
  }
}

function toText(checked: readonly Checked[], unseen: readonly string[], notices: readonly string[]): string {
  const found = checked.flatMap(({ faults = [], warnings }) => [
    ...faults,
    ...warnings.map(({ place, message }) => `${place}: warning: ${message}`),
  ]);
  const unusable = checked.filter(({ error }) => error !== null).length;
  const sum =
    checked.length === 0 ? ["there is no workflow of the project or the user to check"] : [sumOf(checked, unusable)];
  const blind =
    checked.length === unusable || unseen.length === 0
      ? []
      : [`not checked against the tools of ${unseen.join(", ")}, which are unknown: run "legwork tools" first`];
  return [...found, ...sum, ...blind, ...notices].map((line) => `${visible(line)}\n`).join("");
}

function sumOf(checked: readonly Checked[], faults: number): string {
  const warnings = checked.reduce((sum, one) => sum + one.warnings.length, 0);
  const unusable = faults === 0 ? [] : [`${faults} cannot be used`];
  const found = [...unusable, ...(warnings === 0 ? [] : [counted(warnings, "warning")])];
  return `${counted(checked.length, "workflow")} checked: ${found.length === 0 ? "nothing found" : found.join(", ")}`;
}
