/** Answers that only the journal still holds whole. */
import { fromResultId } from "../../core/journal/result-id.js";
import type { RunStore } from "../../core/ports/run-store.js";

export type Journals = Pick<RunStore, "lastEvents" | "getRun">;

const AT_A_TIME = 100; // events

/** The text of the answer with this id, in the journal of the run or of those that it continues; null where they have none. */
export async function recordedAnswer(id: string, runId: string, journals: Journals): Promise<string | null> {
  const place = fromResultId(id);
  if (place === null) return null;
  for (let run: string | null = runId; run !== null; run = (await journals.getRun(run))?.continues ?? null) {
    const text = await answerIn(run, place, journals);
    if (text !== null) return text;
  }
  return null;
}

/** Read backwards: turns only grow. */
async function answerIn(
  runId: string,
  { turn, index }: { readonly turn: number; readonly index: number },
  { lastEvents }: Journals,
): Promise<string | null> {
  let beforeSeq: number | null = null;
  for (;;) {
    const answers = await lastEvents(runId, { type: "tool_call_finished", beforeSeq, limit: AT_A_TIME });
    for (const { event } of answers) {
      if (event.type !== "tool_call_finished" || event.turn < turn) return null;
      if (event.turn === turn && event.index === index) return event.text;
    }
    const last: number | undefined = answers.at(-1)?.seq;
    if (last === undefined) return null;
    beforeSeq = last;
  }
}
