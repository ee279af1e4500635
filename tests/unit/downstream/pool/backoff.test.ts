/** The pauses before a broken server starts again. */
import { describe, expect, it } from "vitest";
import { createBackoff, STABLE_MS } from "../../../../src/downstream/pool/backoff.js";

describe("the backoff", () => {
  it("doubles up to 16 s and gives up after five tries", () => {
    const backoff = createBackoff();
    const pauses = [0, 1_000, 3_000, 7_000, 15_000, 31_000].map((now) => backoff.next(now));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, null]);
    expect(backoff.next(31_000 + STABLE_MS - 1)).toBeNull();
  });

  it("starts over after five minutes without a fault", () => {
    const backoff = createBackoff();
    for (let now = 0; now < 6; now++) backoff.next(now);
    expect(backoff.next(5 + STABLE_MS)).toBe(1_000);
    expect(backoff.next(6 + STABLE_MS)).toBe(2_000);
  });
});
