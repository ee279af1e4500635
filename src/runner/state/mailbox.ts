/** What is sent to a run while it works: read from its journal, where any process may have written it. */

import type { RunStore } from "../../core/ports/run-store.js";
import type { RunEvent, StoredEvent } from "../../core/run/event.js";

type Sent = Extract<RunEvent, { type: "message_sent" }>;

export interface Mailbox {
  /** Whether others had written to the run before its last commit what was not read yet: seen without a look at the database. */
  readonly hasNews: boolean;
  /** What was sent since the last look. Throws StoreError. */
  read(): readonly Sent[];
  /** Tells where the run's own events lie: what lies between them is of others. */
  saved(events: readonly StoredEvent[]): void;
}

/** `seq` is that of the last event that the run's past holds. */
export function createMailbox(runId: string, seq: number, store: Pick<RunStore, "listEvents">): Mailbox {
  let readTo = seq;
  let savedTo = seq;
  let hasNews = false;
  return {
    get hasNews() {
      return hasNews;
    },
    read() {
      hasNews = false;
      const found = store.listEvents(runId, { afterSeq: readTo, type: "message_sent" });
      readTo = Math.max(readTo, savedTo, found.at(-1)?.seq ?? 0); // all before it has just been looked through
      return found.flatMap(({ event }) => (event.type === "message_sent" ? [event] : []));
    },
    saved(events) {
      hasNews ||= (events[0]?.seq ?? 0) > Math.max(savedTo, readTo) + 1;
      savedTo = Math.max(savedTo, events.at(-1)?.seq ?? 0);
    },
  };
}
