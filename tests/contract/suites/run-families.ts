/** The RunStore port, of runs that start others: a change of one of a family changes the rest. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/core/journal/event.js";
import type { RunLease } from "../../../src/core/ports/run-store.js";
import { finish, setContractBench, TURN } from "../../support/contract-bench.js";
import { newRunNamed, REQUEST } from "../../support/new-run.js";
import type { StoreImplementation } from "../implementations.js";

const REPLIED: RunEvent = {
  type: "model_replied",
  turn: 1,
  raw: { provider: "p", model: "m", content: {} },
  usage: null,
};

export function describeRunFamilies(implementation: StoreImplementation): void {
  describe(`families of runs on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);
    const { append, leaseOf, statusOf } = bench;

    type Family = readonly [RunLease, RunLease, RunLease];
    /** Three running runs, each started by the one before, with their limits on money. */
    async function setFamily(limits: readonly (number | null)[] = [null, null, null]): Promise<Family> {
      return [await begin(1, limits[0]), await begin(2, limits[1]), await begin(3, limits[2])];
    }

    function begin(depth: number, maxCostUsd: number | null = null): Promise<RunLease> {
      return bench.started(
        newRunNamed(`run_${depth}`, {
          parentSessionId: `ses_${depth - 1}`,
          parentRunId: depth === 1 ? null : `run_${depth - 1}`,
          rootRunId: "run_1",
          depth,
          request: { ...REQUEST, limits: { ...REQUEST.limits, maxCostUsd } },
        }),
      );
    }

    /** Its process goes away, and another claims it. */
    async function crash({ runId }: RunLease, more: Partial<Extract<RunEvent, { type: "run_resumed" }>> = {}) {
      await append(await leaseOf(runId), [{ type: "run_interrupted", reason: "went away", until: 0, crashed: true }]);
      const lease = await leaseOf(runId);
      if (more.by === "request")
        return await bench.store.reopen(lease, [{ type: "run_resumed", by: "request", ...more }]);
      return await bench.store.claimAll([{ lease, events: [{ type: "run_resumed", by: "recovery" }] }]);
    }

    const appendNow = async ({ runId }: RunLease, events: readonly RunEvent[]) =>
      await append(await leaseOf(runId), events);
    const each = async (family: Family, field: "attempts" | "costUsd" | "status") => {
      const runs = await bench.store.getRuns(family.map(({ runId }) => runId));
      return runs.map((run) => run[field]);
    };

    it("a result of a run counts for all above it: their next crash is not one more of the same", async () => {
      const family = await setFamily();
      const [top, middle, leaf] = family;
      for (const run of [top, top, middle, leaf]) await crash(run);
      expect(await each(family, "attempts")).toEqual([2, 1, 1]);
      await appendNow(leaf, [TURN]);
      expect(await each(family, "attempts")).toEqual([2, 1, 1]);
      await appendNow(leaf, [REPLIED]);
      expect(await each(family, "attempts")).toEqual([0, 0, 0]);
      await crash(leaf);
      await appendNow(middle, [REPLIED]);
      expect(await each(family, "attempts")).toEqual([0, 0, 1]);
    });

    it("an end is that of the whole family below, in the same commit, and nobody below writes after it", async () => {
      const [top, middle, leaf] = await setFamily();
      await append(top, [finish("success")]);
      for (const { runId } of [middle, leaf])
        expect(await bench.store.getRun(runId)).toMatchObject({
          status: "cancelled",
          outcome: { error: { code: "parent_ended" } },
        });
      expect(await append(leaf, [TURN])).toBeNull();
    });

    it("a run that was reopened below an ended run still ends with the eldest", async () => {
      const family = await setFamily();
      const [top, middle, leaf] = family;
      const error = { code: "stalled", message: "it stood still" };
      await append(leaf, [finish({ status: "error", result: null, error })]);
      await append(middle, [finish("success")]);
      await bench.store.reopen(await leaseOf(leaf.runId), [{ type: "run_resumed", by: "request" }]);
      expect(await statusOf(leaf.runId)).toBe("running");
      const tree = await bench.store.endTree(top.runId, { status: "cancelled", result: null });
      const ended = tree.filter((run) => run.ended);
      expect(ended.map(({ id }) => id).toSorted()).toEqual([top.runId, leaf.runId].toSorted());
      expect(await each(family, "status")).toEqual(["cancelled", "success", "cancelled"]);
    });

    describe("the cost of a family", () => {
      const paid = (costUsd: number | null): RunEvent => ({ ...REPLIED, costUsd }) as RunEvent;
      const spent = (top: RunLease, but: RunLease) =>
        bench.store.spentIn({ kind: "tree", runId: top.runId }, but.runId);

      it("is the sum of all below a run, but for one of them, and unknown with any part of it", async () => {
        const family = await setFamily();
        const [top, middle, leaf] = family;
        for (const [run, cost] of [
          [top, 0.1],
          [middle, 0.2],
          [leaf, 0.1],
          [leaf, 0.3],
        ] as const)
          await appendNow(run, [paid(cost)]);
        expect(await each(family, "costUsd")).toEqual([0.1, 0.2, 0.4]);
        expect(await spent(top, top)).toMatchObject({ runs: 2, usd: 0.6 });
        expect(await spent(top, leaf)).toMatchObject({ runs: 2, usd: 0.3 });
        expect(await spent(leaf, leaf)).toMatchObject({ runs: 0, usd: 0 });
        const now = await leaseOf(leaf.runId);
        await Promise.all(Array.from({ length: 996 }, () => append(now, [paid(0.1)])));
        expect((await each(family, "costUsd"))[2]).toBe(100); // no rest of binary fractions piles up
        await appendNow(middle, [paid(null), paid(1)]);
        expect((await each(family, "costUsd"))[1]).toBeNull();
        expect(await spent(top, top)).toMatchObject({ runs: 2, usd: null });
        expect(await spent(middle, middle)).toMatchObject({ runs: 1, usd: 100 });
      });

      it("is limited by the limits along its line, with later grants on top of each", async () => {
        const { store } = bench;
        const [top, middle, leaf] = await setFamily([1, null, 0.5]);
        expect(await store.limitsAbove(leaf.runId)).toEqual([
          { runId: leaf.runId, usd: 0.5, tokens: null },
          { runId: top.runId, usd: 1, tokens: null },
        ]);
        for (const moreCostUsd of [0.1, 0.2]) await crash(top, { by: "request", moreCostUsd });
        expect(await store.limitsAbove(middle.runId)).toEqual([{ runId: top.runId, usd: 1.3, tokens: null }]);
        expect(await store.limitsAbove("run_nobody")).toEqual([]);
      });
    });
  });
}
