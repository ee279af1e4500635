/** An event of a run in one line. */

import type { Paid, RunEvent } from "../../core/journal/event.js";
import type { ReadReply } from "../../core/journal/history-state.js";
import { usdText } from "../../core/run/cost.js";
import { toModelText } from "../../core/run/model-name.js";
import type { Usage } from "../../core/run/run.js";

/** The content of an event beside its type; texts are whole, with their line breaks as spaces. */
export function describeEvent(event: RunEvent, readReply: ReadReply): string {
  return sentenceOf(event, readReply).replace(/\s+/g, " ").trim();
}

function sentenceOf(event: RunEvent, readReply: ReadReply): string {
  switch (event.type) {
    case "run_created":
      return event.continues === undefined ? "" : `continues ${event.continues}`;
    case "run_started":
      return "";
    case "run_resumed": {
      const turns = event.moreTurns === undefined ? "" : `, ${event.moreTurns} more turns`;
      const seconds = event.moreSeconds === undefined ? "" : `, ${event.moreSeconds} s more`;
      const tokens = event.moreTokens === undefined ? "" : `, ${event.moreTokens} more tokens`;
      const money = event.moreCostUsd === undefined ? "" : `, ${usdText(event.moreCostUsd)} more`;
      return `${RESUMED_BY[event.by]}${turns}${seconds}${money}${tokens}`;
    }
    case "tools_resolved": {
      const count = (isAllowed: boolean) =>
        event.rulings.reduce((sum, { allowed, tools }) => sum + (allowed === isAllowed ? tools.length : 0), 0);
      const warnings = event.warnings.map((warning) => `; ${warning}`).join("");
      return `tools: ${count(true)} allowed, ${count(false)} refused${warnings}`;
    }
    case "turn_started":
      return `turn ${event.turn}${event.grace === undefined ? "" : `, the last: ${event.grace}`}`;
    case "model_replied": {
      const { text, calls } = readReply(event.raw);
      const called = calls.map((call) => `${call.name}(${JSON.stringify(call.arguments)})`);
      return `${[text, ...called].filter((part) => part !== "").join(" ")}${paid(event)}`;
    }
    case "reply_rejected":
      return `${event.code}: ${event.reason}${paid(event)}${event.text === undefined ? "" : `: ${event.text}`}`;
    case "budget_reserved":
      return `${forServer(event)}${event.tokens} tokens${event.usd === 0 ? "" : `, ${usdText(event.usd)}`}`;
    case "model_replaced":
      return `${toModelText(event.from)} is replaced by ${toModelText(event.to)} (${event.code})`;
    case "context_folded": {
      const { window, before, after, fold, reason, summary } = event;
      const what = summary === null ? "results to their heads" : `turns to ${fold.throughTurn}`;
      const why = reason === undefined ? "" : `; no summary of the model: ${reason}`;
      return `${what}, from ${before} to ${after} tokens of ${window}${why}${paid(event)}${summary === null ? "" : `: ${summary}`}`;
    }
    case "request_failed": {
      const without = event.withoutImages ? " without images" : "";
      const then = event.waitMs === null ? "" : `; tried again${without} in ${event.waitMs} ms`;
      return `${forServer(event)}${event.code}: ${event.reason}${then}`;
    }
    case "tool_call_started":
      return `${event.tool} (${event.effect})`;
    case "workflow_call_started":
      return `${event.tool}(${JSON.stringify(event.arguments)}) (${event.effect})`;
    case "tool_call_finished":
    case "workflow_call_finished":
      return `${event.tool} ${event.isError ? "failed" : "answered"} in ${event.milliseconds} ms: ${event.text}`;
    case "tool_call_progressed": {
      const of = event.total === null ? "" : ` of ${event.total}`;
      return `${event.tool} ${event.progress}${of}${event.message === null ? "" : `: ${event.message}`}`;
    }
    case "tool_call_refused":
    case "workflow_call_refused":
      return event.reason.startsWith(event.tool) ? event.reason : `${event.tool}: ${event.reason}`;
    case "child_spawned":
      return event.child;
    case "child_reported":
      return `${event.child} ${event.status}`;
    case "sampling_requested":
      return `by ${event.server}`;
    case "sampling_replied":
      return `to ${event.server}${paid(event)}`;
    case "message_injected":
      return event.text;
    case "message_sent":
      return `by ${event.by}: ${event.text}`;
    case "question_asked": {
      const { id, text, options } = event.question;
      return `${id}: ${text}${options === null ? "" : ` [${options.join(" | ")}]`}`;
    }
    case "question_answered": {
      const verdict = event.approved === null ? "" : event.approved ? " approved" : " denied";
      const reply = [event.text, event.comment].filter((part) => part !== null).join("; ");
      return `${event.id}${verdict} by ${event.by} (${event.channel})${reply === "" ? "" : `: ${reply}`}`;
    }
    case "transition_taken":
      return `${event.from} -> ${event.to}${event.transition === null ? ", as the agent asked" : ""}`;
    case "step_entered":
      return event.step;
    case "variable_set":
      return `${event.name} = ${JSON.stringify(event.value)}`;
    case "actions_skipped":
      return `${event.done}`;
    case "condition_failed":
      return `${event.where}: ${event.condition === null ? "" : `${event.condition}: `}${event.error}`;
    case "rule_warned":
      return `${event.tool}: ${event.rule}`;
    case "run_interrupted":
      return event.reason;
    case "run_finished": {
      const { status, error, result } = event.outcome;
      const failure = error ? `: ${error.code}: ${error.message}` : "";
      return `${status}${failure}${result === null ? "" : `: ${result}`}`;
    }
  }
}

const RESUMED_BY = { recovery: "by itself", request: "on request", answer: "with its answer" } as const;

/** For whom a request was made, where it was not for the agent. */
function forServer({ server }: { readonly server?: string }): string {
  return server === undefined ? "" : `for ${server}: `;
}

/** The tokens and cost, where they are known; a cost of zero is left out. */
function paid({ usage, costUsd }: Paid & { readonly usage: Usage | null }): string {
  const tokens = usage === null ? [] : [`${usage.input} tokens in, ${usage.output} out`];
  const parts = [...tokens, ...(costUsd ? [usdText(costUsd)] : [])];
  return parts.length === 0 ? "" : ` [${parts.join(", ")}]`;
}
