/** Another process holds the database for a while: writes that can wait do so, and the exit gives up in time. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { RunStore } from "../../src/core/ports/run-store.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { appendTo, created, startedRun, TURN } from "../support/contract-bench.js";
import { newRunNamed } from "../support/new-run.js";

const HELD_MS = 300;
const RESUMED = { type: "run_resumed", by: "recovery" } as const;
const HOLDER = `
  import { openSqlite } from ${JSON.stringify(new URL("../../dist/store/sqlite/driver/open-sqlite.js", import.meta.url).href)};
  const database = openSqlite(process.argv[1]);
  database.exec("BEGIN IMMEDIATE");
  console.log("held");
  setTimeout(() => database.exec("COMMIT"), Number(process.argv[2]));
`;

let folder: string;
let store: RunStore;
let holder: ChildProcess | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "legwork-held-"));
  store = openStore(join(folder, "legwork.db"), { now: Date.now }).runs;
  holder = null;
});
afterEach(async () => {
  await released();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function hold(milliseconds = HELD_MS): Promise<void> {
  const file = join(folder, "legwork.db");
  holder = spawn(process.execPath, ["--input-type=module", "--eval", HOLDER, file, String(milliseconds)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout ?? holder, "data");
}

/** Resolves once the other process is gone. */
async function released(): Promise<void> {
  if (holder && holder.exitCode === null && holder.signalCode === null) await once(holder, "exit");
}

/** Rounds of the event loop while the work goes on. */
async function roundsDuring<T>(work: Promise<T>): Promise<{ value: T; rounds: number }> {
  let rounds = 0;
  const timer = setInterval(() => rounds++, 1);
  const value = await work;
  clearInterval(timer);
  return { value, rounds };
}

it("lets the exit of a process wait no longer than it says, and every other verb until the database is free", async () => {
  const lease = await startedRun(store, newRunNamed("run_1"));
  await hold();
  const before = performance.now();
  await expect(store.interruptAll([lease], "exit", { withinMs: 50 })).rejects.toThrow(StoreError);
  expect(performance.now() - before).toBeLessThan(HELD_MS - 50);
  expect(await store.statusOf("run_1")).toBe("running");
  await store.endTree("run_1", { status: "cancelled", result: null });
  expect(await store.statusOf("run_1")).toBe("cancelled");
});

it("lets this process do other work while its commits wait in the queue", async () => {
  const lease = await startedRun(store, newRunNamed("run_1"));
  await hold();
  const { value: run, rounds } = await roundsDuring(created(store, newRunNamed("run_queued")));
  expect(run.status).toBe("pending");
  expect(rounds).toBeGreaterThan(20);
  await released();
  await hold();
  const appended = await roundsDuring(appendTo(store, lease, [TURN]));
  expect(appended.value).not.toBeNull();
  expect(appended.rounds).toBeGreaterThan(20);
  await released();
  await hold();
  expect((await roundsDuring(store.renewLeases())).rounds).toBeGreaterThan(20);
});

it("lets every write wait for the lock with the same patience, without blocking this process", async () => {
  const [lease, other] = [await startedRun(store, newRunNamed("run_1")), await startedRun(store, newRunNamed("run_2"))];
  await store.interruptAll([other], "exit", { withinMs: 50 });
  const blob = { hash: "big", text: "x".repeat(100_000) };
  const writes: readonly (() => Promise<unknown>)[] = [
    () => store.append(lease, { events: [TURN], blobs: [blob] }, { durable: true }),
    () => store.send("run_1", { type: "message_sent", id: "m", text: "x", by: "you", channel: "respond_to_run" }),
    () => store.claimAll([{ lease: { ...other, epoch: other.epoch + 1 }, events: [RESUMED] }]),
    () => store.endTree("run_1", { status: "cancelled", result: null }),
  ];
  await hold(1_500); // longer than a statement waits for a lock by itself
  const all = await roundsDuring(Promise.all(writes.map((write) => write())));
  expect(all.rounds).toBeGreaterThan(20);
  expect([await store.statusOf("run_1"), await store.statusOf("run_2")]).toEqual(["cancelled", "running"]);
  expect((await store.listEvents("run_1", { afterSeq: 0 })).map(({ event }) => event.type)).toEqual([
    "run_created",
    "run_started",
    "turn_started",
    "message_sent",
    "run_finished",
  ]);
});
