/**
 * The workspace server beside the reference file server: its start, and the read of a file of 10 KB.
 * The reference is measured as npm installs it, and also put into one file as ours is.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { median, medianRatio } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const OURS = fileURLToPath(new URL("../../dist/bundle/workspace-server.js", import.meta.url));
const REFERENCE = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"));
const STARTS = 15;
const READS = 1_000;

export async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "legwork-bench-"));
  try {
    writeFileSync(join(folder, "file.txt"), "0123456789abcde\n".repeat(640));
    const programs = { ours: OURS, floor: REFERENCE, bundled: await bundled(folder) };
    const starts = await inTurns(STARTS, programs, (program) => timeStart(program, folder));
    const reads = await inTurns(3, programs, (program) => timeReads(program, folder));
    const of = (rounds, name) => ms(median(rounds.map((round) => round[name])));
    const overBundled = (rounds) => medianRatio(rounds.map(({ ours, bundled: floor }) => ({ ours, floor })));
    return [
      row("start of the workspace server, over server-filesystem", {
        ours: of(starts, "ours"),
        floor: of(starts, "floor"),
        ratio: medianRatio(starts),
        bar: 0.6,
      }),
      row("the same, over server-filesystem in one file", {
        ours: of(starts, "ours"),
        floor: of(starts, "bundled"),
        ratio: overBundled(starts),
      }),
      row("the read of a file of 10 KB, over server-filesystem", {
        ours: of(reads, "ours"),
        floor: of(reads, "floor"),
        ratio: medianRatio(reads),
        bar: 1,
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundled(folder) {
  const outfile = join(folder, "reference.mjs");
  const banner = { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' };
  await build({ entryPoints: [REFERENCE], outfile, bundle: true, format: "esm", platform: "node", banner });
  return outfile;
}

/** Rounds in which each program has its turn, in changing order. */
async function inTurns(count, programs, time) {
  const names = Object.keys(programs);
  const rounds = [];
  for (let n = -1; n < count; n++) {
    const round = {};
    for (const name of n % 2 === 0 ? names : names.toReversed()) round[name] = await time(programs[name]);
    if (n >= 0) rounds.push(round); // the first only fills the caches of the disk
  }
  return rounds;
}

async function timeStart(program, folder) {
  const started = performance.now();
  const child = startChild(process.execPath, [program, folder]);
  await child.request("initialize", INITIALIZE);
  const milliseconds = performance.now() - started;
  await child.close();
  return milliseconds;
}

/** The median of one call. */
async function timeReads(program, folder) {
  const child = startChild(process.execPath, [program, folder]);
  await child.request("initialize", INITIALIZE);
  child.notify("notifications/initialized");
  const times = [];
  for (let n = 0; n < READS; n++) {
    const started = performance.now();
    await child.request("tools/call", { name: "read_text_file", arguments: { path: join(folder, "file.txt") } });
    times.push(performance.now() - started);
  }
  await child.close();
  return median(times);
}
