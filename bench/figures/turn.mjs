/**
 * A turn, its growth and its size on disk: one agent, 200 turns of one tool call each, a model without latency.
 * The model's stand-in takes the times, for legwork and for the bare loop: a turn lasts from one request to the next.
 */
import { statSync } from "node:fs";
import { openSqlite } from "../../dist/store/sqlite/driver/open-sqlite.js";
import { startBareLoop } from "../support/start-bare-loop.mjs";
import { startLegwork } from "../support/start-legwork.mjs";
import { startModel } from "../support/start-model.mjs";
import { median, medianRatio, quantile, sum } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";
import { ENDS, TURNS, timeRun } from "../support/time-run.mjs";

const ROUNDS = 9;

export async function measure() {
  const model = await startModel();
  const bare = await startBareLoop(model);
  const legwork = await startLegwork(model);
  try {
    const contenders = {
      bare: (name) => bare.run([name]),
      journalled: (name) => bare.run([name], { journal: true }),
      ours: async (name) => legwork.finish([await legwork.spawn(name)]),
    };
    const pids = { bare: bare.pid, journalled: bare.pid, ours: legwork.pid };
    const time = (contender) => timeRun(contenders[contender], pids[contender], model);
    const first = { bare: await time("bare"), journalled: await time("journalled"), ours: await time("ours") };
    const rounds = [];
    for (let n = 0; n < ROUNDS; n++) {
      const order = n % 2 === 0 ? ["bare", "ours", "journalled"] : ["journalled", "ours", "bare"];
      const round = {};
      for (const contender of order) round[contender] = await time(contender);
      rounds.push(round);
    }
    await legwork.close();
    return rowsOf(first, rounds, bytesOf(legwork.database) / (TURNS * (ROUNDS + 1)));
  } finally {
    await Promise.all([legwork.close(), bare.close()]);
    model.close();
    legwork.remove();
  }
}

function rowsOf(first, rounds, bytesPerTurn) {
  const of = (contender, field) => rounds.map((round) => round[contender][field]);
  const perTurn = (contender) => ms(median(of(contender, "turn")));
  const over = (ours, floor, field) =>
    medianRatio(rounds.map((round) => ({ ours: round[ours][field], floor: round[floor][field] })));
  const p99 = (contender) => quantile(of(contender, "turns").flat(), 0.99);
  const cpu = (contender) => `${ms(sum(of(contender, "cpu")) / ROUNDS / TURNS)} a turn`;
  const cpuOver = (ours, floor) => ({
    ours: cpu(ours),
    floor: cpu(floor),
    ratio: sum(of(ours, "cpu")) / sum(of(floor, "cpu")),
  });
  const growth = (contender) => `${median(of(contender, "growth")).toFixed(2)} x`;
  return [
    row("a turn, over the bare loop", {
      ours: perTurn("ours"),
      floor: perTurn("bare"),
      ratio: over("ours", "bare", "turn"),
      bar: 1.8,
    }),
    row("a turn, over the bare loop with a journal", {
      ours: perTurn("ours"),
      floor: perTurn("journalled"),
      ratio: over("ours", "journalled", "turn"),
    }),
    row("the bare loop with a journal, over the bare loop", {
      ours: perTurn("journalled"),
      floor: perTurn("bare"),
      ratio: over("journalled", "bare", "turn"),
    }),
    row("a turn in the first run of a process", {
      ours: `${ms(first.ours.turn)}`,
      floor: `${ms(first.bare.turn)}`,
      ratio: first.ours.turn / first.bare.turn,
    }),
    row("a turn, p99 (floor: with a journal)", {
      ours: ms(p99("ours")),
      floor: ms(p99("journalled")),
      ratio: p99("ours") / p99("journalled"),
    }),
    row("processor time of a turn", { ...cpuOver("ours", "bare"), bar: 2 }),
    row("processor time of a turn, over the bare loop with a journal", cpuOver("ours", "journalled")),
    row(`growth: last ${ENDS} of ${TURNS} turns over the first ${ENDS}`, {
      ours: growth("ours"),
      floor: growth("bare"),
      ratio: over("ours", "bare", "growth"),
    }),
    row("disk", {
      ours: `${(bytesPerTurn / 1024).toFixed(1)} KiB a turn`,
      value: bytesPerTurn / 1024,
      bar: 20,
      unit: "KiB",
    }),
  ];
}

/** The size of a closed database, whose log has been written back. */
function bytesOf(file) {
  const database = openSqlite(file);
  database.pragma("wal_checkpoint(TRUNCATE)");
  database.close();
  return statSync(file).size;
}
