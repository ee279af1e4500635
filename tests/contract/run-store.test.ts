/** The RunStore port: what every implementation must hold, shown on the one there is. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { NewRun, RunLease, RunStore } from "../../src/core/ports/run-store.js";
import type { RunEvent } from "../../src/core/run/event.js";
import type { Outcome } from "../../src/core/run/run.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { openStore as openFile } from "../../src/store/sqlite/open-store.js";
import { mentions } from "../support/mentions.js";
import { newRunNamed } from "../support/new-run.js";
import { EVERYTHING } from "../support/run-filter.js";

const implementations: Record<string, (file: string, now: () => number) => RunStore> = {
  sqlite: (file, now) => openFile(file, { now }).runs,
};

const SUCCESS: Outcome = { status: "success", result: "done" };
const CANCELLED: Outcome = { status: "cancelled", result: null, error: { code: "cancelled", message: "stop" } };

describe.each(Object.entries(implementations))("RunStore on %s", (_name, open) => {
  let folder: string;
  let now: number;
  let store: RunStore;
  let made = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "legwork-store-"));
    now = 1_000_000;
    store = openStore();
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const file = () => join(folder, "home", "legwork.db");
  const openStore = () => open(file(), () => now);

  function newRun(fields: Partial<NewRun> = {}): NewRun {
    return newRunNamed(fields.id ?? `run_${String(++made).padStart(6, "0")}`, fields);
  }

  function started(fields: Partial<NewRun> = {}) {
    const { run } = store.createRun(newRun(fields));
    const hold = { runId: run.id, epoch: run.epoch };
    expect(append(hold, [{ type: "run_started" }])).not.toBeNull();
    return hold;
  }

  /** One commit by itself. */
  const append = (hold: RunLease, events: readonly RunEvent[]) => store.append(hold, events);
  const finish = (outcome: Outcome): RunEvent => ({ type: "run_finished", outcome });
  const allEvents = (runId: string) => store.listEvents(runId, { afterSeq: 0, limit: 1000 });

  it("writes the row and its first event before it returns the run", () => {
    const { kind, run } = store.createRun(newRun());
    expect(kind).toBe("created");
    expect(run).toMatchObject({ status: "pending", epoch: 1, createdAt: now, request: { prompt: "do it" } });
    expect(allEvents(run.id)).toEqual([{ seq: 1, at: now, event: { type: "run_created" } }]);
  });

  it("numbers events without gaps and projects them on the row in the same transaction", () => {
    const hold = started();
    now += 5;
    const stored = append(hold, [
      { type: "turn_started", turn: 1 },
      {
        type: "model_replied",
        turn: 1,
        raw: { provider: "p", model: "m", content: { signature: "=ü€=" } },
        usage: { input: 10, output: 2, cached: 1, thinking: 3 },
      },
      { type: "tool_call_finished", turn: 1, index: 0, tool: "a__b", isError: false, text: "x", milliseconds: 1 },
      {
        type: "tool_call_finished",
        turn: 1,
        index: 1,
        tool: "read_result",
        isError: false,
        text: "x",
        milliseconds: 1,
      },
    ]);
    expect(stored?.map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
    expect(store.getRun(hold.runId)).toMatchObject({
      turnsUsed: 1,
      toolCallsCount: 1, // built-in tools do not count
      usage: { input: 10, output: 2, cached: 1, thinking: 3 },
      lastEventAt: now,
    });
    expect(allEvents(hold.runId).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(allEvents(hold.runId)[3]?.event).toMatchObject({ raw: { content: { signature: "=ü€=" } } });
  });

  it("reads events from a place on, by type, in pages", () => {
    const hold = started();
    for (let turn = 1; turn <= 5; turn++) append(hold, [{ type: "turn_started", turn }]);
    const page = store.listEvents(hold.runId, { afterSeq: 3, limit: 2 });
    expect(page.map(({ seq }) => seq)).toEqual([4, 5]);
    const turns = store.listEvents(hold.runId, { afterSeq: 3, limit: 100, type: "turn_started" });
    expect(turns.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
    expect(store.listEvents(hold.runId, { afterSeq: 0, type: "run_started" }).map(({ seq }) => seq)).toEqual([2]);
  });

  it("refuses a write with an older epoch, and leaves nothing of it", () => {
    const hold = started();
    store.endTree(hold.runId, CANCELLED);
    expect(append(hold, [{ type: "turn_started", turn: 1 }])).toBeNull();
    expect(append(hold, [finish(SUCCESS)])).toBeNull();
    expect(store.getRun(hold.runId)).toMatchObject({ status: "cancelled", outcome: CANCELLED });
    expect(allEvents(hold.runId).map(({ event }) => event.type)).toEqual([
      "run_created",
      "run_started",
      "run_finished",
    ]);
  });

  it("lets no end be followed by another, even with the right epoch", () => {
    const hold = started();
    expect(append(hold, [finish(SUCCESS)])).not.toBeNull();
    const epoch = store.getRun(hold.runId)?.epoch ?? 0;
    expect(epoch).toBe(hold.epoch + 1);
    expect(append({ runId: hold.runId, epoch }, [finish(CANCELLED)])).toBeNull();
    expect(append({ runId: hold.runId, epoch }, [{ type: "turn_started", turn: 9 }])).toBeNull();
    expect(store.getRun(hold.runId)?.status).toBe("success");
  });

  it.each(["success", "partial", "blocked", "error", "timeout", "cancelled"] as const)(
    "keeps %s apart from other ends",
    (status) => {
      const hold = started();
      const outcome: Outcome = { status, result: "r", data: { n: 1 }, error: { code: "c", message: "m" } };
      now += 1;
      append(hold, [finish(outcome)]);
      expect(store.getRun(hold.runId)).toMatchObject({ status, outcome, finishedAt: now });
    },
  );

  it("does not let a pending run succeed", () => {
    const { run } = store.createRun(newRun());
    expect(append({ runId: run.id, epoch: 1 }, [finish(SUCCESS)])).toBeNull();
    expect(store.getRun(run.id)?.status).toBe("pending");
  });

  it("cancels a whole tree in one go and leaves what has ended as it is", () => {
    const root = started();
    const child = started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
    const grandchild = started({ parentRunId: child.runId, rootRunId: root.runId, depth: 3 });
    const done = started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
    const stranger = started();
    append(done, [finish(SUCCESS)]);
    const tree = store.endTree(root.runId, CANCELLED);
    expect(Object.fromEntries(tree.map(({ id, was, ended }) => [id, [was, ended]]))).toEqual({
      [root.runId]: ["running", true],
      [child.runId]: ["running", true],
      [grandchild.runId]: ["running", true],
      [done.runId]: ["success", false],
    });
    const status = (id: string) => store.getRun(id)?.status;
    expect([root, child, grandchild, done, stranger].map(({ runId }) => status(runId))).toEqual([
      "cancelled",
      "cancelled",
      "cancelled",
      "success",
      "running",
    ]);
    expect(append(grandchild, [{ type: "turn_started", turn: 1 }])).toBeNull();
  });

  it("ends nothing of a tree whose root cannot end so", () => {
    const root = started();
    const child = started({ parentRunId: root.runId, rootRunId: root.runId, depth: 2 });
    store.interrupt([root], "test");
    expect(store.endTree(root.runId, SUCCESS).every(({ ended }) => !ended)).toBe(true);
    expect(store.getRun(root.runId)?.status).toBe("interrupted");
    expect(store.getRun(child.runId)?.status).toBe("running");
  });

  it("writes several commits together, each by its own hold", () => {
    const [held, lost] = [started(), started()];
    store.endTree(lost.runId, CANCELLED);
    const turn: RunEvent = { type: "turn_started", turn: 1 };
    const stored = store.together(() => [append(lost, [turn]), append(held, [turn, turn])]);
    expect(stored.map((events) => events?.map(({ seq }) => seq) ?? null)).toEqual([null, [3, 4]]);
  });

  it("writes nothing of what was together when one part fails", () => {
    const hold = started();
    const failing = () =>
      store.together(() => {
        append(hold, [{ type: "turn_started", turn: 1 }]);
        store.createRun(newRun({ id: "run_new" }));
        throw new Error("a mistake");
      });
    expect(failing).toThrow("a mistake");
    expect(store.getRun("run_new")).toBeNull();
    expect(store.listEvents(hold.runId, { afterSeq: 0, limit: 10, type: "turn_started" })).toEqual([]);
  });

  it("writes a host's session once, with its first run", () => {
    const hostSession = { id: "ses_host", clientName: "a-host", clientVersion: "1" };
    store.createRun(newRun({ hostSession }));
    store.createRun(newRun({ hostSession: { ...hostSession, clientName: "another" } }));
    const database = openSqlite(file(), { readonly: true });
    expect(database.prepare("SELECT client_name FROM sessions WHERE kind = 'host'").pluck().all()).toEqual(["a-host"]);
    database.close();
  });

  it("returns the run that an idempotency key made, and tells other arguments apart", () => {
    const first = store.createRun(newRun({ idempotency: { key: "k", requestHash: "h1" } }));
    const again = store.createRun(newRun({ idempotency: { key: "k", requestHash: "h1" } }));
    const other = store.createRun(newRun({ idempotency: { key: "k", requestHash: "h2" } }));
    const elsewhere = store.createRun(newRun({ project: "/other", idempotency: { key: "k", requestHash: "h2" } }));
    expect([again.kind, again.run.id]).toEqual(["existing", first.run.id]);
    expect([other.kind, other.run.id]).toEqual(["conflict", first.run.id]);
    expect(elsewhere.kind).toBe("created");
    expect(store.listRuns(EVERYTHING)).toHaveLength(2);
  });

  it("lists newest first, filtered, in pages without gaps or repeats", () => {
    const ids = Array.from({ length: 7 }, (_, index) => {
      now += 1000;
      return store.createRun(newRun({ project: index % 2 ? "/odd" : "/project" })).run.id;
    });
    const first = store.listRuns({ ...EVERYTHING, limit: 3 });
    const second = store.listRuns({ ...EVERYTHING, limit: 3, after: first[2] ?? null });
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 6));
    expect(store.listRuns({ ...EVERYTHING, project: "/odd" })).toHaveLength(3);
    expect(store.listRuns({ ...EVERYTHING, status: ["running"] })).toHaveLength(0);
    expect(store.listRuns({ ...EVERYTHING, status: ["pending", "running"] })).toHaveLength(7);
    expect(store.listRuns({ ...EVERYTHING, since: now })).toHaveLength(1);
    expect(store.listRuns({ ...EVERYTHING, agent: "nobody" })).toHaveLength(0);
  });

  it("interrupts the runs it is told to, and only those still held", () => {
    const [held, lost] = [started(), started()];
    const { run: waiting } = store.createRun(newRun());
    store.endTree(lost.runId, CANCELLED);
    store.interrupt([held, lost, { runId: waiting.id, epoch: 1 }], "test");
    expect(store.getRun(held.runId)?.status).toBe("interrupted");
    expect(store.getRun(lost.runId)?.status).toBe("cancelled");
    expect(store.getRun(waiting.id)?.status).toBe("interrupted");
    expect(append(held, [{ type: "turn_started", turn: 1 }])).toBeNull();
    expect(store.stillHeld([held, lost]).size).toBe(0);
  });

  it("takes an end back only where that was asked for", () => {
    const hold = started();
    append(hold, [finish({ ...SUCCESS, status: "partial" })]);
    const known = { ...hold, epoch: hold.epoch + 1 };
    expect(store.claim(known, [{ type: "run_resumed", by: "recovery" }])).toBeNull();
    expect(store.getRun(hold.runId)?.status).toBe("partial");
    const reopened = store.claim(known, [{ type: "run_resumed", by: "request" }]);
    expect(reopened).toMatchObject({ status: "running", outcome: null, epoch: known.epoch + 1 });
  });

  it("keeps texts by their hash, each once", () => {
    const hash = store.putBlob("a long text ✓");
    expect(store.putBlob("a long text ✓")).toBe(hash);
    expect(store.getBlob(hash)).toBe("a long text ✓");
    expect(store.getBlob("nothing")).toBeNull();
  });

  it("notices what another process commits, but not its own commits", () => {
    const other = openStore();
    const before = store.changeCounter();
    started();
    expect(store.changeCounter()).toBe(before);
    other.createRun(newRun());
    expect(store.changeCounter()).not.toBe(before);
    other.close();
  });

  describe("leases", () => {
    const asOwner = (owner: string, leaseExpiresAt: number) => {
      const database = openSqlite(file());
      database.prepare("UPDATE runs SET owner = ?, lease_expires_at = ?").run(owner, leaseExpiresAt);
      database.close();
    };

    it("gives up a run whose lease has expired, raising the epoch", () => {
      const hold = started();
      asOwner("elsewhere|1|1", now);
      expect(store.interruptAbandoned()).toEqual([hold.runId]);
      expect(store.getRun(hold.runId)).toMatchObject({ status: "interrupted", epoch: hold.epoch + 1 });
      expect(allEvents(hold.runId).at(-1)?.event.type).toBe("run_interrupted");
      expect(append(hold, [finish(SUCCESS)])).toBeNull();
    });

    it("leaves a run alone whose owner elsewhere still holds its lease", () => {
      const hold = started();
      asOwner("elsewhere|1|1", now + 1);
      expect(store.interruptAbandoned()).toEqual([]);
      expect(store.getRun(hold.runId)?.status).toBe("running");
    });

    it("gives up a run at once whose owner on this machine is provably dead", () => {
      const hold = started();
      const database = openSqlite(file());
      const owner = database.prepare("SELECT owner FROM runs").pluck().get() as string;
      database.close();
      const [machine] = owner.split("|");
      asOwner(`${machine}|4194304|1`, now + 60_000); // above the largest process id there is
      expect(store.interruptAbandoned()).toEqual([hold.runId]);
    });

    it("tells a process from an earlier one with the same id", () => {
      const hold = started();
      const database = openSqlite(file());
      const owner = database.prepare("SELECT owner FROM runs").pluck().get() as string;
      database.close();
      const [machine, , start] = owner.split("|");
      asOwner(`${machine}|${process.ppid}|${start}0`, now + 60_000);
      expect(store.interruptAbandoned()).toEqual([hold.runId]);
    });

    it("keeps its own runs, also when it was late to renew", () => {
      const hold = started();
      now += 60_000;
      expect(store.interruptAbandoned()).toEqual([]);
      store.renewLeases();
      const database = openSqlite(file());
      expect(database.prepare("SELECT lease_expires_at FROM runs").pluck().get()).toBe(now + 15_000);
      database.close();
      expect(store.stillHeld([hold]).size).toBe(1);
    });
  });

  describe("the file", () => {
    it("is readable by its user only", () => {
      expect(statSync(file()).mode & 0o777).toBe(0o600);
      expect(statSync(join(folder, "home")).mode & 0o777).toBe(0o700);
    });

    it("is refused by name when it is no database, and left as it was", () => {
      const text = join(folder, "text.db");
      writeFileSync(text, "this is not a database, it is a sentence of some length".repeat(20));
      expect(() => open(text, () => now)).toThrow(StoreError);
      expect(() => open(text, () => now)).toThrow(mentions("text.db", "database", "LEGWORK_HOME"));
      expect(statSync(text).size).toBe(55 * 20);
    });

    it("is refused when a newer legwork wrote it", () => {
      const database = openSqlite(file());
      database.prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 1)").run();
      database.close();
      expect(() => openStore()).toThrow(mentions("newer", "update"));
    });

    it("is refused in a folder that cannot be made", () =>
      expect(() => open("/dev/null/home/legwork.db", () => now)).toThrow(
        mentions("/dev/null/home/legwork.db", "LEGWORK_HOME"),
      ));

    it("keeps everything when it is opened again", () => {
      const hold = started();
      append(hold, [finish(SUCCESS)]);
      store.close();
      store = openStore();
      expect(store.getRun(hold.runId)).toMatchObject({ status: "success", outcome: SUCCESS });
    });
  });
});
