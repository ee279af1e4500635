/**
 * The size of the write-ahead log under load: 2 processes with 8 runs each that never pause, 2 processes that list runs
 * without a pause, an idle connection, and a slow reader of a listing. Takes one minute, or BENCH_MINUTES.
 */
import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openSqlite } from "../../dist/store/sqlite/driver/open-sqlite.js";
import { benchConfig, createSandbox, startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { mib, row } from "../support/table.mjs";

const MINUTES = Number(process.env.BENCH_MINUTES ?? 1);
const WRITERS = 2;
const LISTERS = 2;
const RUNS = 8;
const CALLS = 100;
const LISTING_SECONDS = 2; // in every four
const BAR_MIB = 64;
const LOOK_EVERY_MS = 50;

export async function measure() {
  const model = await startModel();
  const sandbox = createSandbox(benchConfig(model, { concurrentRuns: RUNS }));
  const started = [];
  for (let n = 0; n < WRITERS + LISTERS; n++) started.push(await startLegwork(model, { sandbox }));
  const [writers, listers] = [started.slice(0, WRITERS), started.slice(WRITERS)];
  await writers[0].call("list_runs", {});
  const idle = openSqlite(sandbox.database);
  idle.prepare("SELECT count(*) FROM runs").get();
  const end = performance.now() + MINUTES * 60_000;
  const isOver = () => performance.now() > end;
  try {
    const [, , , sizes] = await Promise.all([
      Promise.all(writers.map((writer) => writeUntil(isOver, writer))),
      Promise.all(listers.map((lister) => listUntil(isOver, lister))),
      listSlowlyUntil(isOver, sandbox.database),
      watchUntil(isOver, `${sandbox.database}-wal`),
    ]);
    const runs = idle.prepare("SELECT count(*) FROM runs").pluck().get();
    const largest = Math.max(...sizes) / 1024 / 1024;
    return [
      row(`the write-ahead log at its largest, in ${MINUTES} min of load with readers`, {
        ours: mib(largest),
        value: largest,
        bar: BAR_MIB,
        unit: "MiB",
      }),
      row("the write-ahead log then, median", {
        ours: mib(sizes.sort((a, b) => a - b)[sizes.length >> 1] / 1024 / 1024),
      }),
      row(`runs of ${CALLS} tool calls that ended meanwhile`, { ours: String(runs) }),
      row("the database after it", { ours: mib(statSync(sandbox.database).size / 1024 / 1024) }),
    ];
  } finally {
    idle.close();
    await Promise.all(started.map((legwork) => legwork.close()));
    model.close();
    sandbox.remove();
  }
}

/** Keeps all slots busy: starts a run for each one that has ended. */
async function writeUntil(isOver, legwork) {
  const slots = Array.from({ length: RUNS }, async () => {
    while (!isOver()) await legwork.finish([await legwork.spawn(modelNamed({ calls: CALLS }))]);
  });
  await Promise.all(slots);
}

async function listUntil(isOver, legwork) {
  while (!isOver()) await legwork.call("list_runs", { limit: 100 });
}

/** A reader that is in the middle of a listing half of the time, and so keeps the log from being trimmed. */
async function listSlowlyUntil(isOver, file) {
  const database = openSqlite(file, { readonly: true });
  try {
    while (!isOver()) {
      const rows = database.prepare("SELECT * FROM run_events ORDER BY run_id, seq").iterate();
      rows.next();
      await delay(LISTING_SECONDS * 1000);
      rows.return();
      await delay(LISTING_SECONDS * 1000);
    }
  } finally {
    database.close();
  }
}

async function watchUntil(isOver, file) {
  const sizes = [];
  while (!isOver()) {
    sizes.push(statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    await delay(LOOK_EVERY_MS);
  }
  return sizes;
}
