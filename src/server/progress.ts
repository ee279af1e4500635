/** Progress notifications: at each event, and at least every 15 s, so that hosts see that a waiting call is alive. */

import type { RunEvent, StoredEvent } from "../core/journal/event.js";
import type { ModelActivity } from "../core/ports/provider.js";
import type { Redact } from "../core/redact.js";
import { addCosts } from "../core/run/cost.js";
import { isEnded, type Run } from "../core/run/run.js";
import { cutTo } from "../lib/text.js";
import { createReplyTail, type ReplyTail } from "./reply-tail.js";

const AT_LEAST_EVERY_MS = 15_000;
const ACTIVITY_EVERY_MS = 1_000; // a model writes a piece of text every few milliseconds
const LONGEST_NAME = 40; // characters

export interface Progress {
  /** From now on messages name these runs, and count their ends where they are several. */
  follow(runs: readonly Run[], redact: Redact): void;
  onEvents(runId: string, events: readonly StoredEvent[]): void;
  onActivity(runId: string, activity: ModelActivity): void;
  /** Ends the notifications. */
  stop(): void;
}

/** A run as the messages show it. */
interface Followed {
  readonly name: string;
  turn: number | null;
  /** Calls that have begun and not ended, by turn and index. */
  readonly running: Set<string>;
  costUsd: number | null;
  readonly tail: ReplyTail;
}

/** Calls `send` with a count that grows at each notification. */
export function createProgress(send: (progress: number, message: string) => void, now = Date.now): Progress {
  const runs = new Map<string, Followed>();
  const ended = new Set<string>();
  let redact: Redact["text"] = (text) => text;
  let count = 0;
  let last = "";
  let toldAt = 0;
  const timer = setInterval(
    () => send(++count, last === "" ? "still waiting" : `still waiting; ${last}`),
    AT_LEAST_EVERY_MS,
  );
  timer.unref();

  function followed(runId: string): Followed {
    const known = runs.get(runId) ?? newFollowed(runId, 0);
    runs.set(runId, known);
    return known;
  }

  function tell(message: string): void {
    last = message;
    toldAt = now();
    send(++count, last);
    timer.refresh();
  }

  return {
    follow(all, { text }) {
      redact = text;
      for (const run of all) runs.set(run.id, newFollowed(text(nameOf(run, all)), run.costUsd));
      for (const { id, status } of all) if (isEnded(status)) ended.add(id);
    },
    onEvents(runId, events) {
      const run = followed(runId);
      for (const { event } of events) {
        note(run, event);
        if (event.type === "run_finished") ended.add(runId);
        const ends = event.type === "run_finished" && runs.size > 1 ? `${ended.size} of ${runs.size} ended; ` : "";
        tell(ends + describe(run, doingOf(event)));
      }
    },
    onActivity(runId, activity) {
      const run = followed(runId);
      run.tail.add(activity);
      if (now() - toldAt < ACTIVITY_EVERY_MS) return;
      tell(describe(run, run.tail.text(redact)));
    },
    stop: () => clearInterval(timer),
  };
}

function newFollowed(name: string, costUsd: number | null): Followed {
  return { name, turn: null, running: new Set(), costUsd, tail: createReplyTail() };
}

/** Keeps what the messages show of a run up to date. */
function note(run: Followed, event: RunEvent): void {
  if ("turn" in event && typeof event.turn === "number") run.turn = event.turn;
  switch (event.type) {
    case "tool_call_started":
      run.running.add(`${event.turn}.${event.index}`);
      return;
    case "tool_call_finished":
    case "tool_call_refused":
      run.running.delete(`${event.turn}.${event.index}`);
      return;
    case "model_replied":
    case "reply_rejected":
    case "sampling_replied":
    case "context_folded":
      run.costUsd = addCosts(run.costUsd, event.costUsd ?? null);
      run.tail.clear();
      return;
    default:
      return;
  }
}

/** Such as "looker: turn 3, github__search_issues, 2 running, $0.004". */
function describe({ name, turn, running, costUsd }: Followed, doing: string): string {
  const parts = [
    turn === null ? "" : `turn ${turn}`,
    doing,
    running.size > 1 ? `${running.size} running` : "",
    costUsd !== null && costUsd > 0 ? `$${Number(costUsd.toPrecision(2))}` : "",
  ];
  return `${name}: ${parts.filter((part) => part !== "").join(", ")}`;
}

/** The agent, where it has a definition and no other of the runs has the same; else the title. */
function nameOf({ id, title, request: { agent } }: Run, runs: readonly Run[]): string {
  const isOnly = !runs.some((other) => other.id !== id && other.request.agent === agent);
  return isOnly && agent !== "default" ? agent : cutTo(title, LONGEST_NAME);
}

/** The present action of a run, beside its turn. */
function doingOf(event: RunEvent): string {
  switch (event.type) {
    case "turn_started":
    case "budget_reserved":
      return "";
    case "request_failed":
      return event.waitMs === null
        ? `the model request failed: ${event.code}`
        : `the model request failed (${event.code}); tried again in ${Math.ceil(event.waitMs / 1000)} s`;
    case "context_folded":
      return `its conversation was folded to ${event.after} tokens`;
    case "model_replaced":
      return `continues with ${event.to.model} (${event.code})`;
    case "tool_call_started":
      return event.tool;
    case "tool_call_finished":
      return `${event.tool} ${event.isError ? "answered with an error" : "answered"}`;
    case "tool_call_progressed":
      return progressOf(event);
    case "tool_call_refused":
      return `${event.tool} was refused`;
    case "step_entered":
      return `step ${event.step}`;
    case "question_asked":
      return "asks a person";
    case "run_finished":
      return `ended: ${event.outcome.status}`;
    default:
      return event.type.replaceAll("_", " ");
  }
}

function progressOf({ tool, progress, total, message }: Extract<RunEvent, { type: "tool_call_progressed" }>): string {
  const share = total === null ? `${progress}` : `${progress} of ${total}`;
  return `${tool}: ${message ?? share}`;
}
