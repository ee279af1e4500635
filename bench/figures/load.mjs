/**
 * Eight servers at work on one database with a million runs: 50 runs for each of eight hosts at once. Then the same with
 * one server for each processor: the additional time of a list with eight servers is the wait for a processor.
 */
import { constants, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { createSandbox, LEGWORK, TOOL_SERVER } from "../support/start-legwork.mjs";
import { median, quantile } from "../support/statistics.mjs";
import { openStoredHome } from "../support/stored-home.mjs";
import { ms, row } from "../support/table.mjs";

const STORED = 1_000_000;
const SERVERS = 8;
const RUNS = 50; // for each server
const CALLS = 5; // for each run
const LIST_EVERY_MS = 100;
const SCRIPT = "load";
const BARE_SERVER = fileURLToPath(new URL("../support/sdk-server.mjs", import.meta.url));

export async function measure() {
  const stored = await openStoredHome(STORED);
  const eight = await workUnder(SERVERS, stored.file);
  const few = await workUnder(Math.min(SERVERS, availableParallelism()), stored.file);
  const p99 = (times) => quantile(times, 0.99);
  const p99AndMedian = (times) => `${ms(p99(times))} (median ${ms(median(times))})`;
  const lists = ({ listed, bare }) => ({ ours: p99AndMedian(listed), floor: p99AndMedian(bare) });
  return [
    row(`${eight.name}: wall`, { ours: ms(eight.wall) }),
    row(`${eight.name}: failures anyone saw or logged`, {
      ours: String(eight.faults.length),
      value: eight.faults.length,
      bar: 0,
      unit: "",
    }),
    row(`${eight.name}: list_runs meanwhile, p99`, { ...lists(eight), value: p99(eight.listed), bar: 50, unit: "ms" }),
    row(`${few.name}, a processor for each: list_runs meanwhile, p99`, lists(few)),
  ];
}

/** Runs the load with so many servers. Returns its time, the time of each list and each ping during it, and the failures. */
async function workUnder(servers, storedFile) {
  const server = { command: process.execPath, args: [TOOL_SERVER] };
  const sandbox = createSandbox(JSON.stringify({ mcpServers: { workspace: { disabled: true }, effects: server } }));
  copyFileSync(storedFile, sandbox.database, constants.COPYFILE_FICLONE);
  writeScript(join(sandbox.env.LEGWORK_HOME, "rehearsals"));
  const hosts = await Promise.all(Array.from({ length: servers }, () => openHost(sandbox)));
  try {
    await Promise.all(hosts.map((host) => spawnAndWait(host, 1))); // the first run also starts servers and loads modules
    const started = performance.now();
    const times = (await Promise.all(hosts.map(workAndList))).flat();
    const wall = performance.now() - started;
    const faults = hosts.flatMap((host) => host.faults).concat(faultsLogged(join(sandbox.env.LEGWORK_HOME, "logs")));
    for (const fault of faults) process.stderr.write(`${fault}\n`);
    const name = `${servers} servers on one file, ${RUNS} runs each`;
    return { name, wall, faults, listed: times.map(({ listed }) => listed), bare: times.map(({ bare }) => bare) };
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
    sandbox.remove();
  }
}

function writeScript(folder) {
  const calls = Array.from({ length: CALLS }, (_, n) => [{ tool: "effects__big", arguments: { n: 200 + n } }]);
  const replies = [...calls.map((made) => ({ calls: made, delay_ms: 50 })), { text: "done" }];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${SCRIPT}.yaml`), JSON.stringify({ replies })); // JSON is YAML
}

/**
 * Spawns all runs of one host and lists runs until they have ended. Returns the time of each list, and of a ping of a bare
 * server right after it: the time of any request on a machine that is as busy.
 */
async function workAndList(host) {
  let working = true;
  const work = spawnAndWait(host, RUNS).finally(() => {
    working = false;
  });
  const times = [];
  for (let n = 0; working; n++) {
    const asked = n % 2 === 0 ? {} : { scope: "all", status: ["success", "running", "pending"], limit: 100 };
    const listed = await timeOf(() => host.call("list_runs", asked));
    times.push({ listed, bare: await timeOf(() => host.bare.request("ping")) });
    await delay(LIST_EVERY_MS);
  }
  await work;
  return times;
}

async function timeOf(act) {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

async function spawnAndWait(host, runs) {
  const request = { prompt: "Go on until done.", provider: "rehearsal", model: SCRIPT };
  const spawned = await Promise.all(Array.from({ length: runs }, () => host.call("spawn_agent", request)));
  let run_ids = spawned.flatMap((run) => (run ? [run.run_id] : []));
  while (run_ids.length > 0) {
    const waited = await host.call("wait_for_runs", { run_ids, wait_seconds: 40 });
    if (waited === null) return;
    for (const { run_id, status, error } of waited.runs)
      if (status !== "success" && !waited.pending.includes(run_id))
        host.faults.push(`${run_id} ended in ${status}: ${JSON.stringify(error)}`);
    run_ids = waited.pending;
  }
}

async function openHost({ project, env }) {
  const open = async (file) => {
    const child = startChild(process.execPath, [file], { cwd: project, env });
    await child.request("initialize", INITIALIZE);
    child.notify("notifications/initialized");
    return child;
  };
  const [child, bare] = await Promise.all([open(LEGWORK), open(BARE_SERVER)]);
  const faults = [];
  return {
    faults,
    bare,
    /** The structured answer; null where it is an error, which is added to the faults. */
    async call(name, args) {
      const { isError, structuredContent, content } = await child.request("tools/call", { name, arguments: args });
      if (isError) faults.push(`${name}: ${content[0]?.text}`);
      return isError ? null : structuredContent;
    },
    close: () => Promise.all([child.close(), bare.close()]),
  };
}

/** The lines of the log at level error and above, and those that name SQLite. */
function faultsLogged(folder) {
  return readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line.includes("SQLITE_") || line.includes('"level":"error"') || line.includes('"level":50'));
}
