/** Events as they are stored: each in the lowest version whose reader understands it (see read-event.ts). */
import { EVENT_VERSION, type RunEvent } from "./event.js";
import type { EventRow } from "./read-event.js";

/** The version of an event whose stored form is the same in version 3: an open process of 0.1.0 reads up to this one. */
const UNCHANGED = 2;
/** The version that renamed fields and values of version 2. */
const RENAMED = 3;
/** The version that added the value of a variable to answers. */
const WITH_OUTPUT = 4;

/** The columns of an event, for which `readEvent` gives the same event again. */
export function toStoredEvent(event: RunEvent): Pick<EventRow, "type" | "version" | "data"> {
  if (event.type === "message_sent") {
    const { channel, ...rest } = event;
    // The owner of the run may be a process of 0.1.0, which would end the run at a newer message.
    const old = { ...rest, door: channel }; // prose-check: old event version
    return row(old, UNCHANGED);
  }
  return row(event, versionOf(event));
}

function versionOf(event: RunEvent): number {
  if (endsNoTurn(event) || event.type === "context_folded") return EVENT_VERSION; // an older reader would send all of it
  if (hasOwnOutput(event)) return WITH_OUTPUT;
  return isRenamed(event) ? RENAMED : UNCHANGED;
}

/** Whether an older reader would take a reply for the end of its turn. */
function endsNoTurn(event: RunEvent): boolean {
  return event.type === "model_replied" && event.isPaused === true;
}

/** Whether a reader of version 3 would take a part of an answer for the value of a variable. */
function hasOwnOutput(event: RunEvent): boolean {
  return event.type === "workflow_call_finished" && event.output !== undefined;
}

function row({ type, ...fields }: Pick<RunEvent, "type">, version: number) {
  return { type, version, data: JSON.stringify(fields) };
}

/** Whether the event has a field, or a value, that version 2 calls by another name. */
function isRenamed(event: RunEvent): boolean {
  switch (event.type) {
    case "question_asked":
      return ["in_doubt_call", "in_doubt_workflow_call"].includes(event.question.about.kind);
    case "question_answered":
      return true;
    case "tool_call_finished":
    case "workflow_call_finished":
      return event.attachments !== undefined;
    case "run_resumed":
      return event.by === "recovery";
    default:
      return false;
  }
}
