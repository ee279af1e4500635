/** Pings of the host while a server floods legwork with notifications, and behind a large message of the host itself. */
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
const HOSTILE_SERVER = fileURLToPath(new URL("../../tests/support/hostile-server.mjs", import.meta.url));

export async function measure() {
  const { idle, flooded, behind } = await pingAll();
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
    pingRow(`right behind a message of ${MESSAGE_MIB} MiB`, behind),
  ];
}

/** The pings of one process: at rest, behind large messages, and in the flood, which lasts to its end. */
async function pingAll() {
  const flooding = { command: process.execPath, args: [HOSTILE_SERVER, "flooding"] };
  const sandbox = createSandbox(JSON.stringify({ mcpServers: { workspace: { disabled: true }, flooding } }));
  const rehearsals = join(sandbox.env.LEGWORK_HOME, "rehearsals");
  mkdirSync(rehearsals);
  const replies = [{ calls: [{ tool: "flooding__plain", arguments: {} }] }, { text: "done" }];
  writeFileSync(join(rehearsals, "flood.yaml"), JSON.stringify({ replies }));
  const child = startChild(process.execPath, [LEGWORK], { cwd: sandbox.project, env: sandbox.env });
  const call = (name, args) => child.request("tools/call", { name, arguments: args });
  try {
    await child.request("initialize", INITIALIZE);
    child.notify("notifications/initialized");
    await call("list_runs", {});
    const idle = await pingTimes(child, PINGS);
    const large = "x".repeat(MESSAGE_MIB * 1024 * 1024);
    const behind = await pingTimes(child, LARGE, () => child.request("ping", { _meta: { large } }));
    const spawn = { prompt: "go", provider: "rehearsal", model: "flood", tools: ["flooding__*"], wait_seconds: 50 };
    const { structuredContent } = await call("spawn_agent", spawn);
    if (structuredContent.status !== "success") throw new Error(JSON.stringify(structuredContent));
    return { idle, behind, flooded: await pingTimes(child, PINGS) };
  } finally {
    await child.close();
    sandbox.remove();
  }
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
