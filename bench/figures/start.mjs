/** The start: the time from the spawn of the process to its answer to `initialize`, measured by a raw client. */
import { fileURLToPath } from "node:url";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { createSandbox, LEGWORK } from "../support/start-legwork.mjs";
import { median, medianRatio } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const SDK_SERVER = fileURLToPath(new URL("../support/sdk-server.mjs", import.meta.url));
const RAW_SERVER = fileURLToPath(new URL("../support/raw-server.mjs", import.meta.url));
const ROUNDS = 25;

export async function measure() {
  const sandbox = createSandbox();
  try {
    const files = { ours: LEGWORK, floor: SDK_SERVER, raw: RAW_SERVER };
    for (const file of Object.values(files)) await timeStart(file, sandbox); // fills the caches of the disk
    const rounds = [];
    for (let n = 0; n < ROUNDS; n++) {
      const order = n % 2 === 0 ? ["ours", "floor", "raw"] : ["raw", "floor", "ours"];
      const round = {};
      for (const contender of order) round[contender] = await timeStart(files[contender], sandbox);
      rounds.push(round);
    }
    const of = (contender) => ms(median(rounds.map((round) => round[contender])));
    const overRaw = rounds.map(({ ours, raw }) => ({ ours, floor: raw }));
    return [
      row("start, over a bare SDK server", {
        ours: of("ours"),
        floor: of("floor"),
        ratio: medianRatio(rounds),
        bar: 1.15,
      }),
      row("start, over raw JSON-RPC", { ours: of("ours"), floor: of("raw"), ratio: medianRatio(overRaw) }),
    ];
  } finally {
    sandbox.remove();
  }
}

async function timeStart(file, { project, env }) {
  const started = performance.now();
  const child = startChild(process.execPath, [file], { cwd: project, env });
  await child.request("initialize", INITIALIZE);
  const milliseconds = performance.now() - started;
  await child.close();
  return milliseconds;
}
