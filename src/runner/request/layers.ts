/** The settings of a run by precedence: of the call, the agent definition and the workflow the first that names one decides. */
import type { AgentDefinition, Found } from "../../core/definitions/agent.js";
import { toModelWish } from "../../core/run/model-name.js";
import { type ModelSettings, NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";
import type { RunLimits } from "../../core/run/run.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import type { SpawnArguments } from "./run-settings.js";
import type { Wish } from "./wishes.js";

/** Null leaves a setting to the layers behind. */
export interface Layer extends Wish, ModelSettings {
  readonly maxTurns: number | null;
  readonly timeoutSeconds: number | null;
  readonly maxCostUsd: number | null;
  readonly maxTokens: number | null;
  readonly maxDepth: number | null;
  /** Unchecked; undefined leaves it to the layers behind. */
  readonly outputSchema: unknown;
  /** Whether it comes with the project: then its maxDepth, maxCostUsd and maxTokens cannot exceed those of the configuration. */
  readonly isProjects: boolean;
}

/** The layers in front of the configuration, the strongest first. */
export function layersOf(
  args: SpawnArguments,
  agent: Found<AgentDefinition> | null,
  workflow: Found<Workflow> | null,
): readonly Layer[] {
  const layers = [layerOfCall(args)];
  if (agent) layers.push({ ...layerOf(agent, agent.definition, agent.place), isImported: agent.definition.isImported });
  if (workflow)
    layers.push(layerOf(workflow, workflow.definition.settings, (field) => workflow.place(`settings.${field}`)));
  return layers;
}

function layerOfCall(args: SpawnArguments): Layer {
  return {
    provider: args.provider ?? null,
    ...toModelWish(args.model),
    effort: args.effort ?? null,
    temperature: args.temperature ?? null,
    maxOutputTokens: args.max_output_tokens ?? null,
    maxTurns: args.max_turns ?? null,
    timeoutSeconds: args.timeout_seconds ?? null,
    maxCostUsd: args.max_cost_usd ?? null,
    maxTokens: args.max_tokens ?? null,
    maxDepth: null, // a call cannot name it
    outputSchema: args.output_schema,
    isProjects: false,
  };
}

function layerOf(
  { origin }: Found<unknown>,
  settings: Omit<Layer, "place" | "isProjects" | "maxTokens" | keyof ModelSettings> &
    Partial<ModelSettings & Pick<Layer, "maxTokens">>,
  place: NonNullable<Layer["place"]>,
): Layer {
  return {
    ...NO_MODEL_SETTINGS,
    ...settings,
    maxTokens: settings.maxTokens ?? null,
    outputSchema: settings.outputSchema ?? undefined,
    place,
    isProjects: origin === "project",
  };
}

/** How the models of a run are to work. */
export function modelSettingsOf(layers: readonly Layer[]): ModelSettings {
  const first = <K extends keyof ModelSettings>(setting: K): ModelSettings[K] | null =>
    layers.find((layer) => layer[setting] !== null)?.[setting] ?? null;
  return { effort: first("effort"), temperature: first("temperature"), maxOutputTokens: first("maxOutputTokens") };
}

/** The limits of a run; the configuration decides where no layer does. */
export function limitsOf(layers: readonly Layer[], configured: RunLimits): RunLimits {
  const naming = (limit: Limit) => layers.find((layer) => layer[limit] !== null);
  const named = (limit: Limit) => naming(limit)?.[limit] ?? null;
  /** A project's definition cannot raise it above the configuration's. */
  const guarded = (limit: "maxDepth" | "maxCostUsd" | "maxTokens") => {
    const [value, most] = [named(limit), configured[limit]];
    return value === null || most === null || !naming(limit)?.isProjects ? value : Math.min(value, most);
  };
  return {
    ...configured,
    maxTurns: named("maxTurns") ?? configured.maxTurns,
    timeoutSeconds: named("timeoutSeconds") ?? configured.timeoutSeconds,
    maxDepth: guarded("maxDepth") ?? configured.maxDepth,
    maxCostUsd: guarded("maxCostUsd") ?? configured.maxCostUsd,
    maxTokens: guarded("maxTokens") ?? configured.maxTokens,
  };
}

type Limit = "maxTurns" | "timeoutSeconds" | "maxDepth" | "maxCostUsd" | "maxTokens";
