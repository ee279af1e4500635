/** The RunStore port: how a process notices the commits of others. */
import { describe, expect, it, vi } from "vitest";
import { created, setContractBench } from "../../support/contract-bench.js";
import { eventually } from "../../support/in-time.js";
import type { StoreImplementation } from "../implementations.js";

export function describeChanges(implementation: StoreImplementation): void {
  describe(`changes on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);

    it("calls back after another process has committed, and not after its own commits", async () => {
      const [own, others] = [vi.fn(), vi.fn()];
      const other = bench.open().runs;
      const stop = [bench.store.subscribe(own), other.subscribe(others)];
      await bench.created();
      await eventually(() => expect(others).toHaveBeenCalled());
      expect(own).not.toHaveBeenCalled();
      await created(other, bench.newRun());
      await eventually(() => expect(own).toHaveBeenCalled());
      for (const end of stop) end();
    });

    it("calls each listener back until it has unsubscribed", async () => {
      const [first, second] = [vi.fn(), vi.fn()];
      const stopFirst = bench.store.subscribe(first);
      const stopSecond = bench.store.subscribe(second);
      const other = bench.open().runs;
      await created(other, bench.newRun());
      await eventually(() => expect(second).toHaveBeenCalled());
      expect(first).toHaveBeenCalled();
      stopFirst();
      first.mockClear();
      second.mockClear();
      await created(other, bench.newRun());
      await eventually(() => expect(second).toHaveBeenCalled());
      expect(first).not.toHaveBeenCalled();
      stopSecond();
    });

    it("tells a listener of commits since it subscribed, and of none before", async () => {
      const other = bench.open().runs;
      bench.store.subscribe(() => {})();
      await created(other, bench.newRun());
      const [late, witness] = [vi.fn(), vi.fn()];
      const stop = [bench.store.subscribe(late), other.subscribe(witness)];
      await bench.created();
      await eventually(() => expect(witness).toHaveBeenCalled());
      expect(late).not.toHaveBeenCalled();
      for (const end of stop) end();
    });
  });
}
