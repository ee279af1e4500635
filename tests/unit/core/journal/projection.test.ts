/** The projection of events on the row of a run. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { projectEvents, type RunDelta } from "../../../../src/core/journal/projection.js";
import { addCosts } from "../../../../src/core/run/cost.js";
import type { Outcome } from "../../../../src/core/run/run.js";
import { journal, rawOf } from "../../../support/journals.js";

/** The sum of two deltas written one after the other. */
function plus(first: RunDelta, second: RunDelta): RunDelta {
  const sum = (key: keyof RunDelta["usage"]) => (first.usage[key] ?? 0) + (second.usage[key] ?? 0);
  return {
    status: second.status ?? first.status,
    outcome: second.outcome ?? first.outcome,
    question: second.question ?? first.question,
    step: second.step ?? first.step,
    interruptedAt: second.interruptedAt ?? first.interruptedAt,
    finished: first.finished || second.finished,
    crashes: first.crashes + second.crashes,
    turns: first.turns + second.turns,
    toolCalls: first.toolCalls + second.toolCalls,
    costUsd: addCosts(first.costUsd, second.costUsd),
    reservedUsd: second.reservedUsd ?? first.reservedUsd,
    reservedTokens: second.reservedTokens ?? first.reservedTokens,
    usage: {
      input: sum("input"),
      output: sum("output"),
      cached: sum("cached"),
      thinking: sum("thinking"),
      cacheWrite: sum("cacheWrite"),
    },
  };
}

