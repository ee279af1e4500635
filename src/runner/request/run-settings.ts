/** A run as its caller and the configuration ask for it, before it is resolved. */

import type { Allowance } from "../../core/run/budget.js";
import type { ModelName } from "../../core/run/model-name.js";
import type { Effort } from "../../core/run/model-settings.js";
import type { PatternSource, RunLimits } from "../../core/run/run.js";
import type { Json } from "../../core/workflow/workflow.js";

/** Settings of the configuration for all runs. */
export interface RunSettings {
  readonly provider: string | null;
  readonly model: string | null;
  readonly fallbackModels: readonly string[];
  /** `file:line:column` of a field that names them; missing where no file does. */
  place?(field: "provider" | "model"): string;
  /** Short names of models. */
  readonly aliases: Readonly<Record<string, ModelName>>;
  readonly tools: PatternSource | null;
  readonly blockedTools: readonly PatternSource[];
  readonly limits: RunLimits;
  /** The limits for all runs of a host's connection, and of a day. */
  readonly allowances: { readonly session: Allowance; readonly day: Allowance };
}

/** The arguments of a caller, by their public names. */
export interface SpawnArguments {
  readonly prompt: string;
  readonly agent?: string | undefined;
  readonly workflow?: string | undefined;
  readonly provider?: string | undefined;
  /** The first, and those that are asked in turn where the one before refuses to serve. */
  readonly model?: string | readonly string[] | undefined;
  readonly effort?: Effort | undefined;
  readonly temperature?: number | undefined;
  readonly max_output_tokens?: number | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly blocked_tools?: readonly string[] | undefined;
  readonly variables?: Readonly<Record<string, Json>> | undefined;
  /** The sources, each `kind:rest`. */
  readonly context?: readonly string[] | undefined;
  readonly output_schema?: unknown;
  readonly title?: string | undefined;
  readonly system_prompt?: string | undefined;
  readonly max_turns?: number | undefined;
  readonly timeout_seconds?: number | undefined;
  readonly max_cost_usd?: number | undefined;
  readonly max_tokens?: number | undefined;
  readonly idempotency_key?: string | undefined;
}
