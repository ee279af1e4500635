/** Schemas: the time of a check of ordinary arguments, and a server with 200 hostile schemas in a catalog. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createChecks } from "../support/dist-parts.mjs";
import { hostileCalls, hostileTools } from "../support/hostile-tools.mjs";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { memoryOf } from "../support/processes.mjs";
import { createSandbox, LEGWORK } from "../support/start-legwork.mjs";
import { median, medianRatio, quantile } from "../support/statistics.mjs";
import { mib, ms, row } from "../support/table.mjs";

const ROUNDS = 15;
const CHECKS = 20_000;
const HOSTILE = 200;
const PING_EVERY_MS = 10;
const ODD_SERVER = fileURLToPath(new URL("../../tests/support/odd-tools.mjs", import.meta.url));
const WATCH = fileURLToPath(new URL("../support/watch-pauses.mjs", import.meta.url));

export async function measure() {
  const checks = await timeChecks();
  const { pause, work, idle, parse, memory, pings } = await attack();
  const us = (field) => `${(median(checks.map((pair) => pair[field])) * 1000).toFixed(2)} µs`;
  return [
    row("a check of ordinary arguments, over ajv alone", {
      ours: us("ours"),
      floor: us("floor"),
      ratio: medianRatio(checks),
    }),
    row(`${HOSTILE} hostile schemas in a catalog: longest pause of the event loop`, {
      ours: ms(pause),
      floor: ms(idle),
      value: pause,
      bar: 100,
      unit: "ms",
    }),
    row(`${HOSTILE} hostile schemas in a catalog: longest piece of work on the main thread`, {
      ours: ms(work),
      floor: ms(parse),
      value: work,
      bar: 100,
      unit: "ms",
    }),
    row(`${HOSTILE} hostile schemas in a catalog: memory above before`, {
      ours: mib(memory),
      value: memory,
      bar: 100,
      unit: "MiB",
    }),
    row("a ping while hostile schemas are judged, p99", {
      ours: `${ms(quantile(pings, 0.99))} (median ${ms(median(pings))})`,
      value: quantile(pings, 0.99),
      bar: 250,
      unit: "ms",
    }),
  ];
}

/** The schemas of four known tools, and arguments for each. */
const ORDINARY = [
  [
    {
      type: "object",
      properties: { path: { type: "string" }, head: { type: "number" }, tail: { type: "number" } },
      required: ["path"],
      additionalProperties: false,
    },
    { path: "src/main.ts", head: 20 },
  ],
  [
    {
      type: "object",
      properties: {
        path: { type: "string" },
        edits: {
          type: "array",
          items: {
            type: "object",
            properties: { oldText: { type: "string" }, newText: { type: "string" } },
            required: ["oldText", "newText"],
            additionalProperties: false,
          },
        },
        dryRun: { type: "boolean", default: false },
      },
      required: ["path", "edits"],
      additionalProperties: false,
    },
    { path: "a.ts", edits: [{ oldText: "x".repeat(500), newText: "y".repeat(500) }] },
  ],
  [
    {
      type: "object",
      properties: {
        owner: { type: "string", minLength: 1 },
        repo: { type: "string", minLength: 1 },
        title: { type: "string", maxLength: 256 },
        body: { type: "string" },
        labels: { type: "array", items: { type: "string" } },
        state: { enum: ["open", "closed"] },
        milestone: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
      },
      required: ["owner", "repo", "title"],
    },
    {
      owner: "a",
      repo: "b",
      title: "A thing is broken",
      body: "x".repeat(2_000),
      labels: ["bug", "ui"],
      milestone: null,
    },
  ],
  [
    { type: "object", properties: { city: { type: "string" }, days: { type: "integer", maximum: 14 } } },
    { city: "Ulm" },
  ],
];

/** Alternates legwork's check with the validator alone, both behind a promise; milliseconds a check. */
async function timeChecks() {
  const { Ajv2020 } = createRequire(import.meta.url)("ajv/dist/2020.js");
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
  const { checkArguments } = await createChecks();
  const compiled = new Map(ORDINARY.map(([schema]) => [schema, ajv.compile(schema)]));
  const bare = async (schema, args) => (compiled.get(schema)(args) ? null : "misfit");
  const pairs = [];
  for (let n = -2; n < ROUNDS; n++) {
    const pair = { ours: await timeEach(checkArguments), floor: await timeEach(bare) };
    if (n >= 0) pairs.push(pair); // the first rounds compile
  }
  return pairs;
}

