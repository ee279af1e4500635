/** When a failed model request is made again. */
import { describe, expect, it } from "vitest";
import { nextTry, type Tries } from "../../../../src/core/run/retry-policy.js";

const FIRST: Tries = { made: 1, waitedMs: 0, hasBegun: false, millisecondsLeft: 3_600_000, hasNext: false };
const failed = (code: Parameters<typeof nextTry>[0]["code"], retryAfterMs: number | null = null) => ({
  code,
  retryAfterMs,
});

describe("a failure that may pass", () => {
  it.each(["rate_limited", "overloaded", "server_error", "timed_out", "stalled", "network", "bad_response"] as const)(
    "%s is tried again after a random part of a pause that doubles",
    (code) => {
      expect(nextTry(failed(code), FIRST, 0)).toEqual({ waitMs: 0 });
      expect(nextTry(failed(code), FIRST, 1)).toEqual({ waitMs: 500 });
      expect(nextTry(failed(code), { ...FIRST, made: 2 }, 1)).toEqual({ waitMs: 1_000 });
    },
  );

  it("pauses for 30 s at most of its own accord, and ten tries are all", () => {
    expect(nextTry(failed("overloaded"), { ...FIRST, made: 9 }, 1)).toEqual({ waitMs: 30_000 });
    expect(nextTry(failed("overloaded"), { ...FIRST, made: 10 }, 0)).toMatchObject({ waitMs: null });
  });

  it("waits at least as long as the vendor asks, and runs that were asked the same do not return together", () => {
    expect(nextTry(failed("rate_limited", 20_000), FIRST, 0)).toEqual({ waitMs: 20_000 });
    expect(nextTry(failed("rate_limited", 20_000), FIRST, 0.5)).toEqual({ waitMs: 20_250 });
  });

  it("is given up at once where the run has not that much time left", () => {
    const tries = { ...FIRST, millisecondsLeft: 20_000 };
    expect(nextTry(failed("rate_limited", 20_000), tries, 0)).toEqual({
      waitMs: null,
      why: expect.stringMatching(/20 s.*20 s/),
    });
    expect(nextTry(failed("rate_limited", 19_000), tries, 0)).toEqual({ waitMs: 19_000 });
  });

  it("keeps a slot for half an hour at most", () => {
    const tries = { ...FIRST, waitedMs: 29 * 60_000 };
    expect(nextTry(failed("rate_limited", 61_000), tries, 0)).toMatchObject({ waitMs: null });
    expect(nextTry(failed("rate_limited", 60_000), tries, 0)).toEqual({ waitMs: 60_000 });
  });
});

describe("a failure that cannot pass", () => {
  it.each([
    "unauthorized",
    "model_not_found",
    "invalid_request",
    "out_of_credit",
    "redirected",
    "script_ended",
  ] as const)("%s ends the request at once, also where the vendor asks to wait", (code) => {
    expect(nextTry(failed(code), FIRST, 0)).toEqual({ waitMs: null, why: null });
    expect(nextTry(failed(code, 1), FIRST, 0)).toEqual({ waitMs: null, why: null });
  });

  it("a quota of a day is waited for once, where the vendor says how long", () => {
    expect(nextTry(failed("quota_exhausted"), FIRST, 0)).toEqual({ waitMs: null, why: null });
    expect(nextTry(failed("quota_exhausted", 5), FIRST, 0)).toEqual({ waitMs: 5 });
    expect(nextTry(failed("quota_exhausted", 5), { ...FIRST, made: 2 }, 0)).toMatchObject({ waitMs: null });
  });
});

it("a model that is silent altogether is not asked again where there is another", () => {
  const next = { ...FIRST, hasNext: true };
  expect(nextTry(failed("stalled"), next, 0)).toEqual({ waitMs: null, why: null });
  expect(nextTry(failed("stalled"), { ...next, hasBegun: true }, 0)).toEqual({ waitMs: 0 });
  expect(nextTry(failed("stalled"), { ...next, hasBegun: true, made: 3 }, 0)).toMatchObject({ waitMs: null });
  expect(nextTry(failed("overloaded"), next, 0)).toEqual({ waitMs: 0 });
});
