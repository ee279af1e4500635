/** The changes that events make to the row of a run: a projection of the journal, written in the same transaction. */

import { addCosts } from "../run/cost.js";
import type { Question } from "../run/question.js";
import type { Outcome, RunStatus, Usage } from "../run/run.js";
import { isBuiltIn } from "../tools/tool.js";
import { OUTCOME_UNKNOWN, type RunEvent } from "./event.js";

/** Sums to add to the row and values to set in it; null keeps the present value. */
export interface RunDelta {
  readonly status: RunStatus | null;
  readonly outcome: Outcome | null;
  /** The step of the workflow that the run entered last. */
  readonly step: string | null;
  /** When a process was last known to work on the run, in Unix milliseconds. */
  readonly interruptedAt: number | null;
  /** The question whose answer the run waits for. */
  readonly question: Question | null;
  /** True where a reply or a call was finished: the count of crashes then begins anew. */
  readonly finished: boolean;
  readonly crashes: number;
  readonly turns: number;
  readonly toolCalls: number;
  readonly usage: Usage;
  /** Null where it is unknown, which makes the cost of the whole run unknown. */
  readonly costUsd: number | null;
  /** Reserved by the request in flight from now on; null keeps the present amount. */
  readonly reservedUsd: number | null;
  readonly reservedTokens: number | null;
}

/** The request in flight is over, and its reservation with it. A call has its answer when all of its group have ended. */
const SETTLES: ReadonlySet<RunEvent["type"]> = new Set([
  "model_replied",
  "reply_rejected",
  "model_replaced",
  "context_folded",
  "sampling_replied",
  "tool_call_finished",
  "run_interrupted",
  "question_asked",
  "run_finished",
]);

/** The changes that a list of events makes to the row of their run. */
export function projectEvents(events: readonly RunEvent[]): RunDelta {
  const usage = { input: 0, output: 0, cached: 0, thinking: 0, cacheWrite: 0 };
  let [status, outcome, question]: [RunStatus | null, Outcome | null, Question | null] = [null, null, null];
  let [step, interruptedAt, finished]: [string | null, number | null, boolean] = [null, null, false];
  let [turns, toolCalls, crashes] = [0, 0, 0];
  let costUsd: number | null = 0;
  let [reservedUsd, reservedTokens]: [number | null, number | null] = [null, null];
  for (const event of events) {
    if (settles(event)) [reservedUsd, reservedTokens] = [0, 0];
    switch (event.type) {
      case "run_started":
      case "run_resumed":
        status = "running";
        break;
      case "run_interrupted":
        status = "interrupted";
        interruptedAt = event.until;
        if (event.crashed) crashes += 1;
        break;
      case "question_asked":
        status = "waiting";
        question = event.question;
        break;
      case "run_finished":
        outcome = event.outcome;
        status = outcome.status;
        break;
      case "budget_reserved":
        [reservedUsd, reservedTokens] = [event.usd, event.tokens];
        break;
      case "step_entered":
        step = event.step;
        break;
      case "model_replied":
        finished = true;
        if (event.grace === undefined) turns += 1;
        addUsage(usage, event.usage);
        costUsd = addCosts(costUsd, event.costUsd ?? null);
        break;
      case "reply_rejected":
      case "sampling_replied":
      case "context_folded":
        addUsage(usage, event.usage);
        costUsd = addCosts(costUsd, event.costUsd ?? null);
        break;
      case "workflow_call_finished":
        toolCalls += 1;
        finished ||= event.code !== OUTCOME_UNKNOWN;
        break;
      case "tool_call_finished":
        finished ||= event.code !== OUTCOME_UNKNOWN;
        if (!isBuiltIn(event.tool)) toolCalls += 1;
        break;
      default:
        break;
    }
  }
  const sums = { crashes, turns, toolCalls, usage, costUsd, reservedUsd, reservedTokens };
  return { status, outcome, question, step, interruptedAt, finished, ...sums };
}

function settles(event: RunEvent): boolean {
  const isGivenUp = event.type === "request_failed" && event.server !== undefined && event.waitMs === null;
  return isGivenUp || SETTLES.has(event.type);
}

function addUsage(sum: { -readonly [count in keyof Usage]-?: number }, usage: Usage | null): void {
  if (usage === null) return;
  sum.input += usage.input;
  sum.output += usage.output;
  sum.cached += usage.cached;
  sum.thinking += usage.thinking;
  sum.cacheWrite += usage.cacheWrite ?? 0;
}
