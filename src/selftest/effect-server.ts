/**
 * The downstream server of the campaign, which counts each call it makes: over HTTP a process that survives the kills, or
 * with `--stdio` one that each legwork process starts for itself. Its first argument is the file to which it appends a line
 * for each call. It exits when its parent process does.
 */
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { EFFECTS, type EffectTool, scenarioOf } from "./scenarios.js";

/** A call at which a kill is due: the server holds it before or after it makes it, and answers only when it is released. */
export interface CallPoint {
  readonly kind: "call";
  readonly scenario: string;
  readonly place: string;
  readonly moment: "received" | "made";
}

/** `arm` replaces the armed points and releases the calls held at earlier ones; `round` tells their hits apart. */
export type ToEffectServer =
  | { readonly kind: "arm"; readonly points: readonly CallPoint[]; readonly round: number }
  | { readonly kind: "release"; readonly id: number };
export type FromEffectServer =
  | { readonly kind: "listening"; readonly port: number }
  | {
      readonly kind: "hit";
      readonly point: CallPoint;
      readonly round: number;
      readonly id: number;
      readonly run: string;
    };

const PAGE_LENGTH = 25_000; // characters; longer than the part of an answer that legwork shows an agent at once

const [, , recordFile = "", mode] = process.argv;
let armed: readonly CallPoint[] = [];
let round = 0;
const held = new Map<number, () => void>();
let lastId = 0;

process.on("message", (message: ToEffectServer) => {
  if (message.kind === "release") return held.get(message.id)?.();
  armed = message.points;
  round = message.round;
  for (const release of held.values()) release();
});
process.on("disconnect", () => process.exit(0));

if (mode === "--stdio") {
  process.stdin.on("end", () => process.exit(0));
  await createEffects().connect(new StdioServerTransport());
} else {
  const http = createServer((request, response) => void serve(request, response));
  http.listen(0, "127.0.0.1", () => send({ kind: "listening", port: (http.address() as AddressInfo).port }));
}

/** Serves each request in a session of its own, so that a killed legwork process leaves nothing behind. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const server = createEffects();
  response.on("close", () => void server.close());
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport as Parameters<Server["connect"]>[0]);
  await transport.handleRequest(request, response);
}

function createEffects(): Server {
  const server = new Server({ name: "effects", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools() }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { name, arguments: args } = params;
    return make(name as EffectTool, String(args?.key));
  });
  return server;
}

function tools() {
  return Object.entries(EFFECTS).map(([name, effect]) => ({
    name,
    description: `Counts a call that is ${effect}.`,
    inputSchema: { type: "object" as const, properties: { key: { type: "string" } }, required: ["key"] },
    annotations: {
      readOnlyHint: effect === "read_only",
      idempotentHint: effect === "idempotent",
      destructiveHint: effect === "effectful",
    },
  }));
}

async function make(tool: EffectTool, key: string) {
  const run = key.slice(0, key.indexOf("."));
  const place = key.slice(run.length + 1);
  const due = (moment: CallPoint["moment"]) =>
    armed.find((point) => point.moment === moment && point.scenario === scenarioOf(run) && point.place === place);
  await holdAt(due("received"), run);
  appendFileSync(recordFile, `${key}\n`);
  await holdAt(due("made"), run);
  const text = tool === "page" ? `${key} ${"page ".repeat(PAGE_LENGTH / 5)}` : `${tool} ${key}`;
  return { content: [{ type: "text", text }] };
}

async function holdAt(point: CallPoint | undefined, run: string): Promise<void> {
  if (point === undefined) return;
  lastId += 1;
  const id = lastId;
  const released = new Promise<void>((resolve) => held.set(id, resolve));
  send({ kind: "hit", point, round, id, run });
  await released;
  held.delete(id);
}

function send(message: FromEffectServer): void {
  process.send?.(message);
}
