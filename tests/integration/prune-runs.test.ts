/** Pruning on a real file: what goes, what stays, what others notice of it. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RunEvent } from "../../src/core/journal/event.js";
import type { NewRun } from "../../src/core/ports/run-store.js";
import type { EndStatus } from "../../src/core/run/run.js";
import { sha256 } from "../../src/lib/hash.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { type PruneRequest, pruneRuns } from "../../src/store/sqlite/maintenance/prune-runs.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { appendTo, startedRun, TURN } from "../support/contract-bench.js";
import { newRunNamed } from "../support/new-run.js";

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;

function setStore() {
  const folder = mkdtempSync(join(tmpdir(), "legwork-prune-"));
  const file = join(folder, "legwork.db");
  const clock = { time: 1_000 * DAY_MS, now: () => clock.time };
  const store = openStore(file, clock).runs;
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function create(id: string, fields: Partial<NewRun> = {}): Promise<void> {
    const hostSession = { id: "ses_host", clientName: "host", clientVersion: "1" };
    await startedRun(store, newRunNamed(id, { rootRunId: fields.parentRunId ?? id, hostSession, ...fields }));
  }

  async function finish(id: string, status: EndStatus = "success"): Promise<void> {
    await appendTo(store, { runId: id, epoch: 1 }, [{ type: "run_finished", outcome: { status, result: "done" } }]);
  }

  /** The run got an answer so long that it is kept beside the event. */
  async function answerAt(id: string, text: string): Promise<string> {
    const hash = sha256(text);
    const event: RunEvent = {
      type: "tool_call_finished",
      turn: 1,
      index: 0,
      tool: "a__b",
      isError: false,
      text: "head",
      milliseconds: 1,
      blob: hash,
      size: text.length,
    };
    await store.append({ runId: id, epoch: 1 }, { events: [event], blobs: [{ hash, text }] }, { durable: false });
    return hash;
  }

  /** A text whose event does not name it. */
  async function keep(id: string, text: string): Promise<string> {
    const blob = { hash: sha256(text), text };
    await store.append({ runId: id, epoch: 1 }, { events: [TURN], blobs: [blob] }, { durable: false });
    return blob.hash;
  }

  /** Changes what only a newer part of legwork writes. */
  function write(sql: string): void {
    const database = openSqlite(file);
    database.exec(sql);
    database.close();
  }

  function count(sql: string): number {
    const database = openSqlite(file, { readonly: true });
    const found = database.prepare(sql).pluck().get();
    database.close();
    return Number(found);
  }

  const prune = (request: Partial<PruneRequest> = {}) =>
    pruneRuns(file, { olderThan: 30 * DAY_MS, project: null, dryRun: false, ...request }, clock);
  const later = (milliseconds: number) => {
    clock.time += milliseconds;
  };
  const all = { status: null, agent: null, project: null, parentSessionId: null, parentRunId: null };
  const left = async () => (await store.listRuns({ ...all, since: null, after: null, limit: 100 })).map(({ id }) => id);
  return { store, file, create, finish, answerAt, keep, write, count, prune, later, left };
}

