/** Progress notifications: at each event, and at least every 15 s, so that hosts see that a waiting call is alive. */

import type { RunEvent, StoredEvent } from "../core/journal/event.js";
import type { Redact } from "../core/redact.js";
import { isEnded, type Run } from "../core/run/run.js";
import { cutTo } from "../lib/text.js";

const AT_LEAST_EVERY_MS = 15_000;
const LONGEST_NAME = 40; // characters

export interface Progress {
  /** From now on messages name these runs, and count their ends where they are several. */
  follow(runs: readonly Run[], redact: Redact): void;
  onEvent(runId: string, events: readonly StoredEvent[]): void;
  /** Ends the notifications. */
  stop(): void;
}

/** Calls `send` with a count that grows at each notification. */
export function createProgress(send: (progress: number, message: string) => void): Progress {
  const names = new Map<string, string>();
  const ended = new Set<string>();
  const turns = new Map<string, number>();
  let count = 0;
  let last = "";
  const timer = setInterval(
    () => send(++count, last === "" ? "still waiting" : `still waiting; ${last}`),
    AT_LEAST_EVERY_MS,
  );
  timer.unref();

  function describe(runId: string, event: RunEvent): string {
    const turn = "turn" in event && typeof event.turn === "number" ? event.turn : turns.get(runId);
    if (turn !== undefined) turns.set(runId, turn);
    if (event.type === "run_finished") ended.add(runId);
    const parts = [turn === undefined ? "" : `turn ${turn}`, doingOf(event)].filter((part) => part !== "");
    const described = `${names.get(runId) ?? runId}: ${parts.join(", ")}`;
    return event.type === "run_finished" && names.size > 1
      ? `${ended.size} of ${names.size} ended; ${described}`
      : described;
  }

  return {
    follow(runs, redact) {
      for (const run of runs) names.set(run.id, redact.text(nameOf(run, runs)));
      for (const { id, status } of runs) if (isEnded(status)) ended.add(id);
    },
    onEvent(runId, events) {
      for (const { event } of events) {
        last = describe(runId, event);
        send(++count, last);
      }
      if (events.length > 0) timer.refresh();
    },
    stop: () => clearInterval(timer),
  };
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
      return "";
    case "request_failed":
      return event.waitMs === null
        ? `the model request failed: ${event.code}`
        : `the model request failed (${event.code}); tried again in ${Math.ceil(event.waitMs / 1000)} s`;
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
