/** What is sent to a run while it works: read from its journal, where any process may have written it. */
import type { RunEvent, StoredEvent } from "../core/event.js";
import type { RunStore } from "../core/ports.js";

type Sent = Extract<RunEvent, { type: "message_sent" }>;

export interface Mailbox {
  /** What was sent since the last look. Throws StoreError. */
  read(): readonly Sent[];
  /** Tells how far the run's own events go, so that they are not looked through again. */
  saved(events: readonly StoredEvent[]): void;
}

/** `seq` is that of the last event that the run's past holds. */
export function createMailbox(runId: string, seq: number, store: Pick<RunStore, "listEvents">): Mailbox {
  let readTo = seq;
  let savedTo = seq;
  return {
    read() {
      const found = store.listEvents(runId, { afterSeq: readTo, types: ["message_sent"] });
      readTo = Math.max(readTo, savedTo, found.at(-1)?.seq ?? 0); // all before it has just been looked through
      return found.flatMap(({ event }) => (event.type === "message_sent" ? [event] : []));
    },
    saved(events) {
      savedTo = Math.max(savedTo, events.at(-1)?.seq ?? 0);
    },
  };
}
