/** Progress notifications: at each event, and at least every 15 s, so that hosts see that a waiting call is alive. */
import type { RunEvent, StoredEvent } from "../core/run/event.js";

const AT_LEAST_EVERY_MS = 15_000;

export interface Progress {
  onEvent(runId: string, events: readonly StoredEvent[]): void;
  /** Ends the notifications. */
  stop(): void;
}

/** Calls `send` with a count that grows at each notification. */
export function createProgress(send: (progress: number, message: string) => void): Progress {
  let count = 0;
  const notify = (message: string) => send(++count, message);
  const timer = setInterval(() => notify("still waiting"), AT_LEAST_EVERY_MS);
  timer.unref();
  return {
    onEvent(_runId, events) {
      for (const { event } of events) notify(describe(event));
      if (events.length > 0) timer.refresh();
    },
    stop: () => clearInterval(timer),
  };
}

function describe(event: RunEvent): string {
  switch (event.type) {
    case "turn_started":
      return `turn ${event.turn}`;
    case "request_failed":
      return event.waitMs === null
        ? `the model request failed: ${event.code}`
        : `the model request failed (${event.code}); tried again in ${Math.ceil(event.waitMs / 1000)} s`;
    case "tool_call_started":
      return `calls ${event.tool}`;
    case "tool_call_finished":
      return `${event.tool} ${event.isError ? "failed" : "answered"}`;
    case "tool_call_progressed":
      return progressOf(event);
    case "tool_call_refused":
      return `${event.tool} was refused`;
    case "step_entered":
      return `step ${event.step}`;
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
