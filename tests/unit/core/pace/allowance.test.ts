/** What a key may use in a window: never more than the limit in any window, and no more of a wait than that needs. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Allowance, atLeast, corrected, slotFor, spend } from "../../../../src/core/pace/allowance.js";

const START = 1_000_000;

function allowanceOf(limit: number, windowMs: number): Allowance {
  return { limit, windowMs, spent: [] };
}

/** The times at which requests that come at these times are let through, one after the other. */
function play(begun: Allowance, arrivals: readonly number[]): readonly number[] {
  let allowance = begun;
  let last = 0;
  return arrivals.map((arrival) => {
    let now = Math.max(arrival, last);
    for (let slot = slotFor(allowance, 1, now); slot > now; slot = slotFor(allowance, 1, now)) now = Math.ceil(slot);
    allowance = spend(allowance, 1, now);
    last = now;
    return now;
  });
}

function mostIn(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time <= from + windowMs).length));
}

const limits = fc.integer({ min: 1, max: 100 });
const windows = fc.integer({ min: 1_000, max: 86_400_000 });

it("lets no more through than the limit, in any window", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(limits, windows, gaps, (limit, windowMs, pauses) => {
      let at = START;
      const arrivals = pauses.map((pause) => (at += pause));
      expect(mostIn(play(allowanceOf(limit, windowMs), arrivals), windowMs)).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 100 },
  );
});

it("lets a crowd through within 1.1 times the least time that the limit leaves", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 100 }), windows, fc.integer({ min: 2, max: 4 }), (limit, windowMs, full) => {
      const times = play(allowanceOf(limit, windowMs), Array(limit * full).fill(START));
      expect((times.at(-1) ?? 0) - START).toBeLessThanOrEqual(full * windowMs * 1.1);
    }),
    { numRuns: 50 },
  );
});

it("spreads a crowd within the window", () => {
  const times = play(allowanceOf(60, 60_000), Array(60).fill(START));
  expect(mostIn(times, 1_000)).toBeLessThanOrEqual(12);
  expect(times.at(-1)).toBeLessThan(START + 15_000);
});

it("lets one through that keeps within the limit without a wait", () => {
  const arrivals = Array.from({ length: 200 }, (_, n) => START + n * 1_100);
  expect(play(allowanceOf(60, 60_000), arrivals)).toEqual(arrivals);
});

it("lets an amount above the limit through as soon as nothing else counts", () => {
  const allowance = spend(allowanceOf(1_000, 60_000), 10, START);
  expect(slotFor(allowance, 5_000, START)).toBe(START + 63_000);
  expect(slotFor(allowanceOf(1_000, 60_000), 5_000, START)).toBe(START);
});

it("counts what others have used until the vendor gives it back", () => {
  const used = atLeast(spend(allowanceOf(10, 60_000), 2, START), 10, 5_000, START);
  expect(slotFor(used, 1, START)).toBeCloseTo(START + 5_000);
  expect(atLeast(used, 10, 5_000, START)).toBe(used);
});

it("gives back what was not used, and never more", () => {
  const { spent } = spend(allowanceOf(10, 60_000), 4, START);
  expect(corrected(spent, -100, START + 1)).toEqual([[START, 0]]);
  expect(corrected(spent, 2, START + 1)).toEqual([[START, 6]]);
});

it("does not wait for a clock that was set back", () => {
  const full = spend(allowanceOf(1, 60_000), 1, START + 3_600_000);
  expect(slotFor(full, 1, START)).toBe(START);
});
