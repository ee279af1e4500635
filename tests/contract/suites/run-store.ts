/** The RunStore port: the rules that every implementation keeps. */
import { describe, expect, it } from "vitest";
import { StoreError } from "../../../src/core/errors.js";
import type { RunEvent } from "../../../src/core/journal/event.js";
import type { CreateRunResult, RunStore } from "../../../src/core/ports/run-store.js";
import type { Outcome } from "../../../src/core/run/run.js";
import { CANCELLED, finish, SUCCESS, setContractBench, TURN, UNWRITABLE } from "../../support/contract-bench.js";
import { EVERYTHING } from "../../support/run-filter.js";
import type { StoreImplementation } from "../implementations.js";

export function describeRunStore(implementation: StoreImplementation): void {
  describe(`RunStore on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);
    const { clock, newRun, created, started, append, leaseOf, statusOf, seqs, types } = bench;
    const noCaller = () => ({ signal: new AbortController().signal, maxChildren: 20 });

    it("writes the row and its first event before it returns the run", async () => {
      const result = await bench.store.createRun(newRun(), noCaller());
      if (result.kind !== "created") throw new Error(result.kind);
      const { run } = result;
      expect(run).toMatchObject({ status: "pending", epoch: 1, createdAt: clock.time, request: { prompt: "do it" } });
      expect(await bench.store.listEvents(run.id, { afterSeq: 0 })).toEqual([
        { seq: 1, at: clock.time, event: { type: "run_created" } },
      ]);
    });

    it("numbers events without gaps and projects them on the row in the same transaction", async () => {
      const lease = await started();
      clock.time += 5;
      const answer = { turn: 1, isError: false, text: "x", milliseconds: 1 };
      const stored = await append(lease, [
        TURN,
        {
          type: "model_replied",
          turn: 1,
          raw: { provider: "p", model: "m", content: { signature: "=ü€=" } },
          usage: { input: 10, output: 2, cached: 1, thinking: 3 },
        },
        { type: "tool_call_finished", ...answer, index: 0, tool: "a__b" },
        { type: "tool_call_finished", ...answer, index: 1, tool: "read_result" },
      ]);
      expect(stored?.map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
      expect(await bench.store.getRun(lease.runId)).toMatchObject({
        turnsUsed: 1,
        toolCallsCount: 1, // built-in tools do not count
        usage: { input: 10, output: 2, cached: 1, thinking: 3 },
        lastEventAt: clock.time,
      });
      const events = await bench.store.listEvents(lease.runId, { afterSeq: 0 });
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(events[3]?.event).toMatchObject({ raw: { content: { signature: "=ü€=" } } });
      expect(events.slice(2)).toEqual(stored);
    });

    it("reads events from a place on, by type, in pages", async () => {
      const lease = await started();
      for (let turn = 1; turn <= 5; turn++) await append(lease, [{ type: "turn_started", turn }]);
      const page = await bench.store.listEvents(lease.runId, { afterSeq: 3, limit: 2 });
      expect(page.map(({ seq }) => seq)).toEqual([4, 5]);
      const turns = await bench.store.listEvents(lease.runId, { afterSeq: 3, limit: 100, type: "turn_started" });
      expect(turns.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
      expect(await seqs(lease.runId, "run_started")).toEqual([2]);
    });

    it("refuses a write with an older epoch, and leaves nothing of it", async () => {
      const lease = await started();
      await bench.store.endTree(lease.runId, CANCELLED);
      expect(await append(lease, [TURN])).toBeNull();
      expect(await append(lease, [finish(SUCCESS)])).toBeNull();
      expect(await bench.store.getRun(lease.runId)).toMatchObject({ status: "cancelled", outcome: CANCELLED });
      expect(await types(lease.runId)).toEqual(["run_created", "run_started", "run_finished"]);
    });

    it("lets no end be followed by another, even with the right epoch", async () => {
      const lease = await started();
      expect(await append(lease, [finish(SUCCESS)])).not.toBeNull();
      const now = await leaseOf(lease.runId);
      expect(now.epoch).toBe(lease.epoch + 1);
      expect(await append(now, [finish(CANCELLED)])).toBeNull();
      expect(await append(now, [{ type: "turn_started", turn: 9 }])).toBeNull();
      expect(await statusOf(lease.runId)).toBe("success");
    });

    it.each(["success", "partial", "blocked", "error", "timeout", "cancelled"] as const)(
      "keeps %s apart from other ends",
      async (status) => {
        const lease = await started();
        const outcome: Outcome = { status, result: "r", data: { n: 1 }, error: { code: "c", message: "m" } };
        clock.time += 1;
        await append(lease, [finish(outcome)]);
        expect(await bench.store.getRun(lease.runId)).toMatchObject({ status, outcome, finishedAt: clock.time });
      },
    );

    it("does not let a pending run succeed", async () => {
      const { id, epoch } = await created();
      expect(await append({ runId: id, epoch }, [finish(SUCCESS)])).toBeNull();
      expect(await statusOf(id)).toBe("pending");
    });

    it("cancels a whole tree in one transaction and leaves ended runs as they are", async () => {
      const root = await started();
      const child = await started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
      const grandchild = await started({ parentRunId: child.runId, rootRunId: root.runId, depth: 3 });
      const done = await started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
      const stranger = await started();
      await append(done, [finish(SUCCESS)]);
      const tree = await bench.store.endTree(root.runId, CANCELLED);
      expect(Object.fromEntries(tree.map(({ id, was, ended }) => [id, [was, ended]]))).toEqual({
        [root.runId]: ["running", true],
        [child.runId]: ["running", true],
        [grandchild.runId]: ["running", true],
        [done.runId]: ["success", false],
      });
      const statuses = [root, child, grandchild, done, stranger].map(({ runId }) => statusOf(runId));
      expect(await Promise.all(statuses)).toEqual(["cancelled", "cancelled", "cancelled", "success", "running"]);
      expect(await append(grandchild, [TURN])).toBeNull();
    });

    it("ends nothing of a tree whose root cannot end so", async () => {
      const root = await started();
      const child = await started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
      await bench.store.interruptAll([root], "test", { withinMs: 1_000 });
      expect((await bench.store.endTree(root.runId, SUCCESS)).every(({ ended }) => !ended)).toBe(true);
      expect(await statusOf(root.runId)).toBe("interrupted");
      expect(await statusOf(child.runId)).toBe("running");
    });

    it("saves appends that were queued before it ends a tree or interrupts runs", async () => {
      const [ended, interrupted, other] = [await started(), await started(), await started()];
      const queued = [ended, interrupted, other].map((lease) => append(lease, [TURN]));
      await bench.store.endTree(ended.runId, CANCELLED);
      await bench.store.interruptAll([interrupted], "test", { withinMs: 1_000 });
      expect(await Promise.all(queued)).toEqual([expect.anything(), expect.anything(), expect.anything()]);
      expect(await types(ended.runId)).toEqual(["run_created", "run_started", "turn_started", "run_finished"]);
      expect(await types(interrupted.runId)).toEqual(["run_created", "run_started", "turn_started", "run_interrupted"]);
    });

    it("writes appends that are made at once, each under its own lease", async () => {
      const [held, lost] = [await started(), await started()];
      await bench.store.endTree(lost.runId, CANCELLED);
      const stored = await Promise.all([append(lost, [TURN]), append(held, [TURN, TURN])]);
      expect(stored.map((events) => events?.map(({ seq }) => seq) ?? null)).toEqual([null, [3, 4]]);
    });

    it("writes nothing of an append of which one part fails, and all of the others made with it", async () => {
      const [broken, sound] = [await started(), await started()];
      const blob = { hash: "h", text: "a long text" };
      const failing = bench.store.append(broken, { events: [TURN, UNWRITABLE], blobs: [blob] }, { durable: true });
      const others = [append(sound, [TURN]), append(sound, [TURN])];
      await expect(failing).rejects.toThrow(TypeError);
      expect((await Promise.all(others)).map((events) => events?.map(({ seq }) => seq))).toEqual([[3], [4]]);
      expect(await types(broken.runId)).toEqual(["run_created", "run_started"]);
      expect(await bench.store.getRun(broken.runId)).toMatchObject({ turnsUsed: 0, status: "running" });
      expect(await bench.store.getBlob("h")).toBeNull();
      expect((await append(broken, [TURN]))?.map(({ seq }) => seq)).toEqual([3]);
    });

    it("returns the run that an idempotency key made, and tells other arguments apart", async () => {
      const create = (key: string, requestHash: string, project = "/project") =>
        bench.store.createRun(newRun({ project, idempotency: { key, requestHash } }), noCaller());
      const first = idOf(await create("k", "h1"));
      expect(await create("k", "h1")).toMatchObject({ kind: "existing", run: { id: first } });
      expect(await create("k", "h2")).toMatchObject({ kind: "conflict", run: { id: first } });
      expect(await create("k", "h2", "/other")).toMatchObject({ kind: "created" });
      expect(await bench.store.listRuns(EVERYTHING)).toHaveLength(2);
      expect(await bench.store.findRun("/project", "k")).toMatchObject({ run: { id: first }, requestHash: "h1" });
      expect(await bench.store.findRun("/nowhere", "k")).toBeNull();
    });

    it("makes one run of calls with the same key that come at once", async () => {
      const create = () =>
        bench.store.createRun(newRun({ idempotency: { key: "k", requestHash: "h" } }), { ...noCaller() });
      const results = await Promise.all([create(), create(), create()]);
      expect(results.map(({ kind }) => kind)).toEqual(["created", "existing", "existing"]);
      expect(new Set(results.map(idOf)).size).toBe(1);
    });

    describe("refuses to create a run, and writes nothing,", () => {
      const refused = async (fields: object, options: object = {}) =>
        await bench.store.createRun(newRun({ id: "run_new", ...fields }), { ...noCaller(), ...options });

      it("for a caller that has gone, also where it goes while the commit waits", async () => {
        expect(await refused({}, { signal: AbortSignal.abort() })).toEqual({ kind: "refused", reason: "aborted" });
        const caller = new AbortController();
        const creating = refused({}, { signal: caller.signal });
        caller.abort();
        const result = await creating; // a store that commits at once has created it before
        const isThere = (await bench.store.getRun("run_new")) !== null;
        expect(isThere).toBe(result.kind === "created");
      });

      it("under a parent that has ended or is not there", async () => {
        const parent = await started();
        await append(parent, [finish(SUCCESS)]);
        const reason = { kind: "refused", reason: "parent_ended" };
        expect(await refused({ parentRunId: parent.runId })).toEqual(reason);
        expect(await refused({ parentRunId: "run_nobody" })).toEqual(reason);
        expect(await bench.store.getRun("run_new")).toBeNull();
      });

      it("under a parent with as many living children as it may have, counted by all processes at once", async () => {
        const parent = await started();
        const other = bench.open().runs;
        const create = (store: RunStore) =>
          store.createRun(newRun({ parentRunId: parent.runId }), { ...noCaller(), maxChildren: 3 });
        const results = await Promise.all([0, 1, 2, 3].flatMap(() => [create(bench.store), create(other)]));
        expect(results.filter(({ kind }) => kind === "created")).toHaveLength(3);
        expect(results.filter((result) => result.kind === "refused").map(({ reason }) => reason)).toEqual(
          Array(5).fill("too_many_children"),
        );
        const children = await bench.store.listRuns({ ...EVERYTHING, parentRunId: parent.runId });
        expect(children).toHaveLength(3);
        await bench.store.endTree(children[0]?.id ?? "", CANCELLED); // only the living count
        expect(await create(bench.store)).toMatchObject({ kind: "created" });
      });

      it("that continues a run that is gone", async () => {
        expect(await refused({ continues: "run_nobody" })).toEqual({ kind: "refused", reason: "source_gone" });
        expect(await bench.store.getRun("run_new")).toBeNull();
      });
    });

    it("lists newest first, filtered, in pages without gaps or repeats", async () => {
      const ids: string[] = [];
      for (let index = 0; index < 7; index++) {
        clock.time += 1000;
        ids.push((await created({ project: index % 2 ? "/odd" : "/project" })).id);
      }
      const { store } = bench;
      const first = await store.listRuns({ ...EVERYTHING, limit: 3 });
      const second = await store.listRuns({ ...EVERYTHING, limit: 3, after: first[2] ?? null });
      expect([...first, ...second].map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 6));
      expect(await store.listRuns({ ...EVERYTHING, project: "/odd" })).toHaveLength(3);
      expect(await store.listRuns({ ...EVERYTHING, status: ["running"] })).toHaveLength(0);
      expect(await store.listRuns({ ...EVERYTHING, status: ["pending", "running"] })).toHaveLength(7);
      expect(await store.listRuns({ ...EVERYTHING, since: clock.time })).toHaveLength(1);
      expect(await store.listRuns({ ...EVERYTHING, agent: "nobody" })).toHaveLength(0);
      expect((await store.getRuns([ids[3] ?? "", "run_nobody", ids[0] ?? ""])).map(({ id }) => id)).toEqual([
        ids[3],
        ids[0],
      ]);
    });

    it("keeps texts by their hash, each once, with the events that refer to them", async () => {
      const lease = await started();
      const save = (text: string, of = lease) =>
        bench.store.append(of, { events: [TURN], blobs: [{ hash: `hash of ${text}`, text }] }, { durable: false });
      await save("a long text ✓");
      await save("a long text ✓");
      expect(await bench.store.getBlob("hash of a long text ✓")).toBe("a long text ✓");
      expect(await bench.store.getBlob("nothing")).toBeNull();
      expect(await save("of a lost run", { ...lease, epoch: lease.epoch + 1 })).toBeNull();
      expect(await bench.store.getBlob("hash of of a lost run")).toBeNull();
    });

    it("keeps everything when it is opened again", async () => {
      const lease = await started();
      await append(lease, [finish(SUCCESS)]);
      await bench.store.close();
      await bench.store.close(); // once more does no harm
      const again = bench.open().runs;
      expect(await again.getRun(lease.runId)).toMatchObject({ status: "success", outcome: SUCCESS });
    });

    it("rejects every verb with a StoreError once it is closed, and throws at none of their callers", async () => {
      const lease = await started();
      const { store } = bench;
      await store.close();
      const sent: Extract<RunEvent, { type: "message_sent" }> = {
        type: "message_sent",
        id: "msg_1",
        text: "x",
        by: "a test",
        channel: "respond_to_run",
      };
      const resumed: RunEvent = { type: "run_resumed", by: "request" };
      const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
        createRun: () => store.createRun(newRun(), noCaller()),
        append: () => append(lease, [TURN]),
        endTree: () => store.endTree(lease.runId, CANCELLED),
        interruptAll: () => store.interruptAll([lease], "test", { withinMs: 10 }),
        claimAll: () => store.claimAll([{ lease, events: [resumed] }]),
        reopen: () => store.reopen(lease, [resumed]),
        listUnowned: () => store.listUnowned("/project", 0),
        listExpired: () => store.listExpired(0),
        answer: () => store.answer(lease, [TURN]),
        send: () => store.send(lease.runId, sent),
        interruptAbandoned: () => store.interruptAbandoned(),
        listAbandoned: () => store.listAbandoned(),
        renewLeases: () => store.renewLeases(),
        stillOwned: () => store.stillOwned([lease]),
        getRun: () => store.getRun(lease.runId),
        statusOf: () => store.statusOf(lease.runId),
        spentIn: () => store.spentIn({ kind: "tree", runId: lease.runId }, lease.runId),
        limitsAbove: () => store.limitsAbove(lease.runId),
        findRun: () => store.findRun("/project", "k"),
        idsWithPrefix: () => store.idsWithPrefix("run", 1),
        getRuns: () => store.getRuns([lease.runId]),
        listRuns: () => store.listRuns(EVERYTHING),
        listEvents: () => store.listEvents(lease.runId, { afterSeq: 0 }),
        lastEvents: () => store.lastEvents(lease.runId, { type: "turn_started", beforeSeq: null, limit: 1 }),
        listEffects: () => store.listEffects(lease.runId, 1),
        getBlob: () => store.getBlob("h"),
        endSession: () => store.endSession("ses_1"),
      };
      for (const [name, verb] of Object.entries(verbs)) await expect(verb(), name).rejects.toThrow(StoreError);
    });
  });
}

function idOf(result: CreateRunResult): string {
  return result.kind === "refused" ? result.reason : result.run.id;
}
