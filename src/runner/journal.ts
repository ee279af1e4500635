/** The events that a loop has made and not yet handed over to be saved, and the history they lead to. */
import type { RunEvent } from "../core/event.js";
import { createHistory, type History, type ReadReply, recordEvent } from "../core/history.js";
import type { Redact } from "../core/redact.js";

export interface Journal {
  readonly history: History;
  /** Takes an event into the history, without the secrets in it; it is not saved yet. */
  note(event: RunEvent): void;
  /** All events since the last take, to be saved in one commit. */
  take(): readonly RunEvent[];
  /** True while the answer of a tool call waits to be saved. */
  hasUnsavedAnswers(): boolean;
}

export function createJournal(prompt: string, readReply: ReadReply, redact: Redact): Journal {
  const history = createHistory(prompt);
  let unsaved: RunEvent[] = [];
  return {
    history,
    note(given) {
      const event = redact.value(given);
      recordEvent(history, event, readReply);
      unsaved.push(event);
    },
    take() {
      const taken = unsaved;
      unsaved = [];
      return taken;
    },
    hasUnsavedAnswers: () => unsaved.some((event) => event.type === "tool_call_finished"),
  };
}