describe("pruning", () => {
  it("deletes runs that ended long enough ago, with their events and sessions, and nothing younger", async () => {
    const { create, finish, prune, later, left, count } = setStore();
    await create("run_1");
    await finish("run_1");
    await create("run_2");
    await finish("run_2", "error");
    later(20 * DAY_MS);
    await create("run_3");
    await finish("run_3");
    later(10 * DAY_MS);
    expect(await prune()).toMatchObject({ runs: 0, bytes: 0 }); // not older than 30 days, but just as old
    later(1);
    expect(await prune()).toMatchObject({ runs: 2, bytes: expect.any(Number) });
    expect(await left()).toEqual(["run_3"]);
    expect(count("SELECT count(*) FROM run_events")).toBe(3);
    expect(count("SELECT count(*) FROM sessions")).toBe(2);
    later(30 * DAY_MS);
    expect(await prune()).toMatchObject({ runs: 1 });
    expect(count("SELECT count(*) FROM sessions")).toBe(0);
  });

  it("never deletes a run that has not ended", async () => {
    const { store, create, write, prune, later, left } = setStore();
    for (const id of ["run_1", "run_2", "run_3", "run_4"]) await create(id);
    write("UPDATE runs SET status = 'pending' WHERE id = 'run_2'");
    write("UPDATE runs SET status = 'waiting' WHERE id = 'run_3'");
    await store.interruptAll([{ runId: "run_4", epoch: 1 }], "gone", { withinMs: 1_000 });
    later(1_000 * DAY_MS);
    expect(await prune()).toMatchObject({ runs: 0 });
    expect(await left()).toHaveLength(4);
  });

  it("deletes trees whole or not at all", async () => {
    const { create, finish, prune, later, left } = setStore();
    await create("run_1");
    await create("run_2", { parentRunId: "run_1", hostSession: null, parentSessionId: "ses_run_1" });
    await create("run_3", {
      parentRunId: "run_2",
      rootRunId: "run_1",
      hostSession: null,
      parentSessionId: "ses_run_2",
    });
    await finish("run_3");
    later(40 * DAY_MS);
    expect(await prune()).toMatchObject({ runs: 0 }); // its parents go on
    await finish("run_2");
    await finish("run_1");
    later(20 * DAY_MS);
    expect(await prune()).toMatchObject({ runs: 0 }); // the last of them has not been over for long
    later(20 * DAY_MS);
    expect(await prune()).toMatchObject({ runs: 3 });
    expect(await left()).toEqual([]);
  });

  it("keeps a run as long as a run that continues it stays", async () => {
    const { create, finish, prune, later, left } = setStore();
    await create("run_1");
    await finish("run_1");
    later(40 * DAY_MS);
    await create("run_2", { continues: "run_1", message: "go on" });
    await finish("run_2");
    expect(await prune({ dryRun: true })).toMatchObject({ runs: 0 });
    expect(await prune()).toMatchObject({ runs: 0 });
    expect(await left()).toEqual(["run_2", "run_1"]);
    later(40 * DAY_MS);
    expect(await prune({ dryRun: true })).toMatchObject({ runs: 2 });
    expect(await prune()).toMatchObject({ runs: 2 });
    expect(await left()).toEqual([]);
  });

  it("of one project leaves the others alone", async () => {
    const { create, finish, prune, later, left } = setStore();
    await create("run_1");
    await create("run_2", { project: "/other" });
    await finish("run_1");
    await finish("run_2");
    later(40 * DAY_MS);
    expect(await prune({ project: "/project" })).toMatchObject({ runs: 1 });
    expect(await left()).toEqual(["run_2"]);
  });

  it("deletes long answers to which no run refers any more, and no other", async () => {
    const { store, create, finish, answerAt, keep, prune, later } = setStore();
    await create("run_1");
    const [own, shared] = [
      await answerAt("run_1", "own ".repeat(9_000)),
      await answerAt("run_1", "shared ".repeat(9_000)),
    ];
    await finish("run_1");
    later(40 * DAY_MS);
    await create("run_2");
    expect(await answerAt("run_2", "shared ".repeat(9_000))).toBe(shared);
    const fresh = await keep("run_2", "its event is about to be written");
    const dry = await prune({ dryRun: true });
    expect(await store.getBlob(own)).not.toBeNull();
    const { bytes, runs } = await prune();
    expect({ bytes, runs }).toEqual({ bytes: dry.bytes, runs: 1 });
    expect(bytes).toBeGreaterThan(4 * 9_000);
    expect(bytes).toBeLessThan(7 * 9_000);
    expect(await store.getBlob(own)).toBeNull();
    expect(await store.getBlob(shared)).not.toBeNull();
    expect(await store.getBlob(fresh)).not.toBeNull();
  });

  it("keeps a text that another call has just stored again", async () => {
    const { store, create, keep, prune, later } = setStore();
    await create("run_1");
    const hash = await keep("run_1", "the same as long ago");
    later(40 * DAY_MS);
    await keep("run_1", "the same as long ago");
    await prune();
    expect(await store.getBlob(hash)).toBe("the same as long ago");
    later(2 * HOUR_MS);
    await prune();
    expect(await store.getBlob(hash)).toBeNull();
  });

  it("lets a run of another connection write in between, and makes the file smaller", async () => {
    const { store, file, create, finish, answerAt, prune, later, left, count } = setStore();
    const runOf = async (n: number) => {
      await create(`run_${n}`);
      await answerAt(`run_${n}`, `${n} `.repeat(5_000));
      await finish(`run_${n}`);
    };
    await Promise.all(Array.from({ length: 600 }, (_, index) => runOf(1_000 + index)));
    later(40 * DAY_MS);
    await create("run_2000");
    let written = 0;
    const writing = setInterval(() => {
      void appendTo(store, { runId: "run_2000", epoch: 1 }, [{ type: "message_injected", text: "x" }]).then(() => {
        written += 1;
      });
    }, 1);
    const { runs, fileBytes } = await prune();
    clearInterval(writing);
    await appendTo(store, { runId: "run_2000", epoch: 1 }, [{ type: "message_injected", text: "last" }]);
    expect(runs).toBe(600);
    expect(written).toBeGreaterThan(10);
    expect(await left()).toEqual(["run_2000"]);
    expect(count("SELECT count(*) FROM run_events")).toBe(written + 3);
    expect(fileBytes.after).toBeLessThan(fileBytes.before / 4);
    expect(statSync(file).size).toBe(fileBytes.after);
    expect(count("PRAGMA freelist_count")).toBe(0);
  });
});
