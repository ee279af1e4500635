/** The exit: a host closes the input of legwork while runs and downstream servers are active. */
import { setTimeout as delay } from "node:timers/promises";
import { openSqlite } from "../../dist/store/sqlite/driver/open-sqlite.js";
import { descendantsOf, isAlive } from "../support/processes.mjs";
import { startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { row } from "../support/table.mjs";
import { until } from "../support/until.mjs";

const RUNS = 20;
const SERVERS = 3;
const ROUNDS = 5;

export async function measure() {
  const ends = [];
  for (let n = 0; n < ROUNDS; n++) ends.push(await endOnce());
  const worst = (field) => Math.round(Math.max(...ends.map((end) => end[field])));
  return [
    row("end of input to all interrupted on disk, worst of 5", {
      ours: `${worst("written")} ms`,
      value: worst("written"),
      bar: 100,
      unit: "ms",
    }),
    row("end of input to exit, worst of 5", {
      ours: `${worst("gone")} ms`,
      value: worst("gone"),
      bar: 2_000,
      unit: "ms",
    }),
    row("child processes left", { ours: String(worst("left")), value: worst("left"), bar: 0, unit: "" }),
  ];
}

async function endOnce() {
  const model = await startModel();
  const legwork = await startLegwork(model, { concurrentRuns: RUNS, servers: SERVERS });
  try {
    for (let n = 0; n < RUNS; n++) await legwork.spawn(modelNamed({ calls: 1, hang: true }));
    await until(async () => (await model.held()) === RUNS);
    return await endAndWatch(legwork, RUNS);
  } finally {
    await legwork.close();
    model.close();
    legwork.remove();
  }
}

/**
 * Closes the input and watches the database from another connection, because only committed data counts.
 * Returns the milliseconds until all runs were interrupted and until the process had exited, and the number of children left.
 */
export async function endAndWatch(legwork, runs) {
  const children = descendantsOf(legwork.pid);
  const database = openSqlite(legwork.database, { readonly: true });
  const interrupted = database.prepare("SELECT count(*) FROM run_events WHERE type = 'run_interrupted'").pluck();
  const ended = performance.now();
  legwork.endInput();
  try {
    let seen = 0;
    while (seen < runs) {
      await delay(1);
      seen = interrupted.get();
      if (performance.now() - ended > 10_000) throw new Error(`only ${seen} of ${runs} runs were interrupted`);
    }
    const written = performance.now() - ended;
    const gone = (await legwork.exited) - ended;
    return { written, gone, left: children.filter(isAlive).length, children: children.length };
  } finally {
    database.close();
  }
}
