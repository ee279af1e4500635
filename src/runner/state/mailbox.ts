/** Messages for a run at work: any process may have written them to its journal. */

import type { RunEvent, StoredEvent } from "../../core/journal/event.js";
import type { RunStore } from "../../core/ports/run-store.js";

type Sent = Extract<RunEvent, { type: "message_sent" }>;

export interface Mailbox {
  /** Whether others wrote to the run before its last commit, and nobody has read it yet. Costs no query. */
  readonly hasNews: boolean;
  /** The messages since the last read. Rejects with StoreError. */
  read(): Promise<readonly Sent[]>;
  /** Takes in the run's own events: a gap between their numbers holds events of others. */
  saved(events: readonly StoredEvent[]): void;
}

/** `seq` is that of the last event in the run's replay. */
export function createMailbox(runId: string, seq: number, store: Pick<RunStore, "listEvents">): Mailbox {
  let readTo = seq;
  let savedTo = seq;
  let hasNews = false;
  return {
    get hasNews() {
      return hasNews;
    },
    async read() {
      hasNews = false;
      const readable = savedTo; // events that are saved while this read waits are not part of it
      const found = await store.listEvents(runId, { afterSeq: readTo, type: "message_sent" });
      readTo = Math.max(readTo, readable, found.at(-1)?.seq ?? 0);
      return found.flatMap(({ event }) => (event.type === "message_sent" ? [event] : []));
    },
    saved(events) {
      hasNews ||= (events[0]?.seq ?? 0) > Math.max(savedTo, readTo) + 1;
      savedTo = Math.max(savedTo, events.at(-1)?.seq ?? 0);
    },
  };
}
