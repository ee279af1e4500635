/** What an agent and its model have said to each other so far. */
import { createHistory, type ReadReply, recordEvent } from "../core/history.js";
import type { Message } from "../core/message.js";
import type { RunStore } from "../core/ports.js";
import type { Run } from "../core/run.js";
import { loadPast } from "./load-past.js";

/** As the agent's next request would hold it, with what comes before it where the run goes on from another. Throws StoreError. */
export function conversationOf(
  run: Run,
  { store, readReply }: { readonly store: Pick<RunStore, "listEvents" | "getRun">; readonly readReply: ReadReply },
): readonly Message[] {
  const past = loadPast(run, store);
  const history = createHistory(past.opening);
  for (const event of past.events) recordEvent(history, event, readReply);
  return history.messages;
}
