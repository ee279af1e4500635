/** The DatabaseObserver port: it shows the commits of all processes, and can keep them from committing for a while. */
import { describe, expect, it, onTestFinished } from "vitest";
import { CANCELLED, finish, setContractBench, startedRun, TURN } from "../../support/contract-bench.js";
import type { StoreImplementation } from "../implementations.js";

const NO_WAIT = { withinMs: 0 };

export function describeDatabaseObserver(implementation: StoreImplementation): void {
  describe(`DatabaseObserver on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);

    function observe() {
      const observer = bench.database.observe();
      onTestFinished(() => observer.close());
      return observer;
    }

    /** A run of a store that is named as this process of the system would name itself. */
    async function ownRun() {
      const { runs } = bench.open({ own: implementation.ownName(), isProvablyDead: () => false });
      return { runs, lease: await startedRun(runs, bench.newRun({ title: "slow run" })) };
    }

    it("shows the owner of a run, its events, and its end", async () => {
      const observer = observe();
      const { runs, lease } = await ownRun();
      const id = lease.runId;
      await runs.append(lease, { events: [TURN], blobs: [] }, { durable: true });
      const events = observer.events(id, 0);
      expect(events.map(({ seq, type }) => [seq, type])).toEqual([
        [1, "run_created"],
        [2, "run_started"],
        [3, "turn_started"],
      ]);
      expect(JSON.parse(events[2]?.data ?? "")).toEqual({ turn: 1 });
      expect(observer.events(id, 1)).toEqual(events.slice(1));
      expect(observer.events(id, 3)).toEqual([]);
      expect(observer.unfinished()).toEqual([{ id, title: "slow run", process: process.pid, lastSeq: 3, attempts: 0 }]);
      expect(observer.runs()).toEqual([{ id, title: "slow run", status: "running", outcome: null, reservedTokens: 0 }]);

      await bench.store.endTree(id, CANCELLED);
      expect(observer.unfinished()).toEqual([]);
      const [run] = observer.runs();
      expect(run).toMatchObject({ id, title: "slow run", status: "cancelled" });
      expect(JSON.parse(run?.outcome ?? "")).toMatchObject({ status: "cancelled" });
    });

    it("shows no process for a run without an owner, and counts its crashes, not its orderly ends", async () => {
      const observer = observe();
      const { runs, lease } = await ownRun();
      const id = lease.runId;
      await runs.interruptAll([lease], "its process exits", NO_WAIT);
      expect(observer.unfinished()).toMatchObject([{ id, process: null, attempts: 0 }]);
      const claim = async () =>
        await runs.claimAll([{ lease: await bench.leaseOf(id), events: [{ type: "run_resumed", by: "recovery" }] }]);
      await claim();
      expect(observer.unfinished()).toMatchObject([{ id, process: process.pid, attempts: 0 }]);
      await bench.append(await bench.leaseOf(id), [
        { type: "run_interrupted", reason: "it went away", until: 0, crashed: true },
      ]);
      await claim();
      expect(observer.unfinished()).toMatchObject([{ id, process: process.pid, attempts: 1 }]);
    });

    it("shows the runs of all processes, the oldest first", async () => {
      const observer = observe();
      expect(observer.runs()).toEqual([]);
      const first = await bench.started();
      const { lease: second } = await ownRun();
      const third = await bench.created();
      const ids = [first.runId, second.runId, third.id];
      expect(observer.runs().map(({ id }) => id)).toEqual(ids);
      expect(observer.unfinished().map(({ id }) => id)).toEqual(ids);
      await bench.append(first, [finish("success")]);
      expect(observer.runs().map(({ id }) => id)).toEqual(ids);
      expect(observer.unfinished().map(({ id }) => id)).toEqual(ids.slice(1));
      expect(observer.events("no such run", 0)).toEqual([]);
    });

    it("counts each commit of any process as a change, and nothing else", async () => {
      const [observer, witness] = [observe(), observe()];
      const { runs, lease } = await ownRun();
      const seen = [observer.changes()];
      await bench.created();
      seen.push(observer.changes());
      await runs.append(lease, { events: [TURN], blobs: [] }, { durable: true });
      seen.push(observer.changes());
      expect(new Set(seen).size).toBe(3);

      const [before, rows] = [witness.changes(), bench.database.look("/project")];
      observer.runs();
      observer.unfinished();
      observer.events(lease.runId, 0);
      observer.whileNobodyCommits(() => {});
      expect(observer.changes()).toBe(seen[2]);
      expect(witness.changes()).toBe(before);
      expect(bench.database.look("/project")).toEqual(rows);
    });

    it("keeps processes from committing only while the function runs, also where the function throws", async () => {
      const observer = observe();
      const [first, second] = [await bench.started(), await bench.started()];
      const interrupt = (lease: typeof first) => bench.store.interruptAll([lease], "it has to stop", NO_WAIT);
      const statuses = () => observer.runs().map(({ status }) => status);
      let attempt: Promise<unknown> = Promise.resolve();

      observer.whileNobodyCommits(() => {
        attempt = interrupt(first).catch((error: unknown) => error);
        expect(bench.database.look("/project").map(({ status }) => status)).toEqual(["running", "running"]);
      });
      await attempt;
      await interrupt(first);
      expect(statuses()).toEqual(["interrupted", "running"]);

      const failing = () =>
        observer.whileNobodyCommits(() => {
          throw new Error("meanwhile");
        });
      expect(failing).toThrow("meanwhile");
      await interrupt(second);
      expect(statuses()).toEqual(["interrupted", "interrupted"]);
    });
  });
}
