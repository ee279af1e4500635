/** The hour in which runs are recovered, while the clock is set. */
import { expect, it } from "vitest";
import { RESUMED_WITHIN_MS } from "../../../../src/core/run/limits.js";
import { createRecentWindow } from "../../../../src/runner/live/recent-window.js";

const YEAR = 365 * 24 * 3_600_000;

it("a clock that is set forward hides no run of the last hour; one that is set back, or a long sleep, changes nothing", () => {
  let [clock, steady] = [1_000 * YEAR, 0];
  const since = createRecentWindow({ now: () => clock }, () => steady);
  const pass = (milliseconds: number) => {
    clock += milliseconds;
    steady += milliseconds;
  };
  expect(since()).toBe(clock - RESUMED_WITHIN_MS);
  pass(60_000);
  const interrupted = clock;
  clock += YEAR;
  expect(since()).toBeLessThanOrEqual(interrupted);
  pass(RESUMED_WITHIN_MS - 60_000);
  expect(since()).toBeLessThanOrEqual(interrupted);
  pass(120_000);
  expect(since()).toBe(clock - RESUMED_WITHIN_MS);
  clock -= YEAR;
  expect(since()).toBe(clock - RESUMED_WITHIN_MS);
  pass(10 * RESUMED_WITHIN_MS); // a machine that slept
  expect(since()).toBe(clock - RESUMED_WITHIN_MS);
});
