/** Another process holds the database for a while: what can wait waits, what should not is told so at once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { RunStore } from "../../src/core/ports/run-store.js";
import { createCommitQueue } from "../../src/store/sqlite/connection/commit-queue.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { newRunNamed } from "../support/new-run.js";

const HELD_MS = 300;
const HOLDER = `
  import { openSqlite } from ${JSON.stringify(new URL("../../dist/store/open-sqlite.js", import.meta.url).href)};
  const database = openSqlite(process.argv[1]);
  database.exec("BEGIN IMMEDIATE");
  console.log("held");
  setTimeout(() => database.exec("COMMIT"), ${HELD_MS});
`;

let folder: string;
let store: RunStore;
let holder: ChildProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "legwork-held-"));
  const file = join(folder, "legwork.db");
  store = openStore(file, { now: Date.now }).runs;
  holder = spawn(process.execPath, ["--input-type=module", "--eval", HOLDER, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout ?? holder, "data");
});
afterEach(async () => {
  if (holder.exitCode === null) await once(holder, "exit");
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

it("tells a commit that does not want to wait, and lets every other verb wait", () => {
  const create = (id: string) => () => store.createRun(newRunNamed(id));
  expect(() => store.togetherAtOnce(create("run_at_once"))).toThrow(StoreError);
  expect(store.getRun("run_at_once")).toBeNull();
  expect(create("run_patient")()).toMatchObject({ kind: "created" });
  expect(store.togetherAtOnce(create("run_later"))).toMatchObject({ kind: "created" });
});

it("lets this process go on with other things while a commit waits in the queue", async () => {
  const commits = createCommitQueue(store, () => true);
  let rounds = 0;
  const timer = setInterval(() => rounds++, 1);
  const created = await commits.write(() => store.createRun(newRunNamed("run_queued")));
  clearInterval(timer);
  expect(created.kind).toBe("created");
  expect(rounds).toBeGreaterThan(20);
});
