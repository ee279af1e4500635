/** Requests of several processes on one key, before vendors that count in their own ways and tell more or less of it. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Pace } from "../../../../src/core/pace/pace.js";
import type { PaceStore } from "../../../../src/core/ports/pace-store.js";
import { createPacer, type Entry, type Pacer } from "../../../../src/runner/pace/pacer.js";
import { answerOf, bucket, type Counting, fixedWindow, slidingWindow } from "../../../support/limiting-vendors.js";

const LIMIT = 60;
const LATENCY_MS = 30;
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
  signal: new AbortController().signal,
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
    expect(mostTries).toBeLessThanOrEqual(3);
    expect(refused).toBeLessThanOrEqual(80);
    expect(tookMs).toBeLessThanOrEqual((200 / LIMIT) * windowMs * 1.1);
  },
);

/** A pacer of which the only window is used up for a minute. */
async function setFull() {
  const store = memoryStore();
  const pacer = createPacer({ store, clock: { now: Date.now } });
  const first = await pacer.enter("key", entry());
  first.hear([{ of: "requests", limit: 1, remaining: 0, resetMs: 60_000, windowMs: null }]);
  first.leave({ isAnswered: true, usage: null, refused: null });
  return { store, pacer };
}

it("neither writes nor waits while no limit is known", async () => {
  const store = memoryStore();
  const pacer = createPacer({ store, clock: { now: Date.now } });
  for (let n = 0; n < 500; n++) {
    const pass = pacer.enter("key", entry());
    expect(pass).not.toBeInstanceOf(Promise);
    (await pass).leave({ isAnswered: true, usage: null, refused: null });
  }
  expect(store.writes).toBe(0);
});

it("lets the requests of a process go in the order in which they came", async () => {
  const { pacer } = await setFull();
  const went: number[] = [];
  const enter = async (n: number) => {
    const pass = await pacer.enter("key", entry());
    went.push(n);
    pass.leave({ isAnswered: true, usage: null, refused: null });
  };
  await finish(Promise.all([1, 2, 3, 4].map(enter)));
  expect(went).toEqual([1, 2, 3, 4]);
});

it("ends a wait at once where the run is stopped, and lets the next one go in its place", async () => {
  const { pacer } = await setFull();
  const controller = new AbortController();
  const stopped = pacer.enter("key", entry({ signal: controller.signal }));
  const next = pacer.enter("key", entry()) as Promise<unknown>;
  controller.abort("cancelled");
  await expect(stopped).rejects.toBe("cancelled");
  const began = Date.now();
  await finish(next);
  expect(Date.now() - began).toBeLessThanOrEqual(63_000);
});

it("refuses a wait that outlasts the run, and says how long it would be", async () => {
  const { pacer } = await setFull();
  const wait = pacer.enter("key", entry({ withinMs: 30_000 })) as Promise<unknown>;
  await expect(wait).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: expect.any(Number) });
  const waits = [60_000, 70_000, 300_000].map((withinMs) => pacer.enter("key", entry({ withinMs })));
  const settled = await finish(Promise.allSettled(waits));
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
});

it("takes a single refusal for the affair of its own run, and two at once for that of the key", async () => {
  const store = memoryStore();
  const pacer = createPacer({ store, clock: { now: Date.now } });
  const enter = () => pacer.enter("key", entry());
  const refused = { isAnswered: false, usage: null, refused: { retryAfterMs: 4_000 } };
  const [one, two, three] = [await enter(), await enter(), await enter()];
  one.leave(refused);
  const began = Date.now();
  (await finish(Promise.resolve(enter()))).leave({ isAnswered: true, usage: null, refused: null });
  expect(Date.now() - began).toBeLessThanOrEqual(10);
  two.leave(refused);
  three.leave(refused);
  await finish(Promise.resolve(enter()));
  expect(Date.now() - began).toBeGreaterThanOrEqual(4_000);
});

it("asks once in a while during a long refusal, and goes on as soon as the vendor does", async () => {
  const store = memoryStore();
  const pacer = createPacer({ store, clock: { now: Date.now } });
  const passes = [await pacer.enter("key", entry()), await pacer.enter("key", entry())];
  for (const pass of passes) pass.leave({ isAnswered: false, usage: null, refused: { retryAfterMs: 50_000 } });
  const began = Date.now();
  const probe = await finish(Promise.resolve(pacer.enter("key", entry())));
  expect(Date.now() - began).toBeLessThanOrEqual(6_000);
  probe.leave({ isAnswered: true, usage: { input: 1, output: 1, cached: 0, thinking: 0 }, refused: null });
  await finish(Promise.resolve(pacer.enter("key", entry())));
  expect(Date.now() - began).toBeLessThanOrEqual(10_000);
});

it("keeps to a limit of tokens, by the real cost as soon as it is known", async () => {
  const store = memoryStore();
  const pacer = createPacer({ store, clock: { now: Date.now } });
  const cost = { requests: 1, tokens: 400, input_tokens: 400, output_tokens: 0 };
  const first = await pacer.enter("key", entry());
  first.hear([{ of: "tokens", limit: 1_000, remaining: 1_000, resetMs: 0, windowMs: 60_000 }]);
  first.leave({ isAnswered: true, usage: null, refused: null });
  const began = Date.now();
  const enter = async () => finish(Promise.resolve(pacer.enter("key", entry({ cost: () => cost }))));
  const [second] = [await enter(), await enter()];
  expect(Date.now() - began).toBeLessThan(10_000);
  second.leave({ isAnswered: true, usage: { input: 90, output: 10, cached: 0, thinking: 0 }, refused: null });
  await enter();
  expect(Date.now() - began).toBeLessThan(20_000);
  await enter();
  expect(Date.now() - began).toBeGreaterThan(60_000);
});
