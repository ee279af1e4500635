/** The stores beside a newer legwork on the same file: they leave its runs alone, and begin nothing once it has changed the tables. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isNewerVersion } from "../../src/core/errors.js";
import type { RunEvent } from "../../src/core/journal/event.js";
import type { RunLease } from "../../src/core/ports/run-store.js";
import type { Question } from "../../src/core/run/question.js";
import type { Outcome } from "../../src/core/run/run.js";
import { pruneRuns } from "../../src/store/sqlite/maintenance/prune-runs.js";
import { openStore, type Store } from "../../src/store/sqlite/open-store.js";
import { newRunNamed } from "../support/new-run.js";
import { inDatabase, migrate, writeNewerEvent } from "../support/newer-legwork.js";

const DAY_MS = 24 * 3600_000;
const SUCCESS: Outcome = { status: "success", result: "done" };
const CANCELLED: Outcome = { status: "cancelled", result: null, error: { code: "cancelled", message: "stop" } };
const QUESTION: Question = {
  id: "q1",
  kind: "question",
  text: "Why?",
  options: null,
  about: { kind: "ask", turn: 1, index: 0 },
  expiresAt: 2_000_000,
};
const ANSWERED: RunEvent = {
  type: "question_answered",
  id: "q1",
  about: QUESTION.about,
  approved: null,
  text: "so",
  comment: null,
  by: "somebody",
  channel: "command_line",
};
const SENT = { type: "message_sent", id: "msg_1", text: "hello", by: "somebody", channel: "command_line" } as const;
const TURN: RunEvent = { type: "turn_started", turn: 1 };
const FINISHED: RunEvent = { type: "run_finished", outcome: SUCCESS };
const RESUMED: RunEvent = { type: "run_resumed", by: "recovery" };

let folder: string;
let file: string;
let now: number;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "legwork-newer-"));
  file = join(folder, "legwork.db");
  now = 1_000_000;
  store = openStore(file, { now: () => now });
});
afterEach(async () => {
  await store.runs.close();
  rmSync(folder, { recursive: true, force: true });
});

const create = (id: string) =>
  store.runs.createRun(newRunNamed(id), { signal: new AbortController().signal, maxChildren: 1 });
const append = (lease: RunLease, ...events: readonly RunEvent[]) =>
  store.runs.append(lease, { events, blobs: [] }, { durable: true });
const interrupt = (lease: RunLease) => store.runs.interruptAll([lease], "gone", { withinMs: 1_000 });

async function started(id: string): Promise<RunLease> {
  await create(id);
  const lease = { runId: id, epoch: 1 };
  expect(await append(lease, { type: "run_started" })).not.toBeNull();
  return lease;
}

async function asking(id: string): Promise<RunLease> {
  expect(await append(await started(id), { type: "question_asked", question: QUESTION })).not.toBeNull();
  return { runId: id, epoch: 2 };
}

async function interrupted(id: string): Promise<RunLease> {
  await interrupt(await started(id));
  return { runId: id, epoch: 2 };
}

const errorOf = (act: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(act)
    .then(
      () => null,
      (error: unknown) => error,
    );
const isRefused = async (act: () => unknown) => isNewerVersion(await errorOf(act));
const typesOf = async (runId: string) =>
  (await store.runs.listEvents(runId, { afterSeq: 0 })).map(({ event }) => event.type);
const statuses = async (...ids: readonly string[]) => (await store.runs.getRuns(ids)).map(({ status }) => status);

describe("a store whose file a newer legwork has changed", () => {
  it("notices it, once and for all", async () => {
    expect(await store.runs.isOutdated()).toBe(false);
    await started("run_1");
    inDatabase(file, (database) => database.exec("UPDATE runs SET title = 'another'")); // of the same version
    expect(await store.runs.isOutdated()).toBe(false);
    migrate(file);
    expect(await store.runs.isOutdated()).toBe(true);
    inDatabase(file, (database) => database.exec("DELETE FROM __drizzle_migrations WHERE hash = 'of the future'"));
    expect(await store.runs.isOutdated()).toBe(true);
  });

  it("begins nothing and ends nothing from outside, and writes nothing of a refused call", async () => {
    const [waits, left, works] = [await asking("run_1"), await interrupted("run_2"), await started("run_3")];
    inDatabase(file, (database) =>
      database.exec("UPDATE runs SET owner = 'elsewhere|1|1', lease_expires_at = 1 WHERE id = 'run_3'"),
    );
    migrate(file);
    const { runs, pins } = store;
    expect(await isRefused(() => create("run_4"))).toBe(true);
    expect(await isRefused(() => runs.claimAll([{ lease: left, events: [RESUMED] }]))).toBe(true);
    expect(await isRefused(() => runs.claimAll([{ lease: left, events: [FINISHED] }]))).toBe(true);
    expect(await isRefused(() => runs.reopen(left, [{ type: "run_resumed", by: "request" }]))).toBe(true);
    expect(await isRefused(() => runs.answer(waits, [ANSWERED]))).toBe(true);
    expect(await isRefused(() => runs.send(works.runId, SENT))).toBe(true);
    expect(await isRefused(() => runs.endTree(works.runId, CANCELLED))).toBe(true);
    const pin = { tool: "t", hash: "h", definition: "d" };
    expect(await isRefused(() => pins.accept("config.yaml", "s", [pin]))).toBe(true);
    expect(await runs.interruptAbandoned()).toEqual([]);
    expect(await runs.getRun("run_4")).toBeNull();
    expect(await statuses("run_1", "run_2", "run_3")).toEqual(["waiting", "interrupted", "running"]);
    expect(pins.load("config.yaml", "s").size).toBe(0);
  });

  it("finishes the runs that it owns, and reads every run", async () => {
    const [one, other] = [await started("run_1"), await started("run_2")];
    migrate(file);
    expect(await append(one, TURN)).not.toBeNull();
    await store.runs.renewLeases();
    expect(await append(one, FINISHED)).not.toBeNull();
    await interrupt(other);
    expect(await statuses("run_1", "run_2")).toEqual(["success", "interrupted"]);
    expect(await typesOf("run_1")).toEqual(["run_created", "run_started", "turn_started", "run_finished"]);
  });

  it("refuses a new run alone, and not the commits that share its transaction", async () => {
    const [one, other] = [await started("run_1"), await started("run_2")];
    migrate(file);
    await append(other, TURN); // two runs that append share their transactions
    const refused = isRefused(() => create("run_3"));
    const saved = [append(one, TURN), append(other, TURN)];
    expect(await refused).toBe(true);
    for (const stored of await Promise.all(saved)) expect(stored).toHaveLength(1);
  });

  it("says so where the tables do not fit any more", async () => {
    const lease = await started("run_1");
    inDatabase(file, (database) => database.exec("ALTER TABLE run_events RENAME COLUMN data TO facts"));
    expect(await errorOf(() => append(lease, TURN))).toMatchObject({ code: "store" });
    migrate(file);
    expect(await isRefused(() => append(lease, TURN))).toBe(true);
  });
});

describe("a run that a newer legwork has written to", () => {
  it("differs from others", async () => {
    const lease = await started("run_1");
    await started("run_2");
    writeNewerEvent(file, "run_1");
    expect(await append(lease, TURN)).not.toBeNull();
    expect(await store.runs.hasNewerEvents("run_1")).toBe(true);
    expect(await store.runs.hasNewerEnds("run_1")).toBe(false); // an event of this version lies behind it
    writeNewerEvent(file, "run_1");
    expect(await store.runs.hasNewerEnds("run_1")).toBe(true);
    expect(await store.runs.hasNewerEnds("run_2")).toBe(false);
    expect(await store.runs.hasNewerEvents("run_2")).toBe(false);
    expect(await isRefused(() => typesOf("run_1"))).toBe(true);
    expect(await typesOf("run_2")).toEqual(["run_created", "run_started"]);
  });

  it("is noticed also where this process has checked the run before, and has written since", async () => {
    const lease = await started("run_1");
    expect(await store.runs.hasNewerEvents("run_1")).toBe(false);
    await append(lease, TURN);
    expect(await store.runs.hasNewerEvents("run_1")).toBe(false);
    writeNewerEvent(file, "run_1");
    await append(lease, TURN);
    expect(await store.runs.hasNewerEvents("run_1")).toBe(true);
    expect(await store.runs.hasNewerEvents("run_1")).toBe(true);
  });

  it("is never read past its newer events, for any type of event", async () => {
    await started("run_1");
    const read = () => store.runs.listEvents("run_1", { afterSeq: 2, type: "message_sent" });
    expect(await read()).toEqual([]);
    writeNewerEvent(file, "run_1");
    expect(await isRefused(read)).toBe(true);
  });

  it("takes no answer here, and is not claimed", async () => {
    const [waits, left] = [await asking("run_1"), await interrupted("run_2")];
    for (const { runId } of [waits, left]) writeNewerEvent(file, runId);
    expect(await isRefused(() => store.runs.answer(waits, [ANSWERED]))).toBe(true);
    expect(await isRefused(() => store.runs.claimAll([{ lease: left, events: [RESUMED] }]))).toBe(true);
    expect(await store.runs.getRun("run_1")).toMatchObject({ status: "waiting", question: QUESTION });
    expect(await statuses("run_2")).toEqual(["interrupted"]);
  });

  it("takes a message, an end and an interruption: none of them reads it", async () => {
    const [one, other] = [await started("run_1"), await started("run_2")];
    writeNewerEvent(file, "run_1");
    writeNewerEvent(file, "run_2");
    expect(await store.runs.send("run_1", SENT)).toBe(true);
    await interrupt(other);
    expect(await store.runs.endTree(one.runId, CANCELLED)).toMatchObject([{ was: "running", ended: true }]);
    expect(await statuses("run_1", "run_2")).toEqual(["cancelled", "interrupted"]);
  });

  it("is kept by a prune with its tree, and with the texts that its events may name in their own way", async () => {
    const parent = await started("run_1");
    await store.runs.createRun(
      newRunNamed("run_2", { parentRunId: "run_1", rootRunId: "run_1", parentSessionId: "ses_run_1" }),
      { signal: new AbortController().signal, maxChildren: 1 },
    );
    const child = { runId: "run_2", epoch: 1 };
    const [blob, unused] = ["a".repeat(64), "b".repeat(64)];
    const answer = { turn: 1, index: 0, tool: "a__b", isError: false, text: "head", milliseconds: 1, blob, size: 11 };
    const blobs = [blob, unused].map((hash) => ({ hash, text: "a long text" }));
    const events: readonly RunEvent[] = [{ type: "run_started" }, { type: "tool_call_finished", ...answer }];
    await store.runs.append(child, { events, blobs }, { durable: true });
    await append(child, FINISHED);
    await append(parent, FINISHED);
    await append(await started("run_3"), FINISHED);
    inDatabase(file, (database) =>
      database.exec(
        `UPDATE run_events SET version = 99, data = replace(data, '"blob":', '"kept_under":') WHERE run_id = 'run_2'`,
      ),
    );
    now += 40 * DAY_MS;
    const prune = () => pruneRuns(file, { olderThan: 30 * DAY_MS, project: null, dryRun: false }, { now: () => now });
    expect(await prune()).toMatchObject({ runs: 1, newer: 2 });
    expect(await statuses("run_1", "run_2", "run_3")).toEqual(["success", "success"]);
    expect(await store.runs.getBlob(blob)).toBe("a long text");
    expect(await store.runs.getBlob(unused)).toBeNull();
    migrate(file);
    expect(await isRefused(prune)).toBe(true);
  });
});
