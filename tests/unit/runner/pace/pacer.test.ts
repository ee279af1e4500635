/** Requests of several processes on one key, before vendors that count in their own ways and tell more or less of it. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PaceStore } from "../../../../src/core/ports/pace-store.js";
import type { Pace } from "../../../../src/core/run/pace.js";
import { createPacer, type Entry, type Pacer } from "../../../../src/runner/pace/pacer.js";
import { answerOf, bucket, type Counting, fixedWindow, slidingWindow } from "../../../support/limiting-vendors.js";

const LIMIT = 60;
const LATENCY_MS = 30;
const NEVER = new AbortController().signal;
const ONE = { requests: 1, tokens: 0, input_tokens: 0, output_tokens: 0 };

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** A database in memory. */
function memoryStore(): PaceStore & { writes: number } {
  const rows = new Map<string, string>();
  const store = {
    writes: 0,
    load: (account: string): Pace | null => JSON.parse(rows.get(account) ?? "null"),
    async change<T extends { readonly pace: Pace | null }>(account: string, act: (stored: Pace | null) => T) {
      const stored = store.load(account);
      const result = act(stored);
      if (result.pace !== stored) {
        store.writes += 1;
        rows.set(account, JSON.stringify(result.pace));
      }
      return result;
    },
  };
  return store;
}

const entry = (changes: Partial<Entry> = {}): Entry => ({
  signal: NEVER,
  withinMs: Number.POSITIVE_INFINITY,
  cost: () => ONE,
  ...changes,
});

/** Waits in the time of the test, however long that is. */
async function finish<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  while (!isDone) await vi.advanceTimersByTimeAsync(10);
  return work;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

interface Played {
  readonly tookMs: number;
  /** When each request was taken, and how many were refused. */
  readonly taken: readonly number[];
  readonly refused: number;
  /** Of the request that was refused most often. */
  readonly mostTries: number;
}

/** Sends the requests of all processes at once, each again after a refusal. */
async function play(pacers: readonly Pacer[], requests: number, counting: Counting, states: boolean): Promise<Played> {
  const begun = Date.now();
  const taken: number[] = [];
  let refused = 0;
  let mostTries = 0;
  const send = async (pacer: Pacer) => {
    for (let tries = 1; ; tries++) {
      const pass = await pacer.enter("key", entry());
      await wait(LATENCY_MS);
      const { isTaken, limits, retryAfterMs } = answerOf(counting, LIMIT, states, Date.now());
      if (limits.length > 0) pass.hear(limits);
      if (isTaken) taken.push(Date.now());
      await wait(LATENCY_MS);
      pass.leave({ isAnswered: isTaken, usage: null, refused: isTaken ? null : { retryAfterMs } });
      mostTries = Math.max(mostTries, tries);
      if (isTaken) return;
      refused += 1;
      await wait(retryAfterMs ?? 0);
    }
  };
  await finish(Promise.all(Array.from({ length: requests }, (_, n) => send(pacers[n % pacers.length] as Pacer))));
  return { tookMs: Date.now() - begun, taken, refused, mostTries };
}

function mostIn(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length));
}

const VENDORS = [
  ["a fixed window", fixedWindow],
  ["a sliding window", slidingWindow],
  ["a bucket", bucket],
] as const;

const CASES = VENDORS.flatMap(([name, count]) =>
  [60_000, 3_000].flatMap((windowMs) => [1, 4].map((processes) => [name, windowMs, processes, count] as const)),
);

it.each(CASES)(
  "%s of %i ms that is stated holds for 200 requests of %i processes: none is refused",
  async (_name, windowMs, processes, count) => {
    const store = memoryStore();
    const pacers = Array.from({ length: processes }, () => createPacer({ store, clock: { now: Date.now } }));
    const { tookMs, taken, refused } = await play(pacers, 200, count(LIMIT, windowMs), true);
    expect(refused).toBe(0);
    expect(mostIn(taken, windowMs)).toBeLessThanOrEqual(LIMIT);
    expect(tookMs).toBeLessThanOrEqual((200 / LIMIT) * windowMs * 1.1);
  },
);

it.each(CASES)(
  "%s of %i ms that only refusals show is found out by 200 requests of %i processes",
  async (_name, windowMs, processes, count) => {
    const store = memoryStore();
    const pacers = Array.from({ length: processes }, () => createPacer({ store, clock: { now: Date.now } }));
    const { tookMs, refused, mostTries } = await play(pacers, 200, count(LIMIT, windowMs), false);
    console.log(_name, windowMs, processes, tookMs / ((200 / LIMIT) * windowMs), refused, mostTries);
    expect(mostTries).toBeLessThanOrEqual(5);
    expect(tookMs).toBeLessThanOrEqual((200 / LIMIT) * windowMs * 1.5);
  },
);
