/** What runs are worked with: put together once, handed to every tool. */
import type { Definitions } from "../core/definitions/agent.js";
import type { Clock } from "../core/ports/clock-and-log.js";
import type { Downstream } from "../core/ports/downstream.js";
import type { ReadProjectFile } from "../core/ports/project-files.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Redact } from "../core/redact.js";
import type { ReadReply } from "../core/run/history.js";
import type { ConditionReader } from "../core/workflow/condition.js";
import type { JsonSchemas } from "../json-schema/json-schema.js";
import type { EventBus } from "./live/event-bus.js";
import type { LiveRuns } from "./live/live-runs.js";
import type { Recovery } from "./live/recovery.js";
import type { StoreWatch } from "./live/watch-store.js";
import type { CallChildren } from "./operations/child-runs.js";
import type { ProviderEntry } from "./request/resolve-provider.js";
import type { RunSettings } from "./request/resolve-request.js";
import type { ResolveToolSet } from "./tools/tool-set.js";

/** What is needed to work with runs at all; opened at a process's first tool call. */
export interface Runtime extends RuntimeParts {
  readonly recovery: Recovery;
}

export interface RuntimeParts {
  readonly project: string;
  readonly store: RunStore;
  readonly bus: EventBus;
  readonly watch: StoreWatch;
  readonly live: LiveRuns;
  readonly schemas: JsonSchemas;
  readonly resolveToolSet: ResolveToolSet;
  readonly callChildren: CallChildren;
  readonly readReply: ReadReply;
  readonly clock: Clock;
  /** Of the secrets that the configuration holds; of the providers' keys alone before it was read. */
  readonly redact: Redact;
  readonly readProjectFile: ReadProjectFile;
  /** What many hosts' calls at once pass one by one, see createTurnstile. */
  admission(): Promise<void>;
  newId(prefix: "run" | "ses" | "msg"): string;
  /** What is needed to start runs. Throws ConfigError, and tries again at the next call. */
  setup(): Promise<Setup>;
  /** Resolves when `redact` knows all secrets that can be known, also where the configuration is broken. */
  secretsKnown(): Promise<void>;
}

export interface Setup {
  /** Whether interrupted runs go on by themselves. */
  readonly resume: "auto" | "manual";
  readonly settings: RunSettings;
  readonly providers: readonly ProviderEntry[];
  readonly definitions: Definitions;
  readonly conditions: ConditionReader;
  readonly downstream: Downstream;
  /** What the configuration left out and how to have it. */
  readonly notices: readonly string[];
}
