/** The PaceStore port: the rules that every implementation keeps. */
import { describe, expect, it } from "vitest";
import type { Pace } from "../../../src/core/pace/pace.js";
import { createPacer } from "../../../src/runner/pace/pacer.js";
import { setContractBench } from "../../support/contract-bench.js";
import type { StoreImplementation } from "../implementations.js";

const PACE: Pace = { stated: {}, measured: null, refusal: null, lastAt: 0 };
const WINDOW_MS = 1_000;
const LATE_MS = 200; // a busy machine may hold a request up that has been let through
const newEntry = () => ({
  signal: new AbortController().signal,
  withinMs: 60_000,
  cost: () => ({ requests: 1, tokens: 0, input_tokens: 0, output_tokens: 0 }),
});

export function describePaces(implementation: StoreImplementation): void {
  describe(`paces on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);

    it("knows nothing of an account that was never changed", () => {
      expect(bench.stores.paces.load("nothing")).toBeNull();
    });

    it("gives each process what another has changed, and passes the result on", async () => {
      const { paces } = bench.open();
      expect(await bench.stores.paces.change("a", () => ({ pace: PACE, more: 7 }))).toEqual({ pace: PACE, more: 7 });
      expect(paces.load("a")).toEqual(PACE);
      expect(paces.load("b")).toBeNull();
      await paces.change("a", () => ({ pace: null }));
      expect(bench.stores.paces.load("a")).toBeNull();
    });

    it("loses no change of several processes at once", async () => {
      const processes = [bench.stores, bench.open(), bench.open()];
      const add = (stored: Pace | null) => ({ pace: { ...PACE, lastAt: (stored?.lastAt ?? 0) + 1 } });
      await Promise.all(Array.from({ length: 300 }, (_, n) => processes[n % 3]?.paces.change("a", add)));
      expect(bench.stores.paces.load("a")?.lastAt).toBe(300);
    });

    it("holds a limit for all processes together", async () => {
      const pacers = [bench.stores, bench.open(), bench.open(), bench.open()].map(({ paces }) =>
        createPacer({ store: paces, clock: { now: Date.now } }),
      );
      const [first] = pacers;
      const pass = await first?.enter("key", newEntry());
      pass?.hear([{ of: "requests", limit: 20, remaining: 19, resetMs: WINDOW_MS, windowMs: null }]);
      pass?.leave({ isAnswered: true, usage: null, refused: null });
      const times: number[] = [];
      const enter = async (n: number) => {
        const entered = await pacers[n % pacers.length]?.enter("key", newEntry());
        times.push(Date.now());
        entered?.leave({ isAnswered: true, usage: null, refused: null });
      };
      await Promise.all(Array.from({ length: 60 }, (_, n) => enter(n)));
      for (const from of times) {
        expect(times.filter((time) => time >= from && time < from + WINDOW_MS - LATE_MS).length).toBeLessThanOrEqual(
          20,
        );
      }
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(2 * WINDOW_MS);
    });
  });
}
