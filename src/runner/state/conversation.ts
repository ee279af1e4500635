/** The conversation of an agent and its model so far. */

import { recordEvent } from "../../core/journal/history.js";
import { createHistory, type ReadReply } from "../../core/journal/history-state.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Message } from "../../core/run/message.js";
import type { Run } from "../../core/run/run.js";
import { loadReplay } from "./replay.js";

/** The whole conversation, also of what was folded, with those of the runs that it continues. Rejects with StoreError. */
export async function conversationOf(
  run: Run,
  { store, readReply }: { readonly store: Pick<RunStore, "listEvents" | "getRun">; readonly readReply: ReadReply },
): Promise<readonly Message[]> {
  const replay = await loadReplay(run, store);
  const history = createHistory(replay.firstMessage);
  for (const event of replay.events) if (event.type !== "context_folded") recordEvent(history, event, readReply);
  return history.messages;
}
