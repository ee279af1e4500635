/** Commits reach the disk beside the work, and nothing that an effect follows goes on before that. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as nextRound } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { RunEvent } from "../../src/core/run/event.js";
import { type CommitQueue, createCommitQueue } from "../../src/store/sqlite/connection/commit-queue.js";
import { type Connection, connect } from "../../src/store/sqlite/connection/connection.js";
import { createLogSync, type Disk } from "../../src/store/sqlite/connection/log-sync.js";
import { processOwners } from "../../src/store/sqlite/connection/owner.js";
import { createRunStore } from "../../src/store/sqlite/runs/run-store.js";
import { newRunNamed } from "../support/new-run.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "legwork-sync-"));
  file = join(folder, "legwork.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a log", () => {
  /** A disk on which each sync ends when it is told to. */
  function slowDisk() {
    const syncs: ((error: Error | null) => void)[] = [];
    let standing = 0;
    const disk: Disk = {
      sync: (_file, done) => syncs.push(done),
      syncNow: () => {
        standing += 1;
      },
    };
    return { disk, syncs, standing: () => standing };
  }

  it("is synced once for all who asked before the sync began", async () => {
    writeFileSync(`${file}-wal`, "log");
    const { disk, syncs } = slowDisk();
    const sync = createLogSync(file, disk);
    const ends: string[] = [];
    const ask = (name: string) => sync.soon().then(() => ends.push(name));
    const asked = [ask("a"), ask("b"), ask("c")]; // what b and c have written may have missed the first
    expect(syncs).toHaveLength(1);
    syncs[0]?.(null);
    await asked[0];
    await nextRound();
    expect([ends, syncs.length]).toEqual([["a"], 2]);
    syncs[1]?.(null);
    await Promise.all(asked);
    expect(syncs).toHaveLength(2);
    sync.close();
  });

  it("that is closed while it is being synced is synced a last time, for those who wait", async () => {
    writeFileSync(`${file}-wal`, "log");
    const { disk, syncs, standing } = slowDisk();
    const sync = createLogSync(file, disk);
    const asked = [sync.soon(), sync.soon()];
    sync.close();
    expect(standing()).toBe(1);
    syncs[0]?.(null);
    await Promise.all([...asked, sync.soon()]);
    expect(syncs).toHaveLength(1);
  });

  it("is not taken for synced where the other way of syncing has failed meanwhile", async () => {
    writeFileSync(`${file}-wal`, "log");
    const { disk, syncs } = slowDisk();
    const broken = {
      ...disk,
      syncNow: () => {
        throw new Error("EIO");
      },
    };
    const sync = createLogSync(file, broken);
    const asked = sync.soon();
    expect(() => sync.now()).toThrow("EIO");
    syncs[0]?.(null);
    await expect(asked).rejects.toThrow("EIO");
    expect(() => sync.check()).toThrow("EIO");
    sync.close();
  });

  it("that nobody waits for is synced with the next who does, or by itself some milliseconds later", async () => {
    writeFileSync(`${file}-wal`, "log");
    const { disk, syncs, standing } = slowDisk();
    const sync = createLogSync(file, disk);
    sync.later();
    sync.later();
    expect(syncs).toHaveLength(0);
    const asked = sync.soon();
    syncs[0]?.(null);
    await asked;
    await delay(60);
    expect(syncs).toHaveLength(1);
    sync.later();
    await vi.waitFor(() => expect(syncs).toHaveLength(2), 5_000);
    syncs[1]?.(null);
    await nextRound();
    sync.later();
    sync.close();
    expect(standing()).toBe(1);
  });

  it("is synced for real", async () => {
    writeFileSync(`${file}-wal`, "log");
    const sync = createLogSync(file);
    const asked = [sync.soon(), sync.soon(), sync.soon()];
    sync.now();
    sync.close();
    await Promise.all([...asked, sync.soon()]);
  });

  it("that is not there yet can be synced later", async () => {
    const sync = createLogSync(file);
    await expect(sync.soon()).rejects.toThrow("ENOENT");
    writeFileSync(`${file}-wal`, "log");
    await sync.soon();
    sync.close();
  });

  it("that could not be synced once is never taken for synced again", async () => {
    execFileSync("mkfifo", [`${file}-wal`]); // no file that can be synced
    const sync = createLogSync(file);
    const [first, second] = [sync.soon(), sync.soon()];
    await expect(first).rejects.toThrow("EINVAL");
    await expect(second).rejects.toThrow("EINVAL");
    expect(() => sync.now()).toThrow("EINVAL");
    sync.close();
    await expect(sync.soon()).rejects.toThrow("EINVAL");
  });
});

describe("events", () => {
  const hold = { runId: "run_1", epoch: 1 };
  const reads: RunEvent = { type: "tool_call_started", turn: 1, index: 0, tool: "s__read", effect: "read_only" };
  const changes: RunEvent = { ...reads, tool: "s__write", effect: "idempotent" };
  const turn: RunEvent = { type: "turn_started", turn: 1 };

  /** A disk that is waited for until it is told that it is done. */
  let disk: ReturnType<typeof withResolvers>;
  let connection: Connection;
  let commits: CommitQueue;
  const stored = () =>
    createRunStore(connection, { now: Date.now }, processOwners())
      .listEvents("run_1", { afterSeq: 0 })
      .map(({ event }) => event.type);

  beforeEach(async () => {
    disk = withResolvers();
    disk.resolve();
    const nothing = () => {};
    connection = connect(file, {
      check: nothing,
      soon: () => disk.promise,
      later: nothing,
      now: nothing,
      close: nothing,
    });
    const store = createRunStore(connection, { now: Date.now }, processOwners());
    commits = createCommitQueue(store, () => true);
    store.createRun(newRunNamed("run_1"));
    await commits.save(hold, [{ type: "run_started" }]);
    disk = withResolvers();
  });
  afterEach(() => connection.close());

  /** Whether it is settled although the disk is not done. */
  async function goesOn(saving: Promise<unknown>): Promise<boolean> {
    let isSettled = false;
    void saving.finally(() => {
      isSettled = true;
    });
    await nextRound();
    await nextRound();
    return isSettled;
  }

  it.each([
    ["before a request to the model", [turn]],
    ["before a call that changes something", [changes]],
    ["before calls of which one changes something", [changes, reads]],
    ["at the end of the run", [{ type: "run_finished", outcome: { status: "success", result: "done" } }]],
  ] as const)("are on the disk %s", async (_name, events: readonly RunEvent[]) => {
    const saving = commits.save(hold, events);
    expect(await goesOn(saving)).toBe(false);
    expect(stored().at(-1)).toBe(events.at(-1)?.type); // and can be read by everybody already
    disk.resolve();
    await saving;
  });

  it("are written before calls that only read, and the disk is not waited for", async () => {
    const saving = commits.save(hold, [turn, reads]);
    expect(stored().slice(-2)).toEqual(["turn_started", "tool_call_started"]);
    expect(await goesOn(saving)).toBe(true);
  });

  it("that could not be synced to the disk are reported as not saved", async () => {
    const saving = commits.save(hold, [turn]);
    disk.reject(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO", syscall: "fdatasync" }));
    await expect(saving).rejects.toThrow(StoreError);
    await expect(saving).rejects.toThrow("disk");
  });
});

function withResolvers() {
  let resolve = () => {};
  let reject = (_reason: Error) => {};
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}
