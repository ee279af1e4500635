/** Folds of whatever conversation: nothing that must stay goes, and each does what its event says. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fold, RunEvent } from "../../../../src/core/journal/event.js";
import { folded } from "../../../../src/core/journal/folded.js";
import { recordEvent } from "../../../../src/core/journal/history.js";
import { createHistory, type History } from "../../../../src/core/journal/history-state.js";
import { planFold } from "../../../../src/core/journal/plan-fold.js";
import { tokensOfMessages } from "../../../../src/core/run/tokens.js";
import { rawOf, readReply } from "../../../support/journals.js";

const IMAGES = 10;

/** Turns of an agent: each with calls, their answers, and perhaps words of a person or the workflow behind them. */
const conversation = fc
  .array(
    fc.record({
      text: fc.nat(400),
      answers: fc.array(fc.nat(6_000), { maxLength: 3 }),
      word: fc.constantFrom(null, null, "person", "step", "notice"),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((turns): readonly RunEvent[] => [
    { type: "run_created" },
    ...turns.flatMap(({ text, answers, word }, index) => turnOf(index + 1, text, answers, word)),
    { type: "turn_started", turn: turns.length + 1 },
  ]);

function turnOf(turn: number, length: number, answers: readonly number[], word: string | null): readonly RunEvent[] {
  const calls = answers.map(() => ["s__read", { turn }] as const);
  const words = `${word} ${turn}`;
  return [
    { type: "turn_started", turn },
    { type: "model_replied", turn, raw: rawOf("t".repeat(length), ...calls), usage: null },
    ...answers.map((size, index): RunEvent => {
      const text = "a".repeat(size);
      return { type: "tool_call_finished", turn, index, tool: "s__read", isError: false, text, milliseconds: 1 };
    }),
    ...(word === "step" ? [{ type: "step_entered", step: "s", done: 1 } as const] : []),
    ...(word === null
      ? []
      : [
          {
            type: "message_injected",
            text: words,
            ...(word === "person" && { sent: words }),
            ...(word === "step" && { done: 1 }),
          } as const,
        ]),
  ];
}

function historyOf(events: readonly RunEvent[]): History {
  const history = createHistory("the task");
  for (const event of events) recordEvent(history, event, readReply);
  return history;
}

function eventOf(fold: Fold, summary: string | null): RunEvent {
  const model = { provider: "test", model: "m" };
  const sizes = { window: 8_000, before: 7_000, after: 3_000 };
  return { type: "context_folded", turn: 1, throughSeq: 1, fold, summary, model, ...sizes, usage: null, costUsd: 0 };
}

const room = fc.integer({ min: 100, max: 20_000 });

describe("a fold", () => {
  it("keeps the task, the last two turns with their calls and answers, and the present step's instructions", () => {
    fc.assert(
      fc.property(conversation, room, (events, tokens) => {
        const history = historyOf(events);
        const plan = planFold(history, tokens, IMAGES);
        if (plan === null) return;
        const { messages } = folded(history, plan.fold, "A summary.");
        expect(messages[0]).toEqual({ role: "user", text: "the task" });
        const replies = (list: History["messages"]) =>
          list.flatMap((message) => (message.role === "assistant" ? [message.content] : []));
        expect(replies(messages).slice(-2)).toEqual(replies(history.messages).slice(-2));
        for (const [index, message] of messages.entries())
          if (message.role === "tool") expect(messages[index - 1]).toMatchObject({ role: "assistant" });
        const entered = events.findLast((event) => event.type === "message_injected" && event.text.startsWith("step"));
        if (entered?.type === "message_injected") expect(messages).toContainEqual({ role: "user", text: entered.text });
      }),
    );
  });

  it("leaves at most the room that there is, unless it is the shortest, and less than before in any case", () => {
    fc.assert(
      fc.property(conversation, room, (events, tokens) => {
        const history = historyOf(events);
        const plan = planFold(history, tokens, IMAGES);
        if (plan === null) return;
        const { messages } = folded(history, plan.fold, null);
        const after = tokensOfMessages(messages, IMAGES) + (plan.fold.throughTurn > 0 ? plan.summaryTokens : 0);
        expect(after).toBeLessThan(tokensOfMessages(history.messages, IMAGES));
        if (after > tokens) expect(plan.fold).toMatchObject({ headLength: 200, keptLength: 0 });
      }),
    );
  });

  it("is a new array, in which the tools and the counts begin anew, and counts the replies that it replaces", () => {
    fc.assert(
      fc.property(conversation, room, (events, tokens) => {
        const history = historyOf(events);
        const plan = planFold(history, tokens, IMAGES);
        if (plan === null) return;
        const { messages } = history;
        const before = [...messages];
        const replies = messages.filter(({ role }) => role === "assistant").length;
        recordEvent(history, eventOf(plan.fold, plan.fold.throughTurn > 0 ? "A summary." : null), readReply);
        expect(messages).toEqual(before);
        expect(history.messages).not.toBe(messages);
        expect(history.marks).toHaveLength(history.messages.length);
        expect(history.declaredTools.every(({ from }) => from === 0)).toBe(true);
        const left = history.messages.filter(({ role }) => role === "assistant");
        expect(left.every((message) => message.role === "assistant" && message.isFolded)).toBe(true);
        const summary = history.messages.find((message) => message.role === "user" && message.replaced !== undefined);
        const replaced = summary?.role === "user" ? (summary.replaced?.["test/m"] ?? 0) : 0;
        expect(left.length + replaced).toBe(replies);
      }),
    );
  });

  it("after a fold counts the replies of both", () => {
    const events = Array.from({ length: 30 }, (_, index) => turnOf(index + 1, 300, [900], null)).flat();
    const history = historyOf(events);
    for (const throughTurn of [10, 20])
      recordEvent(
        history,
        eventOf({ throughTurn, headsThrough: 0, headLength: 1_000, keptLength: 0 }, "A summary."),
        readReply,
      );
    const summaries = history.messages.filter((message) => message.role === "user" && message.replaced !== undefined);
    expect(summaries).toMatchObject([{ replaced: { "test/m": 20 } }]);
  });
});
