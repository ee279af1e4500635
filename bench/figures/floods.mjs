/** Pings of the host while servers flood legwork with messages, and behind a large message of the host itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { createSandbox, LEGWORK } from "../support/start-legwork.mjs";
import { median, quantile } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const PINGS = 500;
const LARGE = 50;
const MESSAGE_MIB = 2;
const CALL_MS = 500; // of a call of the remote server
const REMOTE_SERVER = fileURLToPath(new URL("../../tests/support/flooding-http-server.mjs", import.meta.url));
const HOSTILE_SERVER = fileURLToPath(new URL("../../tests/support/hostile-server.mjs", import.meta.url));

export async function measure() {
  const { idle, flooded, behind, asked, beside } = await pingAll();
  const pingRow = (figure, pings) =>
    row(`a ping ${figure}, p99`, {
      ours: `${ms(quantile(pings, 0.99))} (median ${ms(median(pings))})`,
      floor: `${ms(quantile(idle, 0.99))} (median ${ms(median(idle))})`,
      value: quantile(pings, 0.99),
      bar: 250,
      unit: "ms",
    });
  return [
    pingRow("while a server floods with notifications", flooded),
    pingRow("while a server behind a URL floods with notifications", beside),
    pingRow("while a server behind a URL floods with requests", asked),
    pingRow(`right behind a message of ${MESSAGE_MIB} MiB`, behind),
  ];
}

/** The pings at rest, behind large messages, and in floods. */
async function pingAll() {
  const remote = spawn(process.execPath, [REMOTE_SERVER, String(CALL_MS)], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const origin = String(await once(remote.stdout, "data")).trim();
    const at = (kind) => ({ url: `${origin}/${kind}`, allow: ["sampling", "elicitation"] });
    const flooding = { command: process.execPath, args: [HOSTILE_SERVER, "flooding"] };
    const large = "x".repeat(MESSAGE_MIB * 1024 * 1024);
    return {
      ...(await withLegwork({ flooding }, async (child, run) => ({
        idle: await pingTimes(child, PINGS),
        behind: await pingTimes(child, LARGE, () => child.request("ping", { _meta: { large } })),
        flooded: await run("flooding").then(() => pingTimes(child, PINGS)), // the flood lasts to the end of the process
      }))),
      ...(await withLegwork({ requests: at("requests"), beside: at("beside") }, async (child, run) => ({
        asked: await run("requests").then(() => pingsDuring(child, run("requests"))), // the server is up
        beside: await run("beside").then(() => pingTimes(child, PINGS)), // so does this one
      }))),
    };
  } finally {
    remote.kill();
  }
}

/** Does `work` with a process that has these servers; it gets a function for a run with one call of a server. */
async function withLegwork(servers, work) {
  const sandbox = createSandbox(JSON.stringify({ mcpServers: { workspace: { disabled: true }, ...servers } }));
  const rehearsals = join(sandbox.env.LEGWORK_HOME, "rehearsals");
  mkdirSync(rehearsals);
  const child = startChild(process.execPath, [LEGWORK], { cwd: sandbox.project, env: sandbox.env });
  const call = (name, args) => child.request("tools/call", { name, arguments: args });
  const run = async (server) => {
    const replies = [{ calls: [{ tool: `${server}__plain`, arguments: {} }] }, { text: "done" }];
    writeFileSync(join(rehearsals, `${server}.yaml`), JSON.stringify({ replies }));
    const spawning = { prompt: "go", provider: "rehearsal", model: server, tools: [`${server}__*`], wait_seconds: 50 };
    const { structuredContent } = await call("spawn_agent", spawning);
    if (structuredContent.status !== "success") throw new Error(JSON.stringify(structuredContent));
  };
  try {
    await child.request("initialize", INITIALIZE);
    child.notify("notifications/initialized");
    await call("list_runs", {});
    return await work(child, run);
  } finally {
    await child.close();
    sandbox.remove();
  }
}

async function pingsDuring(child, work) {
  const times = [];
  let isDone = false;
  const end = work.finally(() => {
    isDone = true;
  });
  while (!isDone) times.push(...(await pingTimes(child, 1)));
  await end;
  return times;
}

/** The milliseconds of pings one behind the other, each after the work that `before` begins. */
async function pingTimes(child, count, before = () => {}) {
  const times = [];
  for (let n = 0; n < count; n++) {
    const work = before();
    const begun = performance.now();
    await child.request("ping", {});
    times.push(performance.now() - begun);
    await work;
  }
  return times;
}
