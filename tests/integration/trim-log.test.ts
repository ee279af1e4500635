/** The write-ahead log on a real file: what lets it grow, and what makes it small again. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { RunLease } from "../../src/core/ports/run-store.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { startedRun, TURN } from "../support/contract-bench.js";
import { newRunNamed } from "../support/new-run.js";

const MIB = 1024 * 1024;

function setStore() {
  const folder = mkdtempSync(join(tmpdir(), "legwork-log-"));
  const file = join(folder, "legwork.db");
  const store = openStore(file, { now: Date.now }).runs;
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let written = 0;
  let lease: RunLease | null = null;
  return {
    /** As every process does while it looks for abandoned runs. */
    trim: () => store.interruptAbandoned(),
    logSize: () => statSync(`${file}-wal`).size,
    /** In commits of their own. */
    async write(mebibytes: number): Promise<void> {
      lease ??= await startedRun(store, newRunNamed("run_1"));
      for (let n = 0; n < mebibytes; n++) {
        const blob = { hash: String(written), text: `${written++} `.padEnd(MIB, "x") };
        await store.append(lease, { events: [TURN], blobs: [blob] }, { durable: true });
      }
    },
    /** Another program in the middle of a listing, until the returned function is called. */
    read(): () => void {
      const database = openSqlite(file, { readonly: true });
      const rows = database.prepare("SELECT * FROM blobs").iterate();
      rows.next();
      return () => {
        rows.return?.();
        database.close();
      };
    },
  };
}

it("stays small by itself where nobody is in the middle of reading", async () => {
  const { write, logSize, trim } = setStore();
  await write(40);
  expect(logSize()).toBeLessThan(16 * MIB);
  await trim();
  await write(1);
  expect(logSize()).toBeGreaterThan(0); // what is small is used again
});

it("grows while somebody is, and is empty soon after", async () => {
  const { write, logSize, read, trim } = setStore();
  await write(1);
  const stop = read();
  await write(40);
  await trim();
  expect(logSize()).toBeGreaterThan(40 * MIB);
  stop();
  await trim();
  expect(logSize()).toBe(0);
});

it("gives its space back with the next commits where nobody trims it", async () => {
  const { write, logSize, read } = setStore();
  await write(1);
  const stop = read();
  await write(40);
  stop();
  await write(2); // the first writes all back, the second begins anew
  expect(logSize()).toBeLessThanOrEqual(8 * MIB);
});
