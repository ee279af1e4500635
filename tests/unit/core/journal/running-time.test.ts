/** The working time of a run. */
import { expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { runningTime } from "../../../../src/core/journal/running-time.js";
import { type QuestionDraft, toQuestion } from "../../../../src/core/run/question.js";

const inquiry: QuestionDraft = {
  text: "?",
  options: null,
  about: { kind: "ask", turn: 1, index: 0 },
  withinSeconds: null,
};
const ASKED: RunEvent = { type: "question_asked", question: toQuestion(inquiry, 1, 0) };
const SENT: RunEvent = { type: "message_sent", id: "msg_1", text: "!", by: "a test", channel: "respond_to_run" };

function time(...events: readonly (readonly [at: number, event: RunEvent])[]): number {
  return runningTime(events.map(([at, event], index) => ({ seq: index + 1, at, event })));
}

it("excludes the time in which a run waits for a person", () => {
  const answered = { type: "run_resumed", by: "answer" } as const;
  expect(time([0, { type: "run_started" }], [100, ASKED], [5_000, answered], [5_030, ASKED])).toBe(130);
});

it("excludes the time in which no process works on the run, also when a message arrives in it", () => {
  const interrupted = { type: "run_interrupted", reason: "it went away", until: 100 } as const;
  expect(time([0, { type: "run_started" }], [5_000, SENT], [9_000, interrupted])).toBe(100);
});
