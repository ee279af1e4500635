/** 200 runs of one request each on one key, whose vendor allows 60 requests a minute: a minute lasts six seconds here. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { benchConfig, createSandbox, startLegwork } from "../support/start-legwork.mjs";
import { row } from "../support/table.mjs";

const FILE = fileURLToPath(new URL("../support/limiting-model.mjs", import.meta.url));
const RUNS = 200;
const LIMIT = 60;
const MINUTE_MS = 6_000;
const IDEAL_MS = (RUNS / LIMIT) * MINUTE_MS;

export async function measure() {
  const rows = [];
  for (const states of [true, false])
    for (const processes of [1, 4]) rows.push(...(await measureOne(states, processes)));
  return rows;
}

async function measureOne(states, processes) {
  const child = fork(FILE, [MINUTE_MS, states ? "states" : ""], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  });
  const [{ port }] = await once(child, "message");
  const model = { url: `http://127.0.0.1:${port}` };
  const sandbox = createSandbox(benchConfig(model, { concurrentRuns: RUNS }));
  const servers = await Promise.all(Array.from({ length: processes }, () => startLegwork(model, { sandbox })));
  try {
    const began = performance.now();
    await Promise.all(servers.map((legwork) => playAll(legwork, RUNS / processes)));
    const took = performance.now() - began;
    const { arrived, refused } = await (await fetch(`${model.url}/counts`)).json();
    const name = `${RUNS} runs, 60 requests a minute ${states ? "stated" : "not stated"}, ${processes} process${processes > 1 ? "es" : ""}`;
    const most = mostInWindow(arrived);
    return [
      row(`${name}: wall, over the ideal`, {
        ours: `${Math.round(took)} ms`,
        floor: `${IDEAL_MS} ms`,
        ratio: took / IDEAL_MS,
        bar: 1.1,
      }),
      row(`${name}: requests in the fullest minute`, {
        ours: `${most}`,
        value: most,
        ...(states && { bar: LIMIT, unit: "" }),
      }),
      row(`${name}: requests refused`, { ours: `${refused}`, value: refused, ...(states && { bar: 0, unit: "" }) }),
    ];
  } finally {
    await Promise.all(servers.map((legwork) => legwork.close()));
    child.disconnect();
    sandbox.remove();
  }
}

/** Throws unless all of them succeed. */
async function playAll(legwork, count) {
  await legwork.finish(await Promise.all(Array.from({ length: count }, () => legwork.spawn("limited"))));
}

function mostInWindow(times) {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + MINUTE_MS).length));
}
