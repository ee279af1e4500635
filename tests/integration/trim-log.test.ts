/** The write-ahead log on a real file: what lets it grow, and what makes it small again. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { openStore } from "../../src/store/sqlite/open-store.js";

const MIB = 1024 * 1024;

function setStore() {
  const folder = mkdtempSync(join(tmpdir(), "legwork-log-"));
  const file = join(folder, "legwork.db");
  const store = openStore(file, { now: Date.now }).runs;
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let written = 0;
  return {
    store,
    logSize: () => statSync(`${file}-wal`).size,
    /** In commits of their own. */
    write(mebibytes: number): void {
      for (let n = 0; n < mebibytes; n++) store.putBlob(`${written++} `.padEnd(MIB, "x"));
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

it("stays small by itself where nobody is in the middle of reading", () => {
  const { write, logSize, store } = setStore();
  write(40);
  expect(logSize()).toBeLessThan(16 * MIB);
  store.trimLog();
  write(1);
  expect(logSize()).toBeGreaterThan(0); // what is small is used again
});

it("grows while somebody is, and is empty soon after", () => {
  const { write, logSize, read, store } = setStore();
  write(1);
  const stop = read();
  write(40);
  store.trimLog();
  expect(logSize()).toBeGreaterThan(40 * MIB);
  stop();
  store.trimLog();
  expect(logSize()).toBe(0);
});

it("gives its space back with the next commits where nobody trims it", () => {
  const { write, logSize, read } = setStore();
  write(1);
  const stop = read();
  write(40);
  stop();
  write(2); // the first writes all back, the second begins anew
  expect(logSize()).toBeLessThanOrEqual(8 * MIB);
});
