/** Resolves the arguments of a caller into a frozen request, or refuses them, before anything is written. */
import type { AgentDefinition, Definitions, Found } from "../../core/definitions/agent.js";
import { ConfigError, RequestError } from "../../core/errors.js";
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { ContextBlock } from "../../core/run/context.js";
import type { RunRequest } from "../../core/run/run.js";
import { fillTemplate, namesInTemplate } from "../../core/workflow/template.js";
import { type Json, READ_ONLY_VARIABLES, type Workflow } from "../../core/workflow/workflow.js";
import { didYouMean, didYouMeanLonger } from "../../lib/nearest.js";
import { type Layer, layersOf, limitsOf, modelSettingsOf } from "./layers.js";
import { resolvePolicy } from "./resolve-policy.js";
import { entriesFor, resolveProvider } from "./resolve-provider.js";
import type { RunSettings, SpawnArguments } from "./run-settings.js";

/** The sources of a request beside its arguments. */
export interface ResolveDeps {
  /** The run that asks, whose provider and model are used where nobody names others. */
  readonly parent: Pick<RunRequest, "provider" | "model" | "fallbackModels"> | null;
  readonly settings: RunSettings;
  readonly providers: readonly ProviderEntry[];
  readonly definitions: Definitions;
  readonly schemas: JsonSchemas;
  /** The content of the caller's sources. */
  readonly context: readonly ContextBlock[] | null;
}

export interface Resolved {
  readonly request: RunRequest;
  /** The providers that the run and its steps need. */
  readonly entries: ReadonlyMap<string, ProviderEntry>;
  /** Notes about the definitions for the caller, one sentence each. */
  readonly notices: readonly string[];
}

/** The agent that needs no definition. */
export const DEFAULT_AGENT = "default";
const LARGEST_SCHEMA = 100_000; // characters; compiling a larger one would hold up the process

/** The frozen request. Throws RequestError, or ConfigError where a file or variable has to change. */
export async function resolveRequest(args: SpawnArguments, deps: ResolveDeps): Promise<Resolved> {
  const { settings, providers, definitions, schemas, parent, context } = deps;
  if (args.prompt.trim() === "")
    throw new RequestError("invalid_arguments", "prompt is empty: say what the agent has to do");
  const foundAgent = findAgent(args.agent ?? DEFAULT_AGENT, definitions);
  const agent = foundAgent?.definition ?? null;
  const foundWorkflow = findWorkflow(args.workflow ?? agent?.workflow ?? null, definitions);
  refuseOverride(args, foundWorkflow?.definition ?? null);
  const workflow = foundWorkflow && withModelsOf(args, foundWorkflow.definition);

  const variables = { ...agent?.variables, ...args.variables };
  refuseReadOnly(variables);
  const layers = layersOf(args, foundAgent, foundWorkflow);
  const policy = resolvePolicy(
    {
      tools: args.tools,
      blockedTools: args.blocked_tools,
      agent,
      workflow,
      workflowIsProjects: foundWorkflow?.origin === "project",
    },
    settings,
  );
  const outputSchema = await resolveOutputSchema(layers, schemas);
  const chosen = await resolveProvider([...layers, ...(parent ? [parent] : [])], settings, providers);
  const names = { providers, aliases: settings.aliases };
  const named = await entriesFor(chosen, workflow, names, (part) => foundWorkflow?.place(part) ?? "");
  const prompt = agent?.prompt == null ? null : fillTemplate(agent.prompt, { ...workflow?.variables, ...variables });
  const request: RunRequest = {
    prompt: args.prompt,
    context,
    systemPrompt: args.system_prompt ?? prompt,
    agent: agent?.name ?? DEFAULT_AGENT,
    provider: chosen.entry.name,
    model: chosen.model,
    ...(chosen.fallbackModels.length > 0 && { fallbackModels: chosen.fallbackModels }),
    modelSettings: modelSettingsOf(layers),
    policy,
    outputSchema,
    limits: limitsOf(layers, settings.limits),
    workflow: named.workflow,
    variables,
  };
  return {
    request,
    entries: named.entries,
    notices: [
      ...chosen.notices,
      ...named.notices,
      ...noticesOf(foundAgent, agent?.name === DEFAULT_AGENT ? "the general agent" : null),
      ...(agent?.notes ?? []),
      ...noticesOf(foundWorkflow),
      ...unreadVariables(args.variables ?? {}, agent, workflow),
    ],
  };
}

