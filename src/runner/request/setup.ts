/** The configuration as runs use it: read and connected at the first run of a process. */
import type { Definitions } from "../../core/definitions/agent.js";
import type { Downstream } from "../../core/ports/downstream.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { RunSettings } from "./run-settings.js";

export interface Setup {
  /** Whether this process recovers interrupted runs by itself. */
  readonly resume: "auto" | "manual";
  readonly settings: RunSettings;
  readonly providers: readonly ProviderEntry[];
  readonly definitions: Definitions;
  readonly conditions: ConditionReader;
  readonly downstream: Downstream;
  /** Parts of the configuration that were left out, and how to include them; one sentence each. */
  readonly notices: readonly string[];
}

/** Reads the configuration once. Throws ConfigError, and reads it again at the next call. */
export type GetSetup = () => Promise<Setup>;
