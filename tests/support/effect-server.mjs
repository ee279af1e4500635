/**
 * A small MCP server whose effects a test can count.
 * EFFECT_FILE is what add_line appends to and read_lines reads; EFFECT_LOG, when set, gets a line for each stage of
 * a slow call: "started", "cancelled" or "finished".
 */
import { appendFile, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

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

const server = new Server({ name: "effects", version: "1.0.0" }, { capabilities: { tools: {} } });

server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: Object.entries(tools).map(([name, tool]) => ({
    name,
    description: `The ${name} tool.`,
    inputSchema: { type: "object", properties: tool.arguments },
    annotations: tool.annotations,
  })),
}));

server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
  const tool = tools[params.name];
  if (!tool) throw new Error(`no tool ${params.name}`);
  return tool.run(params.arguments ?? {}, signal);
});

await server.connect(new StdioServerTransport());

async function addLine(args) {
  await appendFile(process.env.EFFECT_FILE, `${args.text}\n`);
  return answer(`added ${args.text}`);
}

async function readLines() {
  return answer(await readFile(process.env.EFFECT_FILE, "utf8").catch(() => ""));
}

async function slow(args, signal) {
  await note("started");
  try {
    await delay(args.ms ?? 0, undefined, { signal });
  } catch {
    await note("cancelled");
    return answer("cancelled");
  }
  await note("finished");
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

async function note(stage) {
  if (process.env.EFFECT_LOG) await appendFile(process.env.EFFECT_LOG, `${stage}\n`);
}

function answer(value) {
  return { content: [{ type: "text", text: value }] };
}