/** Null is the agent that needs no definition, where nobody has defined one of that name. */
function findAgent(name: string, definitions: Definitions): Found<AgentDefinition> | null {
  const found = definitions.agent(name);
  if (found || name === DEFAULT_AGENT) return found;
  const names = definitions.agents().flatMap((entry) => [entry.name, entry.slug ?? entry.name]);
  const near = didYouMean(name, [DEFAULT_AGENT, ...names]) || didYouMeanLonger(name, names);
  throw new RequestError(
    "unknown_agent",
    `there is no agent "${name}": leave it out, or use one of list_agents${near}${leftOut(definitions)}`,
  );
}

function findWorkflow(name: string | null, definitions: Definitions): Found<Workflow> | null {
  if (name === null) return null;
  const found = definitions.workflow(name);
  if (found) return found;
  const names = definitions.workflows().map((entry) => entry.name);
  throw new RequestError(
    "unknown_workflow",
    `there is no workflow "${name}": leave it out, or use one of list_agents${didYouMean(name, names)}${leftOut(definitions)}`,
  );
}

/** The named definition may be one that is not trusted. */
function leftOut({ notices }: Definitions): string {
  return notices.map((notice) => `; ${notice}`).join("");
}

function refuseReadOnly(variables: Readonly<Record<string, Json>>): void {
  const readOnly = READ_ONLY_VARIABLES.find((name) => Object.hasOwn(variables, name));
  if (readOnly === undefined) return;
  throw new RequestError("invalid_arguments", `variables: "${readOnly}" is set by legwork itself: leave it out`);
}

function refuseOverride({ provider, model }: SpawnArguments, workflow: Workflow | null): void {
  if (workflow === null || workflow.settings.allowProviderOverride) return;
  if (provider === undefined && model === undefined) return;
  throw new RequestError(
    "invalid_arguments",
    `workflow ${workflow.name} fixes its provider and model (allow_provider_override): leave provider and model out`,
  );
}

/** A caller who names a provider, a model or the way it works does so for all steps. */
function withModelsOf(args: SpawnArguments, workflow: Workflow): Workflow {
  const named = {
    ...((args.provider ?? args.model) !== undefined && { provider: null, model: null, fallbackModels: [] }),
    ...(args.effort !== undefined && { effort: null }),
    ...(args.temperature !== undefined && { temperature: null }),
    ...(args.max_output_tokens !== undefined && { maxOutputTokens: null }),
  };
  return Object.keys(named).length === 0
    ? workflow
    : { ...workflow, steps: workflow.steps.map((step) => ({ ...step, ...named })) };
}

/** `always` is what a definition of that name hides where it hides no file. */
function noticesOf(found: Found<unknown> | null, always: string | null = null): readonly string[] {
  const hidden = found?.hides ?? (found?.origin === "project" ? always : null);
  return found === null || hidden === null ? [] : [`${found.from} of the project is used in place of ${hidden}`];
}

/** Variables of the caller that neither agent nor workflow knows: most often misspelt ones. */
function unreadVariables(
  passed: Readonly<Record<string, Json>>,
  agent: AgentDefinition | null,
  workflow: Workflow | null,
): readonly string[] {
  const inPrompt = namesInTemplate(agent?.prompt ?? "");
  const known = new Set([...Object.keys({ ...workflow?.variables, ...agent?.variables }), ...inPrompt]);
  return Object.keys(passed)
    .filter((name) => !known.has(name))
    .map((name) => `variables: nothing reads "${name}"${didYouMean(name, known)}`);
}

async function resolveOutputSchema(
  layers: readonly Layer[],
  schemas: JsonSchemas,
): Promise<RunRequest["outputSchema"]> {
  const { outputSchema: asked, place } = layers.find(({ outputSchema }) => outputSchema !== undefined) ?? {};
  if (asked === undefined) return null;
  const refuse = (fault: string) => {
    const message = `output_schema cannot be used: ${fault}; give a JSON Schema such as {"type": "object"}`;
    return place
      ? new ConfigError(`${place("output_schema")}: ${message}`)
      : new RequestError("invalid_arguments", message);
  };
  if (typeof asked === "boolean") return asked;
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) throw refuse("it has to be an object");
  if (JSON.stringify(asked).length > LARGEST_SCHEMA) throw refuse(`it is longer than ${LARGEST_SCHEMA} characters`);
  const fault = await schemas.faultOf(asked);
  if (fault !== null) throw refuse(fault);
  return asked;
}
