/**
 * A small MCP server whose effects a test can count.
 * EFFECT_FILE is what add_line appends to and read_lines reads; EFFECT_LOG, when set, gets a line for each stage of
 * a slow call: "started", "cancelled" or "finished", and behind it what the call's argument "note" says. It speaks raw
 * JSON-RPC: the suite starts it hundreds of times, and the SDK would take most of each start.
 */
import { appendFile, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const text = { text: { type: "string" } };
const ms = { ms: { type: "number" } };

const tools = {
  add_line: { arguments: text, annotations: { destructiveHint: true }, run: addLine },
  read_lines: { arguments: {}, annotations: { readOnlyHint: true }, run: readLines },
  slow: { arguments: ms, annotations: { readOnlyHint: true }, run: slow },
  slow_add_line: { arguments: { ...text, ...ms }, annotations: {}, run: slowAddLine },
  fail: { arguments: {}, annotations: { readOnlyHint: true }, run: fail },
  big: { arguments: { n: { type: "number" } }, annotations: { readOnlyHint: true }, run: big },
  echo: { arguments: {}, annotations: { idempotentHint: true, destructiveHint: false }, run: echo },
  die: { arguments: {}, annotations: {}, run: () => process.exit(7) },
};

const handlers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "effects", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({
    tools: Object.entries(tools).map(([name, tool]) => ({
      name,
      description: `The ${name} tool.`,
      inputSchema: { type: "object", properties: tool.arguments },
      annotations: tool.annotations,
    })),
  }),
  "tools/call": ({ name, arguments: args }, signal) => {
    if (!tools[name]) throw new Error(`no tool ${name}`);
    return tools[name].run(args ?? {}, signal);
  },
};

/** The requests that have no answer yet, by their ids. */
const open = new Map();

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, method, params = {} } = JSON.parse(line);
  if (method === "notifications/cancelled") return open.get(params.requestId)?.abort();
  if (id === undefined) return;
  const cancel = new AbortController();
  open.set(id, cancel);
  const answer = await answerTo(method, params, cancel.signal);
  open.delete(id);
  if (!cancel.signal.aborted) process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...answer })}\n`);
});

async function answerTo(method, params, signal) {
  if (!handlers[method]) return { error: { code: -32601, message: "Method not found" } };
  try {
    return { result: await handlers[method](params, signal) };
  } catch (error) {
    return { error: { code: -32603, message: error.message } };
  }
}

async function addLine(args) {
  await appendFile(process.env.EFFECT_FILE, `${args.text}\n`);
  return answer(`added ${args.text}`);
}

async function readLines() {
  return answer(await readFile(process.env.EFFECT_FILE, "utf8").catch(() => ""));
}

async function slow(args, signal) {
  await note("started", args);
  try {
    await delay(args.ms ?? 0, undefined, { signal });
  } catch {
    await note("cancelled", args);
    return answer("cancelled");
  }
  await note("finished", args);
  return answer(`waited ${args.ms} ms`);
}

async function slowAddLine(args, signal) {
  const waited = await slow(args, signal);
  return signal.aborted ? waited : addLine(args);
}

function fail() {
  return { ...answer("it went wrong"), isError: true };
}

function big(args) {
  return answer("x".repeat(args.n));
}

function echo(args) {
  return answer(JSON.stringify(args));
}

async function note(stage, args) {
  const line = args.note === undefined ? stage : `${stage} ${args.note}`;
  if (process.env.EFFECT_LOG) await appendFile(process.env.EFFECT_LOG, `${line}\n`);
}

function answer(value) {
  return { content: [{ type: "text", text: value }] };
}
