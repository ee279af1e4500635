/** The fold of a run's events into messages, and into the counts that limits are compared with. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { recordEvent, repetitionsOf } from "../../../../src/core/journal/history.js";
import { createHistory, type History } from "../../../../src/core/journal/history-state.js";
import { resultId } from "../../../../src/core/journal/result-id.js";
import { journal, rawOf, readReply } from "../../../support/journals.js";

function fold(events: readonly RunEvent[], history: History = createHistory("go")): History {
  for (const event of events) recordEvent(history, event, readReply);
  return history;
}
const replied = (turn: number, ...calls: readonly (readonly [string, object?])[]): RunEvent => ({
  type: "model_replied",
  turn,
  raw: rawOf("text", ...calls),
  usage: null,
});
const finished = (turn: number, index: number, tool: string, text: string, more: object = {}): RunEvent => ({
  type: "tool_call_finished",
  turn,
  index,
  tool,
  isError: false,
  text,
  milliseconds: 1,
  ...more,
});
const refused = (turn: number, index: number, tool: string): RunEvent => ({
  type: "tool_call_refused",
  turn,
  index,
  tool,
  reason: "no",
});

describe("a history", () => {
  it("is the same for the same events, also when they are read from JSON or in portions", () => {
    fc.assert(
      fc.property(journal, fc.nat(100), (events, cut) => {
        const whole = fold(events);
        expect(fold(JSON.parse(JSON.stringify(events)))).toEqual(whole);
        expect(fold(events.slice(cut), fold(events.slice(0, cut)))).toEqual(whole);
      }),
    );
  });

  it("holds every reply verbatim, followed by a message for the answers to its calls", () => {
    fc.assert(
      fc.property(journal, (events) => {
        const { messages } = fold(events);
        const raws = events.flatMap((event) => (event.type === "model_replied" ? [event.raw] : []));
        expect(messages.flatMap((message) => (message.role === "assistant" ? [message.raw] : []))).toEqual(raws);
        for (const [at, message] of messages.entries()) {
          if (message.role !== "assistant" || message.content.calls.length === 0) continue;
          const next = messages[at + 1];
          expect(next?.role).toBe("tool");
          if (next?.role !== "tool") continue;
          expect(next.answers.length).toBeLessThanOrEqual(message.content.calls.length);
          for (const [index, answer] of next.answers.entries())
            if (answer) expect(answer.call).toEqual(message.content.calls[index]);
        }
      }),
    );
  });

  it("begins with the prompt and counts nothing", () => {
    const history = createHistory("do it");
    expect(history.messages).toEqual([{ role: "user", text: "do it" }]);
    expect(history).toMatchObject({ turn: 0, turnsUsed: 0, completeRefusals: 0, prematureStops: 0 });
  });

  it("stores answers by the index of their call, in any order of their ends", () => {
    const { messages } = fold([
      replied(1, ["s__a"], ["s__b"], ["s__c"]),
      finished(1, 2, "s__c", "third"),
      refused(1, 0, "s__a"),
      finished(1, 1, "s__b", "second", { isError: true }),
    ]);
    expect(messages.at(-1)).toMatchObject({
      role: "tool",
      answers: [
        { call: { name: "s__a" }, isError: true, text: "no" },
        { call: { name: "s__b" }, isError: true, text: "second" },
        { call: { name: "s__c" }, isError: false, text: "third" },
      ],
    });
  });

  it("counts turns without the grace turn, refusals of complete once a turn, and replies without calls", () => {
    const history = fold([
      { type: "turn_started", turn: 1 },
      replied(1, ["complete"], ["complete"]),
      refused(1, 0, "complete"),
      refused(1, 1, "complete"),
      { type: "turn_started", turn: 2 },
      replied(2),
      { type: "turn_started", turn: 3, grace: "max_turns" },
    ]);
    expect(history).toMatchObject({ turn: 3, turnsUsed: 2, completeRefusals: 1, prematureStops: 1 });
  });

  it("keeps the blobs of large answers under the id that read_result takes", () => {
    const history = fold([
      replied(4, ["s__a"], ["s__b"], ["read_result"]),
      finished(4, 0, "s__a", "head", { blob: "hash", size: 50_000 }),
      finished(4, 1, "s__b", "broken", { isError: true }),
      finished(4, 2, "read_result", "more"),
    ]);
    expect(history.blobs).toEqual(new Map([[resultId(4, 0), "hash"]]));
  });
});

describe("a repetition", () => {
  const asked = { id: null, name: "s__a", arguments: { n: 1 } };

  /** Turns that each make one call and get one answer; null is a refusal. */
  function after(...turns: readonly (readonly [args: object, answer: string | null])[]): number {
    const events = turns.flatMap(([args, answer], index) => [
      replied(index + 1, ["s__a", args]),
      answer === null ? refused(index + 1, 0, "s__a") : finished(index + 1, 0, "s__a", answer),
    ]);
    return repetitionsOf(fold(events), asked);
  }

  it.each([
    ["nothing", [], 0],
    ["one call", [[{ n: 1 }, "x"]], 1],
    ["the same three times", Array(3).fill([{ n: 1 }, "x"]), 3],
    [
      "another answer last",
      [
        [{ n: 1 }, "x"],
        [{ n: 1 }, "y"],
      ],
      1,
    ],
    [
      "other arguments last",
      [
        [{ n: 1 }, "x"],
        [{ n: 2 }, "x"],
      ],
      0,
    ],
    [
      "other arguments between",
      [
        [{ n: 1 }, "x"],
        [{ n: 2 }, "x"],
        [{ n: 1 }, "x"],
      ],
      1,
    ],
    [
      "a refusal last, which counts as one more",
      [
        [{ n: 1 }, "x"],
        [{ n: 1 }, "x"],
        [{ n: 1 }, null],
      ],
      3,
    ],
  ] as const)("after %s: the count is right", (_what, turns, expected) => {
    expect(after(...(turns as readonly (readonly [object, string | null])[]))).toBe(expected);
  });
});
