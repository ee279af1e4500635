/** The wires of the vendors: a request's own processor time above a bare fetch, and the memory of a process after many runs. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { openWires } from "../support/dist-parts.mjs";
import { memoryOf } from "../support/processes.mjs";
import { benchConfig, createSandbox, startLegwork } from "../support/start-legwork.mjs";
import { mib, ms, row } from "../support/table.mjs";

const FILE = fileURLToPath(new URL("../support/wires.mjs", import.meta.url));
const BATCHES = 50; // the first ones also pay for the compilation
const REQUESTS = 20; // in a batch
const RUNS = 200;
const WARM_RUNS = 50;
const CALLS = 49; // of a run of 50 turns
const AT_ONCE = 8;

export async function measure() {
  const child = fork(FILE, { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
  const [{ port }] = await once(child, "message");
  const url = `http://127.0.0.1:${port}`;
  try {
    const rows = [];
    for (const wire of await openWires(url)) {
      const { ours, floor } = await timeRequests(wire);
      rows.push(
        row(`a request to ${wire.name}, processor time above a bare fetch`, {
          ours: ms(ours),
          floor: ms(floor),
          value: ours - floor,
          bar: 1.2,
          unit: "ms",
        }),
      );
    }
    for (const [name, provider] of Object.entries(PROVIDERS)) rows.push(await growth(name, provider(url), url));
    return rows;
  } finally {
    child.disconnect();
  }
}

/** The least of several batches on each side, in turn: other load on the machine only adds to them. */
async function timeRequests({ provider, model, bare }) {
  const conversation = await converse(provider, model);
  const ask = () =>
    provider.reply({ ...conversation, messages: [...conversation.messages] }, new AbortController().signal);
  const [ours, floor] = [[], []];
  for (let batch = 0; batch < BATCHES; batch++) {
    ours.push(await cpuOf(ask));
    floor.push(await cpuOf(() => fetchBare(bare)));
  }
  return { ours: Math.min(...ours), floor: Math.min(...floor) };
}

/** Twenty messages, half of them replies on this wire, and fifteen tools. */
async function converse(provider, model) {
  const properties = { path: { type: "string", description: "The path of the file." }, n: { type: "number" } };
  const tools = Array.from({ length: 15 }, (_, index) => ({
    name: index === 0 ? "effects__big" : `files__tool_${index}`,
    description: "Reads a file of the project and returns its text.",
    inputSchema: { type: "object", properties, required: ["path"] },
  }));
  const conversation = {
    model,
    system: "You are a capable agent.",
    tools,
    messages: [{ role: "user", text: "Begin." }],
  };
  const declaredTools = [{ from: 1, tools: tools.map(({ name }) => name) }];
  while (conversation.messages.length < 20) {
    const { raw } = await provider.reply({ ...conversation, declaredTools }, new AbortController().signal);
    const content = provider.readReply(raw);
    const answers = content.calls.map((call) => ({ call, isError: false, text: "The text of the file. ".repeat(20) }));
    conversation.messages.push({ role: "assistant", raw, content }, { role: "tool", answers });
  }
  return { ...conversation, declaredTools };
}

async function fetchBare({ url, headers, body }) {
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  for (const line of text.split("\n"))
    if (line.startsWith("data: ") && line !== "data: [DONE]") JSON.parse(line.slice("data: ".length));
}

/** Milliseconds of processor time for one call, of several in a row. */
async function cpuOf(act) {
  const before = process.cpuUsage();
  for (let request = 0; request < REQUESTS; request++) await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / REQUESTS;
}

const PROVIDERS = {
  anthropic: (url) => ({ base_url: url, like: "anthropic" }),
  responses: (url) => ({ base_url: `${url}/v1`, like: "openai", wire: "responses" }),
  chat: (url) => ({ base_url: `${url}/v1`, like: "openai" }),
  gemini: (url) => ({ base_url: url, like: "gemini" }),
};

async function growth(wire, entry, url) {
  const config = JSON.parse(benchConfig({ url }, { concurrentRuns: AT_ONCE }));
  const sandbox = createSandbox(JSON.stringify({ ...config, provider: "bench", providers: { bench: entry } }));
  const legwork = await startLegwork({ url }, { sandbox });
  try {
    const play = async (from, to) => {
      for (let run = from; run < to; run += AT_ONCE) {
        const names = Array.from({ length: Math.min(AT_ONCE, to - run) }, (_, index) => run + index);
        await legwork.finish(await Promise.all(names.map((n) => legwork.spawn(`calls-${CALLS}.run-${wire}-${n}`))));
      }
      return memoryOf(legwork.pid).now;
    };
    const warm = await play(0, WARM_RUNS);
    const after = await play(WARM_RUNS, RUNS);
    return row(`${RUNS} runs of 50 turns on the wire ${wire}: memory after, over that after ${WARM_RUNS}`, {
      ours: mib(after),
      floor: mib(warm),
      ratio: after / warm,
      bar: 1.1,
    });
  } finally {
    await legwork.close();
    sandbox.remove();
  }
}
