/**
 * The first call of a process: the time from its spawn to its first model request, and to its answer to a first call that
 * needs no model. The floors are SDK servers: one whose tool asks the model, and one that only starts.
 */
import { fileURLToPath } from "node:url";
import { now } from "../support/clock.mjs";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { benchConfig, createSandbox, LEGWORK } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { median, medianRatio } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const ASKING_SERVER = fileURLToPath(new URL("../support/asking-server.mjs", import.meta.url));
const SDK_SERVER = fileURLToPath(new URL("../support/sdk-server.mjs", import.meta.url));
const ROUNDS = 25;

export async function measure() {
  const model = await startModel();
  const sandbox = createSandbox(benchConfig(model, { servers: 0 }));
  const contenders = {
    request: () => timeRequest(LEGWORK, sandbox, model, toSpawnAgent),
    floorOfRequest: () => timeRequest(ASKING_SERVER, sandbox, model, (name) => toAsk(model, name)),
    call: () => timeAnswer(LEGWORK, sandbox, callTool("list_runs", {})),
    floorOfCall: () => timeAnswer(SDK_SERVER, sandbox, null),
  };
  try {
    for (const time of Object.values(contenders)) await time(); // fills the caches of the disk, and makes the database
    const rounds = [];
    for (let n = 0; n < ROUNDS; n++) {
      const names = Object.keys(contenders);
      const round = {};
      for (const name of n % 2 === 0 ? names : names.reverse()) round[name] = await contenders[name]();
      rounds.push(round);
    }
    return [
      rowOf("spawn of the process to its first model request", rounds, "request", "floorOfRequest"),
      rowOf("start and first call, over the start of a bare SDK server", rounds, "call", "floorOfCall"),
    ];
  } finally {
    model.close();
    sandbox.remove();
  }
}

function rowOf(figure, rounds, ours, floor) {
  return row(figure, {
    ours: ms(median(rounds.map((round) => round[ours]))),
    floor: ms(median(rounds.map((round) => round[floor]))),
    ratio: medianRatio(rounds.map((round) => ({ ours: round[ours], floor: round[floor] }))),
  });
}

/** The milliseconds from the spawn of a server to the arrival of the model request that its first call makes. */
async function timeRequest(file, { project, env }, model, toCall) {
  const name = modelNamed({ calls: 0 });
  const startedAt = now();
  const child = await startServer(file, { cwd: project, env });
  await answerTo(child, toCall(name));
  const { arrived } = await model.times(name);
  await child.close();
  if (arrived.length !== 1) throw new Error(`${arrived.length} requests instead of 1`);
  return arrived[0] - startedAt;
}

/** The milliseconds from the spawn of a server to the answer to its first call, or without a call to `initialize`. */
async function timeAnswer(file, { project, env }, call) {
  const startedAt = now();
  const child = await startServer(file, { cwd: project, env });
  if (call !== null) await answerTo(child, call);
  const milliseconds = now() - startedAt;
  await child.close();
  return milliseconds;
}

async function startServer(file, options) {
  const child = startChild(process.execPath, [file], options);
  await child.request("initialize", INITIALIZE);
  child.notify("notifications/initialized");
  return child;
}

async function answerTo(child, call) {
  const { isError, content } = await child.request("tools/call", call);
  if (isError) throw new Error(content[0]?.text);
}

function toSpawnAgent(model) {
  return callTool("spawn_agent", { prompt: "Go on until done.", model, wait_seconds: 50 });
}

function toAsk({ url }, name) {
  return callTool("ask", { url: `${url}/v1beta/models/${name}:generateContent` });
}

function callTool(name, args) {
  return { name, arguments: args };
}
