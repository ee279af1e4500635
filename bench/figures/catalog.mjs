/** Remembered tools: the time to load 500 of them, and the memory of an idle pool. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { memoryOf } from "../support/processes.mjs";
import { createSandbox, LEGWORK, TOOL_SERVER } from "../support/start-legwork.mjs";
import { median } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const CHILD = fileURLToPath(new URL("../support/catalog-child.mjs", import.meta.url));
const TOOLS = 500;
const SERVERS = 20;
const ROUNDS = 9;

export async function measure() {
  const loading = timeLoads();
  const [none, twenty] = await measurePools();
  return [
    row(`a catalog of ${TOOLS} tools, from the database`, { ours: ms(loading), value: loading, bar: 20, unit: "ms" }),
    row(`memory of an idle pool of ${SERVERS} servers, above none`, {
      ours: `${(twenty - none).toFixed(1)} MiB`,
      floor: `${none.toFixed(0)} MiB`,
      value: twenty - none,
      bar: 5,
      unit: "MiB",
    }),
  ];
}

/** Measures each time in a new process, as a host starts it. */
function timeLoads() {
  const folder = mkdtempSync(join(tmpdir(), "legwork-bench-"));
  const run = (verb) => execFileSync(process.execPath, [CHILD, folder, verb, String(TOOLS)], { encoding: "utf8" });
  try {
    run("save");
    return median(Array.from({ length: ROUNDS }, () => Number(run("load"))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measurePools() {
  const sizes = { none: [], twenty: [] };
  for (let n = 0; n < ROUNDS; n++) {
    sizes.none.push(await sizeWith(0));
    sizes.twenty.push(await sizeWith(SERVERS));
  }
  return [median(sizes.none), median(sizes.twenty)];
}

/** Resident memory after the configuration has been read and the pool created. */
async function sizeWith(servers) {
  const server = { command: process.execPath, args: [TOOL_SERVER] };
  const named = Array.from({ length: servers }, (_, n) => [`server${n}`, server]);
  const mcpServers = { workspace: { disabled: true }, ...Object.fromEntries(named) };
  const sandbox = createSandbox(JSON.stringify({ mcpServers }));
  const child = startChild(process.execPath, [LEGWORK], { cwd: sandbox.project, env: sandbox.env });
  try {
    await child.request("initialize", INITIALIZE);
    const answer = await child.request("tools/call", { name: "list_agents", arguments: {} });
    if (answer.isError) throw new Error(answer.content[0]?.text);
    return memoryOf(child.pid).now;
  } finally {
    await child.close();
    sandbox.remove();
  }
}
