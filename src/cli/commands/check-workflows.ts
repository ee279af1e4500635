/** `legwork workflows check`: what is wrong with workflows, and what their authors may have overlooked. */
import type { Definitions, Found } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import type { ServerStatus } from "../../core/ports/downstream.js";
import type { CatalogTool } from "../../core/tools/tool.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import { CONFIGURATION_EXIT, type CommandEnd, OK_EXIT } from "../render/command-end.js";
import { counted } from "../render/counted.js";
import { visible, visibleJson } from "../render/visible.js";
import { workflowNamed } from "../render/workflow-named.js";

export interface CheckDeps {
  /** Also those of a project that its user does not trust yet: to be looked at, and used for nothing. */
  readonly readable: Definitions & { workflowAt(file: string): Pick<Found<Workflow>, "definition" | "place"> };
  /** What the author may have overlooked; patterns are held against the tools that are known. */
  review(workflow: Workflow, known: KnownTools): readonly { readonly where: string; readonly message: string }[];
  /** Why a schema is none, or null. */
  schemaFault(schema: object | boolean): Promise<string | null>;
  /** The servers with what is remembered of their tools; starts none of them. Throws ConfigError or StoreError. */
  servers(): Promise<{ readonly servers: readonly ServerStatus[]; readonly notices: readonly string[] }>;
}

export interface KnownTools {
  readonly tools: readonly CatalogTool[];
  /** Servers whose tools were never seen. */
  readonly unseen: readonly string[];
}

interface Checked {
  readonly name: string;
  readonly from: string;
  /** Why it cannot be used, with the place. */
  readonly error: string | null;
  readonly warnings: readonly { readonly place: string; readonly message: string }[];
}

/** Checks the named workflows and files; those of the project and the user where none is named. Throws ConfigError, StoreError. */
export async function checkWorkflows(given: readonly string[], json: boolean, deps: CheckDeps): Promise<CommandEnd> {
  const { readable } = deps;
  const own = () => readable.workflows().filter(({ origin }) => origin !== "shipped");
  const subjects = given.length > 0 ? given.map((word) => subjectOf(word, readable)) : own().map(named(readable));
  const { servers, notices } = await deps.servers();
  const known = {
    tools: servers.flatMap(({ listing }) => listing?.tools ?? []),
    unseen: servers.filter(({ listing }) => listing === null).map(({ name }) => name),
  };
  const checked: Checked[] = [];
  for (const subject of subjects) checked.push(await check(subject, known, deps));
  const isFaulty = checked.some(({ error }) => error !== null);
  return {
    text: json
      ? visibleJson({ workflows: checked, unseen_servers: known.unseen, notices })
      : toText(checked, known.unseen, notices),
    exitCode: isFaulty ? CONFIGURATION_EXIT : OK_EXIT,
  };
}

/** What is to be checked, and how it is had; `load` throws ConfigError. */
interface Subject {
  readonly name: string;
  readonly from: string;
  load(): Pick<Found<Workflow>, "definition" | "place">;
}

/** A name has no dot and no slash, and a file that can be a workflow has at least the dot of its ending. */
function subjectOf(word: string, readable: CheckDeps["readable"]): Subject {
  if (/[./\\]/.test(word)) return { name: word, from: word, load: () => readable.workflowAt(word) };
  const entry = readable.workflows().find(({ name }) => name === word);
  const from = entry?.from ?? workflowNamed(word, readable).from; // which says that there is none
  return named(readable)({ name: word, from });
}

function named(readable: Definitions) {
  return ({ name, from }: { readonly name: string; readonly from: string }): Subject => ({
    name,
    from,
    load: () => workflowNamed(name, readable),
  });
}

async function check({ name, from, load }: Subject, known: KnownTools, deps: CheckDeps): Promise<Checked> {
  try {
    const { definition, place } = load();
    const { outputSchema } = definition.settings;
    const fault = outputSchema === null ? null : await deps.schemaFault(outputSchema);
    if (fault !== null)
      throw new ConfigError(`${place("settings.output_schema")}: output_schema is not a JSON Schema: ${fault}`);
    const findings = deps.review(definition, known);
    const warnings = findings.map(({ where, message }) => ({ place: place(where), message }));
    return { name: definition.name, from, error: null, warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { name, from, error: error.message, warnings: [] };
  }
}

function toText(checked: readonly Checked[], unseen: readonly string[], notices: readonly string[]): string {
  const found = checked.flatMap(({ error, warnings }) => [
    ...(error === null ? [] : [error]),
    ...warnings.map(({ place, message }) => `${place}: warning: ${message}`),
  ]);
  const faults = checked.filter(({ error }) => error !== null).length;
  const sum =
    checked.length === 0 ? ["there is no workflow of the project or the user to check"] : [sumOf(checked, faults)];
  const blind =
    checked.length === faults || unseen.length === 0
      ? []
      : [`not held against the tools of ${unseen.join(", ")}, which were never seen: "legwork tools" looks at them`];
  return [...found, ...sum, ...blind, ...notices].map((line) => `${visible(line)}\n`).join("");
}

function sumOf(checked: readonly Checked[], faults: number): string {
  const warnings = checked.reduce((sum, one) => sum + one.warnings.length, 0);
  const unusable = faults === 0 ? [] : [`${faults} cannot be used`];
  const remarks = warnings === 0 ? [] : [counted(warnings, "warning")];
  const found = [...unusable, ...remarks];
  return `${counted(checked.length, "workflow")} checked: ${found.length === 0 ? "nothing found" : found.join(", ")}`;
}