describe("the projection", () => {
  it("is the same for events written together, in portions, or read from JSON", () => {
    fc.assert(
      fc.property(journal, fc.nat(60), fc.nat(60), (events, one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const portions = [events.slice(0, from), events.slice(from, to), events.slice(to)];
        const whole = projectEvents(events);
        expect(portions.map(projectEvents).reduce(plus)).toEqual(whole);
        expect(projectEvents(JSON.parse(JSON.stringify(events)))).toEqual(whole);
      }),
    );
  });

  it("changes nothing for no events", () => {
    const usage = { input: 0, output: 0, cached: 0, thinking: 0, cacheWrite: 0 };
    expect(projectEvents([])).toEqual({
      status: null,
      question: null,
      outcome: null,
      step: null,
      interruptedAt: null,
      finished: false,
      crashes: 0,
      turns: 0,
      toolCalls: 0,
      usage,
      costUsd: 0,
      reservedUsd: null,
      reservedTokens: null,
    });
  });

  it("counts replies without the grace turn, and finished calls of downstream tools", () => {
    const finished = (tool: string, isError: boolean): RunEvent => ({
      type: "tool_call_finished",
      turn: 1,
      index: 0,
      tool,
      isError,
      text: "",
      milliseconds: 1,
    });
    const raw = rawOf("hello");
    const delta = projectEvents([
      { type: "run_started" },
      { type: "turn_started", turn: 1 },
      { type: "model_replied", turn: 1, raw, usage: { input: 10, output: 5, cached: 4, thinking: 3 } },
      { type: "tool_call_started", turn: 1, index: 0, tool: "s__a", effect: "effectful" },
      finished("s__a", false),
      finished("s__a", true),
      finished("complete", false),
      finished("read_result", false),
      { type: "tool_call_refused", turn: 1, index: 3, tool: "s__b", reason: "no" },
      {
        type: "reply_rejected",
        turn: 2,
        code: "empty_reply",
        reason: "empty",
        usage: { input: 1, output: 1, cached: 0, thinking: 0 },
      },
      { type: "reply_rejected", turn: 2, code: "empty_reply", reason: "empty", usage: null },
      { type: "model_replied", turn: 2, grace: true, raw, usage: { input: 100, output: 50, cached: 0, thinking: 0 } },
    ]);
    expect(delta).toEqual({
      status: "running",
      outcome: null,
      question: null,
      interruptedAt: null,
      finished: true,
      crashes: 0,
      step: null,
      turns: 1,
      toolCalls: 2,
      usage: { input: 111, output: 56, cached: 4, thinking: 3, cacheWrite: 0 },
      costUsd: null, // an older legwork did not say it
      reservedUsd: 0,
      reservedTokens: 0,
    });
  });

  it("counts the summary of a fold, and settles what was reserved for it", () => {
    const fold = { throughTurn: 3, headsThrough: 3, headLength: 1_000, keptLength: 0 };
    const sizes = { window: 8_000, before: 7_000, after: 3_000 };
    const asked = { usage: { input: 50, output: 5, cached: 0, thinking: 1 }, costUsd: 0.5 };
    const model = { provider: "p", model: "m" };
    const delta = projectEvents([
      { type: "budget_reserved", turn: 4, usd: 1, tokens: 100, outputTokens: 50 },
      { type: "context_folded", turn: 4, throughSeq: 9, fold, summary: "s", model, ...sizes, ...asked },
    ]);
    expect(delta).toMatchObject({ usage: { input: 50, output: 5, thinking: 1 }, costUsd: 0.5, turns: 0 });
    expect(delta).toMatchObject({ reservedUsd: 0, reservedTokens: 0 });
  });

  it("holds the reservation for a server's question until its answer, its failure for good or the end of its call", () => {
    const reserved: RunEvent = {
      type: "budget_reserved",
      turn: 1,
      server: "s",
      usd: 0.2,
      tokens: 900,
      outputTokens: 400,
    };
    const usage = { input: 1, output: 1, cached: 0, thinking: 0 };
    const place = { turn: 1, index: 0, tool: "a__b" };
    const failed = {
      type: "request_failed",
      turn: 1,
      server: "s",
      tries: 1,
      code: "overloaded",
      status: 503,
      reason: "",
    } as const;
    const held = [
      { ...failed, waitMs: 5 },
      { type: "tool_call_progressed", ...place, progress: 1, total: null, message: null },
    ] as const;
    const ends = [
      { type: "sampling_replied", turn: 1, server: "s", usage, costUsd: 0.1 },
      { ...failed, waitMs: null },
      { type: "tool_call_finished", ...place, isError: false, text: "", milliseconds: 1 },
    ] as const;
    for (const event of held) expect(projectEvents([reserved, event]).reservedTokens).toBe(900);
    for (const event of ends)
      expect(projectEvents([reserved, event])).toMatchObject({ reservedUsd: 0, reservedTokens: 0 });
    expect(projectEvents([...ends, reserved])).toMatchObject({ reservedUsd: 0.2, reservedTokens: 900 });
  });

  it("adds up the cost of every reply, and has no sum where one is unknown", () => {
    const usage = { input: 1, output: 1, cached: 0, thinking: 0, cacheWrite: 0 };
    const replies: readonly RunEvent[] = [
      { type: "model_replied", turn: 1, raw: rawOf("hello"), usage, costUsd: 0.1 },
      { type: "reply_rejected", turn: 2, code: "empty_reply", reason: "empty", usage, costUsd: 0.2 },
      { type: "sampling_replied", turn: 2, server: "s", usage, costUsd: 0.3 },
    ];
    expect(projectEvents(replies).costUsd).toBe(0.6);
    const unknown: RunEvent = { type: "sampling_replied", turn: 2, server: "s", usage: null, costUsd: null };
    expect(projectEvents([unknown, ...replies]).costUsd).toBeNull();
  });

  it("takes status and outcome from the last event that has one", () => {
    const outcome: Outcome = { status: "partial", result: "half", error: { code: "max_turns", message: "m" } };
    expect(projectEvents([{ type: "run_started" }, { type: "run_finished", outcome }])).toMatchObject({
      status: "partial",
      outcome,
    });
    expect(projectEvents([{ type: "run_interrupted", reason: "gone", until: 5 }])).toMatchObject({
      status: "interrupted",
      outcome: null,
    });
    expect(projectEvents([{ type: "run_created" }, { type: "message_injected", text: "x" }]).status).toBeNull();
  });
});
