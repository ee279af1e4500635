/** The pace that refusals show: a rhythm, which late requests do not slow down and pauses do not save up for. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type MeasuredPace, sentAtPace, slotAtPace } from "../../../../src/core/pace/measured-pace.js";

const START = 1_000_000;
const SPACING_MS = 100;
const BEGUN: MeasuredPace = { spacingMs: SPACING_MS, at: START, nextAt: START, sent: [] };

/** When requests are sent that all wait from a time on; each as late behind its slot as its number says. */
function sendAll(begun: MeasuredPace, from: number, lateMs: readonly number[]): readonly number[] {
  let [pace, now] = [begun, from];
  return lateMs.map((late) => {
    now = Math.max(now, slotAtPace(pace, now) + late);
    pace = sentAtPace(pace, now);
    return now;
  });
}

it("keeps the rhythm where requests are sent late: the delays do not add up", () => {
  const late = fc.array(fc.integer({ min: 0, max: SPACING_MS }), { minLength: 2, maxLength: 100 });
  fc.assert(
    fc.property(late, (lateMs) => {
      const times = sendAll(BEGUN, START, lateMs);
      for (const [index, time] of times.entries())
        expect(time).toBeLessThanOrEqual(START + index * SPACING_MS + Math.max(...lateMs));
    }),
  );
});

it("sends nothing ahead of the rhythm", () => {
  const times = sendAll(BEGUN, START, Array(50).fill(0));
  expect((times.at(-1) ?? 0) - START).toBeGreaterThan(49 * SPACING_MS * 0.99); // a measured pace relaxes a little
});

it("lets no burst through after a pause: one more than the rhythm has, however long it was", () => {
  const pauses = fc.integer({ min: SPACING_MS, max: 600_000 });
  fc.assert(
    fc.property(pauses, (pauseMs) => {
      const from = START + pauseMs;
      const times = sendAll({ ...BEGUN, at: from }, from, Array(20).fill(0));
      for (const [index, time] of times.entries())
        expect(time - from).toBeGreaterThanOrEqual((index - 1) * SPACING_MS * 0.99);
    }),
  );
});

it("is not held up by a clock that was set back", () => {
  const ahead = { ...BEGUN, nextAt: START + 3_600_000 };
  expect(slotAtPace(ahead, START)).toBeLessThanOrEqual(START + SPACING_MS);
});
