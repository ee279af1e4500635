/** Answers of folded turns, read from the journal. */
import { expect, it } from "vitest";
import type { StoredEvent } from "../../../../src/core/journal/event.js";
import { type Journals, recordedAnswer } from "../../../../src/runner/state/recorded-answer.js";

const finished = (turn: number, index: number, seq: number): StoredEvent => ({
  seq,
  at: 0,
  event: {
    type: "tool_call_finished",
    turn,
    index,
    tool: "s__read",
    isError: false,
    text: `${turn}.${index}`,
    milliseconds: 1,
  },
});

const FIRST = Array.from({ length: 300 }, (_, position) => finished(position + 1, 0, position + 1));
const SECOND = [finished(301, 0, 5), finished(301, 1, 6), finished(302, 0, 9)];
const journals: Journals = {
  lastEvents: async (runId, { beforeSeq, limit }) =>
    (runId === "run_1" ? FIRST : SECOND)
      .filter(({ seq }) => beforeSeq === null || seq < beforeSeq)
      .slice(-limit)
      .reverse(),
  getRun: (async (id: string) => ({ continues: id === "run_2" ? "run_1" : null })) as unknown as Journals["getRun"],
};

it.each([
  ["r302.0", "302.0"],
  ["r301.1", "301.1"],
  ["r300.0", "300.0"],
  ["r1.0", "1.0"],
  ["r301.2", null],
  ["r900.0", null],
  ["r0.0", null],
  ["w1", null],
  ["r1.0.1", null],
  ["", null],
])("%s of a run that continues another is %s", async (id, text) => {
  expect(await recordedAnswer(id, "run_2", journals)).toBe(text);
});