async function timeEach(check) {
  const begun = performance.now();
  for (let n = 0; n < CHECKS; n++) {
    const [schema, args] = ORDINARY[n % ORDINARY.length];
    if ((await check(schema, args)) !== null) throw new Error("ordinary arguments do not fit");
  }
  return (performance.now() - begun) / CHECKS;
}

/**
 * A run on a hostile server calls one tool of each kind, in a process that has already worked on a harmless run: once where
 * the server is new, once where its tools are remembered.
 */
async function attack() {
  const sandbox = createSandbox();
  const tools = join(sandbox.project, "tools.json");
  const listed = hostileTools(HOSTILE);
  writeFileSync(tools, JSON.stringify(listed));
  const odd = { command: process.execPath, args: [ODD_SERVER], env: { ODD_TOOLS_FILE: tools } };
  const config = { mcpServers: { workspace: { disabled: true }, odd }, limits: { max_turns: 50 } };
  writeFileSync(join(sandbox.env.LEGWORK_HOME, "config.yaml"), JSON.stringify(config));
  const rehearsals = join(sandbox.env.LEGWORK_HOME, "rehearsals");
  mkdirSync(rehearsals);
  const rehearse = (name, replies) => writeFileSync(join(rehearsals, `${name}.yaml`), JSON.stringify({ replies }));
  rehearse("harmless", [{ text: "done" }]);
  rehearse("hostile", [{ calls: hostileCalls("odd") }, { calls: hostileCalls("odd") }, { text: "done" }]);
  try {
    const parts = [await attackOnce(sandbox), await attackOnce(sandbox)];
    const most = (field) => Math.max(...parts.map((part) => part[field]));
    return {
      pause: most("pause"),
      work: most("work"),
      idle: most("idle"),
      memory: most("memory"),
      pings: parts.flatMap(({ pings }) => pings),
      parse: await parseAlone(sandbox, listed),
    };
  } finally {
    sandbox.remove();
  }
}

async function attackOnce(sandbox) {
  const [pauses, idlePauses] = ["pauses.json", "idle-pauses.json"].map((file) => join(sandbox.project, file));
  const env = { ...sandbox.env, PAUSES_FILE: pauses };
  const child = startChild(process.execPath, ["--import", WATCH, LEGWORK], { cwd: sandbox.project, env });
  const idle = startChild(process.execPath, ["--import", WATCH, "--eval", "process.stdin.resume()"], {
    env: { ...process.env, PAUSES_FILE: idlePauses },
  });
  const run = async (model, more) => {
    const args = { prompt: "go", provider: "rehearsal", model, wait_seconds: 50, ...more };
    const { structuredContent } = await child.request("tools/call", { name: "spawn_agent", arguments: args });
    if (structuredContent.status !== "success") throw new Error(`${model}: ${JSON.stringify(structuredContent)}`);
  };
  try {
    await child.request("initialize", INITIALIZE);
    child.notify("notifications/initialized");
    await run("harmless", { tools: [] });
    const before = memoryOf(child.pid).now;
    for (const { pid } of [child, idle]) process.kill(pid, "SIGUSR2");
    const pings = await pingUntil(run("hostile", { tools: ["odd__*"] }), () => child.request("ping", {}));
    const memory = memoryOf(child.pid).peak - before;
    await Promise.all([child.close(), idle.close()]);
    const [ours, floor] = [pauses, idlePauses].map((file) => JSON.parse(readFileSync(file, "utf8")));
    return { ...ours, idle: floor.pause, memory, pings };
  } finally {
    await Promise.all([child.close(), idle.close()]);
  }
}

/** The longest piece of work of a process that does nothing but parse the server's list once, which cannot be divided. */
async function parseAlone(sandbox, listed) {
  const [message, pauses] = ["message.json", "parse-pauses.json"].map((file) => join(sandbox.project, file));
  const tools = listed.map(({ schema, ...tool }) => ({ ...tool, inputSchema: schema }));
  writeFileSync(message, JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools } }));
  const program = `const text = fs.readFileSync(${JSON.stringify(message)}, "utf8");
    setTimeout(() => {
      process.kill(process.pid, "SIGUSR2");
      setTimeout(() => { globalThis.value = JSON.parse(text); setTimeout(() => {}, 100); }, 100);
    }, 100);`;
  await promisify(execFile)(process.execPath, ["--import", WATCH, "--eval", program], {
    env: { ...process.env, PAUSES_FILE: pauses },
  });
  return JSON.parse(readFileSync(pauses, "utf8")).work;
}

async function pingUntil(work, ping) {
  const pings = [];
  let isDone = false;
  const end = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const begun = performance.now();
    await ping();
    pings.push(performance.now() - begun);
    await Promise.race([delay(PING_EVERY_MS), end]);
  }
  await end;
  return pings;
}
