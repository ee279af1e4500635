/** A run: one execution of an agent, its statuses and which may follow which. */

import type { Json, Workflow } from "../workflow/workflow.js";
import type { ContextBlock } from "./context.js";
import type { ModelSettings } from "./model-settings.js";
import type { Question } from "./question.js";

/** Statuses of a run. */
export type RunStatus = LiveStatus | EndStatus;
type LiveStatus = "pending" | "running" | "waiting" | "interrupted";
export type EndStatus = (typeof END_STATUSES)[number];

export const END_STATUSES = ["success", "partial", "blocked", "error", "timeout", "cancelled"] as const;
export const RUN_STATUSES = ["pending", "running", "waiting", "interrupted", ...END_STATUSES] as const;

/** Ends from which `resume_run` continues the same run. */
export const REOPENED = ["partial", "blocked", "error", "timeout"] as const satisfies readonly EndStatus[];

/** The statuses a run may have just before it gets the status named by the key. */
export const LEGAL_FROM: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: [],
  running: ["pending", "waiting", "interrupted", ...REOPENED],
  waiting: ["running"],
  // A pending run whose owner goes away is interrupted too: otherwise no process would start it.
  interrupted: ["pending", "running"],
  success: ["running", "waiting"],
  partial: ["running", "waiting"],
  blocked: ["running", "waiting"],
  error: ["pending", "running", "waiting", "interrupted"],
  timeout: ["running", "waiting"],
  cancelled: ["pending", "running", "waiting", "interrupted"],
};

/** Whether a run has ended. */
export function isEnded(status: RunStatus): status is EndStatus {
  return (END_STATUSES as readonly string[]).includes(status);
}

/** Tokens as the provider counted them. */
export interface Usage {
  /** All tokens of the request, those of the vendor's cache included. */
  readonly input: number;
  /** Tokens of the reply without those of its thinking. */
  readonly output: number;
  /** The part of the input that the vendor read from its cache. */
  readonly cached: number;
  readonly thinking: number;
  /** The part of the input that the vendor wrote to its cache; missing where it counts none. */
  readonly cacheWrite?: number;
}

/** Why a run did not succeed, for machines (code) and people (message). */
export interface RunFailure {
  readonly code: string;
  readonly message: string;
}

/** How a run ended. */
export interface Outcome {
  readonly status: EndStatus;
  readonly result: string | null;
  readonly data?: unknown;
  readonly artifacts?: readonly string[];
  readonly filesModified?: readonly string[];
  readonly nextSteps?: readonly string[];
  readonly error?: RunFailure;
}

/** Limits of one run, chosen from the caller, the definitions and the configuration. */
export interface RunLimits {
  readonly maxTurns: number;
  readonly timeoutSeconds: number;
  readonly toolTimeoutSeconds: number;
  /** A call whose server reports progress may take up to so many times its time limit. */
  readonly progressExtension: number;
  readonly stallSeconds: number;
  /** The depth at which agents start no others; a run that a host starts is at depth 1. */
  readonly maxDepth: number;
  /** Maximum cost in USD of the run and of every run it starts; null for no limit. */
  readonly maxCostUsd: number | null;
  /** Maximum tokens, of input and output, of the run and of every run it starts; null for no limit. */
  readonly maxTokens: number | null;
  /** Images of tools' answers in one request to the model, the newest first. */
  readonly maxImages: number;
  /** Size of one image in a request; a larger one stays a line of text. */
  readonly maxImageMb: number;
  /** Megabytes of the largest answer to a call. */
  readonly maxResultMb: number;
  /** Megabytes of answers that the run keeps for read_result. */
  readonly maxStoredMb: number;
}

/** A list of patterns and its origin, which a refusal names. */
export interface PatternSource {
  readonly patterns: readonly string[];
  readonly from: string;
  /** In a list of blocks: a run is refused where one of them matches no tool, because it would protect nothing. */
  readonly mustMatch?: true;
}

/** The tools that a run may use: a tool needs a grant of every source in `allow`, and blocked patterns always win. */
export interface ToolPolicy {
  readonly allow: readonly PatternSource[];
  readonly block: readonly PatternSource[];
}

/** The settings of a run, fixed when it was created. */
export interface RunRequest {
  readonly prompt: string;
  /** The context before the prompt; null where there is none. */
  readonly context: readonly ContextBlock[] | null;
  readonly systemPrompt: string | null;
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  /** The models that are asked in turn where the one before refuses to serve, each with its provider. */
  readonly fallbackModels?: readonly string[];
  /** How its models are to work in steps that do not say it; missing in runs of an older legwork. */
  readonly modelSettings?: ModelSettings;
  readonly limits: RunLimits;
  readonly policy: ToolPolicy;
  readonly outputSchema: object | boolean | null;
  /** The workflow as it was when the run was created. */
  readonly workflow: Workflow | null;
  /** Variables of the caller and of the agent definition; they override the variables of the workflow. */
  readonly variables: Readonly<Record<string, Json>>;
}

/** The ids of a run and of the runs and sessions it belongs to, its project and its title. */
export interface RunIdentity {
  /** The run whose history this one continues; null for a new history. */
  readonly continues: string | null;
  readonly id: string;
  readonly sessionId: string;
  readonly parentSessionId: string;
  readonly parentRunId: string | null;
  readonly rootRunId: string;
  readonly depth: number;
  readonly project: string;
  readonly title: string;
}

/** One row of `runs`: the frozen request and the projection of the events so far. Times are Unix milliseconds. */
export interface Run extends RunIdentity {
  readonly workflow: string | null;
  readonly step: string | null;
  readonly request: RunRequest;
  readonly status: RunStatus;
  readonly outcome: Outcome | null;
  /** The question that a waiting run asks; null once it is answered. */
  readonly question: Question | null;
  readonly turnsUsed: number;
  readonly toolCallsCount: number;
  readonly usage: Usage;
  /** Cost of its own replies in USD; null where it is unknown. */
  readonly costUsd: number | null;
  readonly epoch: number;
  /** Crashes of its process since the run last finished a reply or a call. */
  readonly attempts: number;
  /** When a process was last known to work on an interrupted run. */
  readonly interruptedAt: number | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly lastEventAt: number;
  readonly finishedAt: number | null;
}

/** The row of a run without its large parts, for lists. */
export interface ListedRun
  extends Pick<
    Run,
    | "id"
    | "parentRunId"
    | "continues"
    | "project"
    | "title"
    | "workflow"
    | "step"
    | "status"
    | "turnsUsed"
    | "toolCallsCount"
    | "costUsd"
    | "createdAt"
    | "finishedAt"
  > {
  readonly request: Pick<RunRequest, "agent" | "provider" | "model">;
  readonly outcome: Pick<Outcome, "error"> | null;
}
