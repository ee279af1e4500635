/** Limits on turns and money. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { historyWith, recordEvent } from "../../../../src/core/journal/history.js";
import { createHistory } from "../../../../src/core/journal/history-state.js";
import { budgetBreach, DEFAULT_LIMITS, firstBreach, MOST } from "../../../../src/core/run/limits.js";
import { mentions } from "../../../support/mentions.js";

function historyAfter(...events: RunEvent[]) {
  const history = createHistory("go");
  for (const event of events) recordEvent(history, event, () => ({ text: "", calls: [] }));
  return history;
}
const RAW = { provider: "p", model: "m", content: {} };
const turn = (number: number): RunEvent => ({ type: "model_replied", turn: number, raw: RAW, usage: null });

describe("the first breach", () => {
  it.each([
    [0, 1, null],
    [1, 1, ["1", "max_turns"]],
    [2, 3, null],
    [3, 3, ["3", "max_turns"]],
    [4, 3, ["3", "max_turns"]],
  ])("after %i turns of %i is %j", (used, maxTurns, words) => {
    const history = historyAfter(...Array.from({ length: used }, (_, index) => turn(index + 1)));
    const breach = firstBreach({ ...DEFAULT_LIMITS, maxTurns }, history);
    expect(breach).toEqual(words && { code: "max_turns", message: expect.stringMatching(mentions(...words)) });
  });

  it("does not count the grace turn", () => {
    const grace: RunEvent = { type: "model_replied", turn: 2, grace: true, raw: RAW, usage: null };
    const history = historyAfter(turn(1), { type: "turn_started", turn: 2, grace: "max_turns" }, grace);
    expect(history.turn).toBe(2);
    expect(firstBreach({ ...DEFAULT_LIMITS, maxTurns: 2 }, history)).toBeNull();
  });

  it("is null by default before 30 turns, and every default is in the allowed range", () => {
    const history = historyAfter(...Array.from({ length: 29 }, (_, index) => turn(index + 1)));
    expect(firstBreach(DEFAULT_LIMITS, history)).toBeNull();
    recordEvent(history, turn(30), () => ({ text: "", calls: [] }));
    expect(firstBreach(DEFAULT_LIMITS, history)?.code).toBe("max_turns");
    expect(DEFAULT_LIMITS.maxTurns).toBeLessThanOrEqual(MOST.maxTurns);
    expect(MOST.seconds * 1000).toBeLessThan(2 ** 31); // a longer timer would fire at once
  });
});

describe("a history with more grants", () => {
  it("has their sum with earlier grants, and the history itself stays as it is", () => {
    const history = historyAfter(turn(1), { type: "run_resumed", by: "request", moreTurns: 1, moreSeconds: 5 });
    const limits = { ...DEFAULT_LIMITS, maxTurns: 1 };
    recordEvent(history, turn(2), () => ({ text: "", calls: [] }));
    expect(firstBreach(limits, history)?.code).toBe("max_turns");
    const granted = historyWith({ moreTurns: 2, moreCostUsd: 0.5 }, history);
    expect(granted).toMatchObject({ moreTurns: 3, moreSeconds: 5, moreCostUsd: 0.5 });
    expect(firstBreach(limits, granted)).toBeNull();
    expect(history).toMatchObject({ moreTurns: 1, moreSeconds: 5, moreCostUsd: 0 });
  });
});

describe("a limit on money or tokens", () => {
  const own = { scope: { kind: "tree", runId: "run_1" }, usd: 0.5, tokens: 100 } as const;
  const spent = { runs: 0, usd: 0.1, tokens: 50, reservedUsd: 0, reservedTokens: 0 };
  const plan = {
    inputTokens: 60,
    inputUsd: 0,
    usdPerOutputToken: 0,
    outputTokens: 10,
    leastOutputTokens: 1,
    isLast: false,
  };

  it.each([
    ["money that is spent", own, { ...spent, usd: 0.5 }, "max_cost_usd", ["the run", "0.5 USD", "max_cost_usd"]],
    ["money that is nearly spent", own, { ...spent, usd: 0.4999 }, "max_cost_usd", ["0.4999 USD", "too little"]],
    ["an unknown cost", { ...own, tokens: null }, { ...spent, usd: null }, "max_cost_usd", ["unknown", "0.5 USD"]],
    ["tokens that are used", own, { ...spent, tokens: 120 }, "max_tokens", ["120", "100 tokens", "max_tokens"]],
    [
      "money of the day",
      { ...own, scope: { kind: "day" } as const },
      { ...spent, usd: 1 },
      "max_cost_usd",
      ["limits.day"],
    ],
  ])("that is over by %s says so", (_, most, used, code, words) => {
    const { message, ...failure } = budgetBreach(most, used, "the run", null);
    expect(failure).toEqual({ code });
    expect(message).toMatch(mentions(...words));
  });

  it("names the tokens where they do not pay the next request", () => {
    expect(budgetBreach(own, spent, "the run", plan).code).toBe("max_tokens");
  });

  it("counts all replies of the run itself, and begins anew in a run that continues it", () => {
    const paid = (number: number, costUsd: number): RunEvent => ({ ...turn(number), costUsd }) as RunEvent;
    const rejected = { type: "reply_rejected", turn: 2, code: "empty_reply", reason: "", usage: null } as const;
    const history = historyAfter(paid(1, 0.1), { ...rejected, costUsd: 0.2 });
    expect(history.spentUsd).toBe(0.3);
    recordEvent(history, { type: "run_resumed", by: "request", moreCostUsd: 1 }, () => ({ text: "", calls: [] }));
    expect([history.spentUsd, history.moreCostUsd]).toEqual([0.3, 1]);
    recordEvent(history, rejected, () => ({ text: "", calls: [] }));
    expect(history.spentUsd).toBeNull();
    recordEvent(history, { type: "run_created", continues: "run_0" }, () => ({ text: "", calls: [] }));
    expect([history.spentUsd, history.moreCostUsd]).toEqual([0, 0]);
  });
});
