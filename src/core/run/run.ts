/** A run: one execution of an agent, its statuses and which may follow which. */

import type { Json, Workflow } from "../workflow/workflow.js";
import type { ContextBlock } from "./context.js";
import type { Question } from "./question.js";

/** Statuses of a run; the last six are ends. */
export type RunStatus = LiveStatus | EndStatus;
type LiveStatus = "pending" | "running" | "waiting" | "interrupted";
export type EndStatus = (typeof END_STATUSES)[number];

export const END_STATUSES = ["success", "partial", "blocked", "error", "timeout", "cancelled"] as const;
export const RUN_STATUSES = ["pending", "running", "waiting", "interrupted", ...END_STATUSES] as const;

/** Ends that `resume_run` takes back: there is something left to do. */
export const REOPENED = ["partial", "blocked", "error", "timeout"] as const satisfies readonly EndStatus[];

/** The statuses a run may have just before it gets the status named by the key. */
export const LEGAL_FROM: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: [],
  running: ["pending", "waiting", "interrupted", ...REOPENED],
  waiting: ["running"],
  // A pending run whose owner goes away is interrupted too: otherwise nothing would ever start it.
  interrupted: ["pending", "running"],
  success: ["running", "waiting"],
  partial: ["running", "waiting"],
  blocked: ["running", "waiting"],
  error: ["pending", "running", "waiting", "interrupted"],
  timeout: ["running", "waiting"],
  cancelled: ["pending", "running", "waiting", "interrupted"],
};

/** True when nothing more happens in a run by itself. */
export function isEnded(status: RunStatus): status is EndStatus {
  return (END_STATUSES as readonly string[]).includes(status);
}

/** Tokens as the provider counted them. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly thinking: number;
}

/** Why a run ended as it did, for machines (code) and people (message). */
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

/** Limits of one run, after precedence has been applied. */
export interface RunLimits {
  readonly maxTurns: number;
  readonly timeoutSeconds: number;
  readonly toolTimeoutSeconds: number;
  readonly stallSeconds: number;
  /** The depth at which agents start no others; a host's own runs are at depth 1. */
  readonly maxDepth: number;
  /** Of the run and all that it has started; null is no limit. */
  readonly maxCostUsd: number | null;
}

/** A pattern list and where it came from, so that a refusal can name its rule. */
export interface PatternSource {
  readonly patterns: readonly string[];
  readonly from: string;
}

/** What a run may use: what each source grants; blocked patterns always win. */
export interface ToolPolicy {
  readonly allow: readonly PatternSource[];
  readonly block: readonly PatternSource[];
}

/** Everything about a run that was decided when it was created; it never changes afterwards. */
export interface RunRequest {
  readonly prompt: string;
  /** What the agent is given beside it; null where nothing is. */
  readonly context: readonly ContextBlock[] | null;
  readonly systemPrompt: string | null;
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  readonly limits: RunLimits;
  readonly policy: ToolPolicy;
  readonly outputSchema: object | boolean | null;
  /** As it was when the run was created. */
  readonly workflow: Workflow | null;
  /** The caller's and the agent definition's, over those of the workflow. */
  readonly variables: Readonly<Record<string, Json>>;
}

/** What a run is called and whose it is. */
export interface RunIdentity {
  /** The run whose history this one goes on from; null for one of its own. */
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
  /** What a waiting run waits with; null where it was answered. */
  readonly question: Question | null;
  readonly turnsUsed: number;
  readonly toolCallsCount: number;
  readonly usage: Usage;
  /** What its own replies cost; null where that is not known. */
  readonly costUsd: number | null;
  readonly epoch: number;
  /** How often it was taken over since something in it was last finished. */
  readonly attempts: number;
  /** When an interrupted run was last known to be worked on. */
  readonly interruptedAt: number | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly lastEventAt: number;
  readonly finishedAt: number | null;
}

/** What a list tells of a run: its row without the large parts. */
export interface ListedRun
  extends Pick<
    Run,
    | "id"
    | "parentRunId"
    | "continues"
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
