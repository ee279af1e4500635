/** Turns what a caller asks for into a frozen request, or refuses it, before anything is written. */
import { ConfigError, RequestError } from "../core/errors.js";
import { READ_ONLY_ENTRY } from "../core/gate.js";
import { didYouMean } from "../core/nearest.js";
import type { Provider } from "../core/ports.js";
import type { PatternSource, RunLimits, RunRequest, ToolPolicy } from "../core/run.js";
import { patternFault } from "../core/tool.js";
import type { JsonSchemas } from "./json-schema.js";

/** A vendor as the runner chooses among them. */
export interface ProviderEntry {
  readonly name: string;
  readonly defaultModel: string;
  /** Whether it is chosen when nobody names one: it has what it needs, and is a real model. */
  readonly ready: boolean;
  /** Throws RequestError or ConfigError when a run with this model could only fail. */
  check(model: string): Promise<void>;
  open(): Promise<Provider>;
}

/** What the configuration says about runs. */
export interface RunSettings {
  readonly provider: string | null;
  readonly model: string | null;
  readonly tools: PatternSource | null;
  readonly blockedTools: readonly PatternSource[];
  readonly limits: RunLimits;
}

/** What a caller may ask for, by name of the argument. */
export interface SpawnArguments {
  readonly prompt: string;
  readonly agent?: string | undefined;
  readonly workflow?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly blocked_tools?: readonly string[] | undefined;
  readonly output_schema?: unknown;
  readonly title?: string | undefined;
  readonly system_prompt?: string | undefined;
  readonly max_turns?: number | undefined;
  readonly timeout_seconds?: number | undefined;
  readonly idempotency_key?: string | undefined;
}

const DEFAULT_AGENT = "default";
const CALL = "the spawn_agent call";
const LARGEST_SCHEMA = 100_000; // characters; compiling a larger one would hold up the process

/** The frozen request. Throws RequestError, or ConfigError where a file or variable has to change. */
export async function resolveRequest(
  args: SpawnArguments,
  settings: RunSettings,
  providers: readonly ProviderEntry[],
  schemas: JsonSchemas,
): Promise<{ readonly request: RunRequest; readonly entry: ProviderEntry }> {
  if (args.prompt.trim() === "")
    throw new RequestError("invalid_arguments", "prompt is empty: say what the agent has to do");
  const agent = args.agent ?? DEFAULT_AGENT;
  if (agent !== DEFAULT_AGENT)
    throw new RequestError(
      "unknown_agent",
      `there is no agent "${agent}": leave it out, or use "${DEFAULT_AGENT}"${didYouMean(agent, [DEFAULT_AGENT])}`,
    );
  if (args.workflow !== undefined)
    throw new RequestError("unknown_workflow", `there is no workflow "${args.workflow}": leave it out`);
  const policy = resolvePolicy(args, settings);
  const outputSchema = await resolveOutputSchema(args.output_schema, schemas);
  const { entry, model } = await resolveProvider(args, settings, providers);
  const request: RunRequest = {
    prompt: args.prompt,
    systemPrompt: args.system_prompt ?? null,
    agent,
    provider: entry.name,
    model,
    policy,
    outputSchema,
    limits: {
      ...settings.limits,
      maxTurns: args.max_turns ?? settings.limits.maxTurns,
      timeoutSeconds: args.timeout_seconds ?? settings.limits.timeoutSeconds,
    },
  };
  return { request, entry };
}

function resolvePolicy(args: SpawnArguments, settings: RunSettings): ToolPolicy {
  for (const [field, patterns] of [
    ["tools", args.tools],
    ["blocked_tools", args.blocked_tools],
  ] as const)
    for (const pattern of patterns ?? []) {
      const fault = patternFault(pattern);
      if (fault !== null) throw new RequestError("invalid_arguments", `${field}: ${fault}`);
    }
  const byDefault: PatternSource = { patterns: [READ_ONLY_ENTRY], from: "the default policy" };
  return {
    allow: args.tools ? { patterns: args.tools, from: CALL } : (settings.tools ?? byDefault),
    block: [...(args.blocked_tools ? [{ patterns: args.blocked_tools, from: CALL }] : []), ...settings.blockedTools],
  };
}

async function resolveOutputSchema(asked: unknown, schemas: JsonSchemas): Promise<RunRequest["outputSchema"]> {
  if (asked === undefined) return null;
  const refuse = (fault: string) =>
    new RequestError(
      "invalid_arguments",
      `output_schema is not a JSON Schema: ${fault}; for example {"type": "object"}`,
    );
  if (typeof asked === "boolean") return asked;
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) throw refuse("it has to be an object");
  if (JSON.stringify(asked).length > LARGEST_SCHEMA) throw refuse(`it is longer than ${LARGEST_SCHEMA} characters`);
  const fault = await schemas.faultOf(asked);
  if (fault !== null) throw refuse(fault);
  return asked;
}

/** Argument, else configuration, else the only provider that is ready. */
async function resolveProvider(args: SpawnArguments, settings: RunSettings, providers: readonly ProviderEntry[]) {
  const byDefault = settings.provider ?? onlyReady(providers);
  const name = args.provider ?? byDefault;
  const names = providers.map((provider) => provider.name);
  if (name === null)
    throw new ConfigError(
      'no provider is set up: set GEMINI_API_KEY in the environment of legwork, or, for a demonstration, pass provider "rehearsal" to play a script',
    );
  const entry = providers.find((provider) => provider.name === name);
  if (!entry)
    throw new RequestError(
      "unknown_provider",
      `there is no provider "${name}": use ${names.join(" or ")}${didYouMean(name, names)}`,
    );
  // A model from the configuration belongs to the provider of the configuration.
  const model = args.model ?? (name === byDefault ? settings.model : null) ?? entry.defaultModel;
  await entry.check(model);
  return { entry, model };
}

function onlyReady(providers: readonly ProviderEntry[]): string | null {
  const ready = providers.filter((provider) => provider.ready);
  return ready.length === 1 ? (ready[0]?.name ?? null) : null;
}
