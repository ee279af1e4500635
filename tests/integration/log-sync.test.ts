/** Commits reach the disk beside the work, and nothing that an effect follows goes on before that. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as nextRound } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { RunLease, RunStore } from "../../src/core/ports/run-store.js";
import { type Connection, connect } from "../../src/store/sqlite/connection/connection.js";
import { createLogSync, type Disk } from "../../src/store/sqlite/connection/log-sync.js";
import { processOwners } from "../../src/store/sqlite/connection/owner.js";
import { createRunStore } from "../../src/store/sqlite/runs/run-store.js";
import { created, startedRun, TURN } from "../support/contract-bench.js";
import { eventually } from "../support/in-time.js";
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

  it("that is closed during an fsync gets a last fsync for its waiting callers", async () => {
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

  it("does not count as fsynced where the other way has failed meanwhile", async () => {
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
    await eventually(() => expect(syncs).toHaveLength(2));
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

  it("whose fsync failed once never counts as fsynced again", async () => {
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
  /** A disk that is waited for until it is told that it is done. */
  let disk: ReturnType<typeof withResolvers>;
  let connection: Connection;
  let store: RunStore;
  let lease: RunLease;
  const stored = async () => (await store.listEvents("run_1", { afterSeq: 0 })).map(({ event }) => event.type);
  const save = (durable: boolean) => store.append(lease, { events: [TURN], blobs: [] }, { durable });

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
    store = createRunStore(connection, { now: Date.now }, processOwners());
    lease = await startedRun(store, newRunNamed("run_1"));
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

  it("that an effect follows are on the disk before it", async () => {
    const saving = save(true);
    expect(await goesOn(saving)).toBe(false);
    expect((await stored()).at(-1)).toBe("turn_started"); // and can be read by everybody already
    disk.resolve();
    expect(await saving).not.toBeNull();
  });

  it("that no effect follows are committed, and the disk is not waited for", async () => {
    const saving = save(false);
    expect((await stored()).at(-1)).toBe("turn_started");
    expect(await goesOn(saving)).toBe(true);
  });

  it("are waited for each by itself where they share a commit", async () => {
    const other = startedRun(store, newRunNamed("run_2"));
    disk.resolve();
    await other; // two runs at work share commits
    disk = withResolvers();
    const [waits, waitsNot] = [save(true), save(false)];
    expect(await waitsNot).not.toBeNull();
    expect(await goesOn(waits)).toBe(false);
    disk.resolve();
    await waits;
  });

  it("of a new run are on the disk before anybody learns of it", async () => {
    const creating = created(store, newRunNamed("run_2", { idempotency: { key: "k", requestHash: "h" } }));
    expect(await goesOn(creating)).toBe(false);
    await eventually(async () => expect(await store.getRun("run_2")).not.toBeNull());
    const finding = store.findRun("/project", "k");
    expect(await goesOn(finding)).toBe(false);
    disk.resolve();
    expect((await creating).id).toBe("run_2");
    expect((await finding)?.run.id).toBe("run_2");
  });

  it("that could not be synced to the disk are reported as not saved", async () => {
    const saving = save(true);
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
