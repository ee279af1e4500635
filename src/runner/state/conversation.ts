/** What an agent and its model have said to each other so far. */

import type { RunStore } from "../../core/ports/run-store.js";
import { createHistory, type ReadReply, recordEvent } from "../../core/run/history.js";
import type { Message } from "../../core/run/message.js";
import type { Run } from "../../core/run/run.js";
import { loadReplay } from "./replay.js";

/** As the agent's next request would hold it, with what comes before it where the run goes on from another. Throws StoreError. */
export function conversationOf(
  run: Run,
  { store, readReply }: { readonly store: Pick<RunStore, "listEvents" | "getRun">; readonly readReply: ReadReply },
): readonly Message[] {
  const replay = loadReplay(run, store);
  const history = createHistory(replay.firstMessage);
  for (const event of replay.events) recordEvent(history, event, readReply);
  return history.messages;
}
