/** Limits: what is left before one of them ends a run. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.js";
import { createHistory, recordEvent } from "../../src/core/history.js";
import { DEFAULT_LIMITS, firstBreach, MOST } from "../../src/core/limits.js";

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
    [1, 1, "the run used its 1 turn (max_turns) before it was done"],
    [2, 3, null],
    [3, 3, "the run used its 3 turns (max_turns) before it was done"],
    [4, 3, "the run used its 3 turns (max_turns) before it was done"],
  ])("after %i turns of %i is %j", (used, maxTurns, message) => {
    const history = historyAfter(...Array.from({ length: used }, (_, index) => turn(index + 1)));
    const breach = firstBreach({ ...DEFAULT_LIMITS, maxTurns }, history);
    expect(breach).toEqual(message === null ? null : { code: "max_turns", message });
  });

  it("does not count the grace turn", () => {
    const grace: RunEvent = { type: "model_replied", turn: 2, grace: true, raw: RAW, usage: null };
    const history = historyAfter(turn(1), { type: "turn_started", turn: 2, grace: "max_turns" }, grace);
    expect(history.turn).toBe(2);
    expect(firstBreach({ ...DEFAULT_LIMITS, maxTurns: 2 }, history)).toBeNull();
  });

  it("is none by default before 30 turns, and every default may be asked for", () => {
    const history = historyAfter(...Array.from({ length: 29 }, (_, index) => turn(index + 1)));
    expect(firstBreach(DEFAULT_LIMITS, history)).toBeNull();
    recordEvent(history, turn(30), () => ({ text: "", calls: [] }));
    expect(firstBreach(DEFAULT_LIMITS, history)?.code).toBe("max_turns");
    expect(DEFAULT_LIMITS.maxTurns).toBeLessThanOrEqual(MOST.maxTurns);
    expect(MOST.seconds * 1000).toBeLessThan(2 ** 31); // a longer timer would fire at once
  });
});
