/** The RunStore port: who owns a run, how it is lost, and how another process comes to own it. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/core/journal/event.js";
import { LEASE_MS } from "../../../src/core/run/limits.js";
import type { Question } from "../../../src/core/run/question.js";
import {
  appendTo,
  CANCELLED,
  created,
  finish,
  SUCCESS,
  setContractBench,
  startedRun,
  TURN,
} from "../../support/contract-bench.js";
import type { StoreImplementation } from "../implementations.js";

const RECOVERED: RunEvent = { type: "run_resumed", by: "recovery" };
const REQUESTED: RunEvent = { type: "run_resumed", by: "request" };
const WITHIN = { withinMs: 1_000 };

export function describeLeases(implementation: StoreImplementation): void {
  describe(`leases on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);
    const { clock, newRun, started, append, leaseOf, statusOf, types } = bench;
    const interrupted = async (fields = {}) => {
      const lease = await started(fields);
      await bench.store.interruptAll([lease], "test", WITHIN);
      return leaseOf(lease.runId);
    };

    describe("interruptAll", () => {
      it("interrupts the runs that are still owned, running or pending, and no others", async () => {
        const [held, lost] = [await started(), await started()];
        const pending = await bench.created();
        await bench.store.endTree(lost.runId, CANCELLED);
        await bench.store.interruptAll([held, lost, { runId: pending.id, epoch: 1 }], "test", WITHIN);
        expect(await statusOf(held.runId)).toBe("interrupted");
        expect(await statusOf(lost.runId)).toBe("cancelled");
        expect(await statusOf(pending.id)).toBe("interrupted");
        expect(await append(held, [TURN])).toBeNull();
        expect((await bench.store.stillOwned([held, lost])).size).toBe(0);
      });

      it("has done so when it returns, and has saved the appends before it", async () => {
        const leases = [await started(), await started()];
        const queued = leases.map((lease) => append(lease, [TURN]));
        const interrupting = bench.store.interruptAll(leases, "test", WITHIN);
        // Nothing was awaited: a process whose host kills it next has it all on record.
        expect(bench.database.look("/project").map(({ status, events }) => [status, events.at(-1)])).toEqual([
          ["interrupted", "4 run_interrupted"],
          ["interrupted", "4 run_interrupted"],
        ]);
        await interrupting;
        expect((await Promise.all(queued)).every((stored) => stored !== null)).toBe(true);
      });
    });

    describe("reopen", () => {
      it("takes an end back only where that was asked for", async () => {
        const lease = await started();
        await append(lease, [finish({ ...SUCCESS, status: "partial" })]);
        const known = await leaseOf(lease.runId);
        expect(await bench.store.claimAll([{ lease: known, events: [RECOVERED] }])).toEqual([]);
        expect(await statusOf(lease.runId)).toBe("partial");
        const reopened = await bench.store.reopen(known, [REQUESTED]);
        expect(reopened?.run).toMatchObject({ status: "running", outcome: null, epoch: known.epoch + 1 });
        expect(reopened?.events.map(({ event }) => event.type)).toEqual(await types(lease.runId));
        expect(reopened?.events.at(-1)?.event).toEqual(REQUESTED);
      });

      it.each(["success", "cancelled"] as const)("takes no %s back", async (status) => {
        const lease = await started();
        await append(lease, [finish(status)]);
        expect(await bench.store.reopen(await leaseOf(lease.runId), [REQUESTED])).toBeNull();
        expect(await statusOf(lease.runId)).toBe(status);
      });

      it("gives the run to one of two processes that ask at once", async () => {
        const lease = await interrupted();
        const other = bench.open().runs;
        const both = await Promise.all([bench.store, other].map((store) => store.reopen(lease, [REQUESTED])));
        expect(both.filter((run) => run !== null)).toHaveLength(1);
      });
    });

    describe("claimAll", () => {
      it("claims a whole tree with the journals of its runs", async () => {
        const root = await started();
        const child = await started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
        await bench.store.interruptAll([child, root], "test", WITHIN);
        const leases = [await leaseOf(child.runId), await leaseOf(root.runId)];
        const claimed = await bench.store.claimAll(leases.map((lease) => ({ lease, events: [RECOVERED] })));
        expect(claimed.map(({ run }) => [run.id, run.status, run.epoch])).toEqual(
          leases.map(({ runId, epoch }) => [runId, "running", epoch + 1]),
        );
        for (const { run, events } of claimed)
          expect(events.map(({ event }) => event.type)).toEqual(await types(run.id));
      });

      it("claims nothing of a tree of which one journal cannot be read", async () => {
        const root = await interrupted();
        const child = await interrupted({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
        bench.database.damageJournal(child.runId);
        for (const leases of [
          [root, child],
          [child, root],
        ]) {
          const claiming = bench.store.claimAll(leases.map((lease) => ({ lease, events: [RECOVERED] })));
          await expect(claiming).rejects.toThrow();
        }
        expect(bench.database.look("/project").map(({ status, owner }) => [status, owner])).toEqual([
          ["interrupted", null],
          ["interrupted", null],
        ]);
        expect(await types(root.runId)).not.toContain("run_resumed");
      });

      it("skips a run that is not as its lease knew it, and claims the others", async () => {
        const [taken, ended, free] = [await interrupted(), await interrupted(), await interrupted()];
        const other = bench.open().runs;
        expect(await other.claimAll([{ lease: taken, events: [RECOVERED] }])).toHaveLength(1);
        await other.endTree(ended.runId, CANCELLED);
        const claimed = await bench.store.claimAll(
          [taken, ended, free].map((lease) => ({ lease, events: [RECOVERED] })),
        );
        expect(claimed.map(({ run }) => run.id)).toEqual([free.runId]);
      });

      it("gives up a run, and returns no child that ended with it in the same call", async () => {
        const root = await started();
        const child = await started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
        await bench.store.interruptAll([child, root], "test", WITHIN);
        const claimed = await bench.store.claimAll([
          { lease: await leaseOf(child.runId), events: [RECOVERED] },
          { lease: await leaseOf(root.runId), events: [finish("error")] },
        ]);
        expect(claimed).toEqual([]);
        expect([await statusOf(root.runId), await statusOf(child.runId)]).toEqual(["error", "cancelled"]);
      });
    });

    describe("of another process", () => {
      const other = (dead: ReadonlySet<string> = new Set()) => ({
        own: "the other",
        isProvablyDead: (owner: string) => dead.has(owner),
      });

      it("is taken away when it has expired, which raises the epoch", async () => {
        const elsewhere = bench.open(other()).runs;
        const lease = await startedRun(elsewhere, newRun());
        clock.time += LEASE_MS;
        expect(await bench.store.interruptAbandoned()).toEqual([lease.runId]);
        expect(await bench.store.getRun(lease.runId)).toMatchObject({ status: "interrupted", epoch: lease.epoch + 1 });
        expect((await types(lease.runId)).at(-1)).toBe("run_interrupted");
        expect(await appendTo(elsewhere, lease, [finish(SUCCESS)])).toBeNull();
      });

      it("is left alone while it is valid", async () => {
        const lease = await startedRun(bench.open(other()).runs, newRun());
        clock.time += LEASE_MS - 1;
        expect(await bench.store.interruptAbandoned()).toEqual([]);
        expect(await statusOf(lease.runId)).toBe("running");
      });

      it("is taken away where the clock was set back and nobody renews it, and left alone where its owner does", async () => {
        const gone = await startedRun(bench.open(other()).runs, newRun());
        const alive = bench.open({ ...other(), own: "a third" }).runs;
        const kept = await startedRun(alive, newRun());
        clock.time -= 3_600_000;
        expect(await bench.store.interruptAbandoned()).toEqual([]);
        await alive.renewLeases();
        clock.time += LEASE_MS - 1;
        expect(await bench.store.interruptAbandoned()).toEqual([]);
        await alive.renewLeases();
        clock.time += 1;
        expect(await bench.store.interruptAbandoned()).toEqual([gone.runId]);
        expect((await bench.store.getRun(gone.runId))?.interruptedAt).toBe(clock.time);
        expect(await statusOf(kept.runId)).toBe("running");
      });

      it("is taken away at once where that process is provably dead", async () => {
        const finder = bench.open({ own: "the finder", isProvablyDead: (owner) => owner === "the other" }).runs;
        const lease = await startedRun(bench.open(other()).runs, newRun());
        const own = await started(); // of a process that nobody knows to be dead
        expect(await finder.interruptAbandoned()).toEqual([lease.runId]);
        expect(await statusOf(own.runId)).toBe("running");
      });
    });

    it("keeps its own runs, also when it was late to renew", async () => {
      const lease = await started();
      clock.time += 60_000;
      expect(await bench.store.interruptAbandoned()).toEqual([]);
      await bench.store.renewLeases();
      expect(bench.database.look("/project").map(({ leaseUntil }) => leaseUntil)).toEqual([clock.time + LEASE_MS]);
      expect((await bench.store.stillOwned([lease])).size).toBe(1);
      const other = bench.open().runs;
      clock.time += LEASE_MS - 1;
      expect(await other.interruptAbandoned()).toEqual([]);
      clock.time += 1;
      expect(await other.interruptAbandoned()).toEqual([lease.runId]);
      expect((await bench.store.stillOwned([lease])).size).toBe(0);
    });

    describe("of a run that waits for a person", () => {
      const question: Question = {
        id: "q1",
        kind: "question",
        text: "which?",
        options: null,
        expiresAt: 2_000_000_000,
        about: { kind: "ask", turn: 1, index: 0 },
      };
      const answered: RunEvent = {
        type: "question_answered",
        id: "q1",
        about: question.about,
        approved: null,
        text: "this",
        comment: null,
        by: "a test",
        channel: "respond_to_run",
      };
      const asking = async () => {
        const lease = await started();
        await append(lease, [{ type: "question_asked", question }]);
        return leaseOf(lease.runId);
      };

      it("is nobody's, and the first answer counts", async () => {
        const lease = await asking();
        expect(await bench.store.getRun(lease.runId)).toMatchObject({ status: "waiting", question });
        expect(bench.database.look("/project").map(({ owner }) => owner)).toEqual([null]);
        expect(await bench.store.listUnowned("/project", 0)).toEqual([]);
        const other = bench.open().runs;
        const both = await Promise.all([bench.store, other].map((store) => store.answer(lease, [answered])));
        expect(both.filter((isWritten) => isWritten)).toHaveLength(1);
        expect((await bench.store.listUnowned("/project", 0)).map(({ id }) => id)).toEqual([lease.runId]);
        const claimed = await other.claimAll([
          { lease: await leaseOf(lease.runId), events: [{ type: "run_resumed", by: "answer" }] },
        ]);
        expect(claimed.map(({ run }) => run.status)).toEqual(["running"]);
      });

      it("is listed once its question has expired", async () => {
        const lease = await asking();
        expect(await bench.store.listExpired(question.expiresAt - 1)).toEqual([]);
        expect((await bench.store.listExpired(question.expiresAt)).map(({ id }) => id)).toEqual([lease.runId]);
      });

      it("takes messages until it has ended, whoever owns it", async () => {
        const lease = await asking();
        const sent = { type: "message_sent", id: "m", text: "x", by: "a test", channel: "respond_to_run" } as const;
        expect(await bench.open().runs.send(lease.runId, sent)).toBe(true);
        await bench.store.endTree(lease.runId, CANCELLED);
        expect(await bench.store.send(lease.runId, sent)).toBe(false);
        expect((await types(lease.runId)).filter((type) => type === "message_sent")).toHaveLength(1);
      });
    });

    it("interrupted runs are listed for anybody who works on the project, the oldest first", async () => {
      const [first, second] = [await interrupted(), await interrupted()];
      await interrupted({ project: "/other" });
      await created(bench.store, newRun());
      expect((await bench.store.listUnowned("/project", 0)).map(({ id }) => id)).toEqual([first.runId, second.runId]);
      expect(await bench.store.listUnowned("/project", clock.time + 1)).toEqual([]);
    });
  });
}
