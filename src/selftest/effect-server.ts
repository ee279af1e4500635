/**
 * The downstream server of the campaign, a process of its own that outlives legwork's: it counts each call it makes.
 * Arguments: the file that gets a line for each call that was made. It ends when its parent goes.
 */
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { EFFECTS, type EffectTool, playOf } from "./scenarios.js";

/** A call at which a death is due: held before or after it is made, and never answered unless it is released. */
export interface Trap {
  readonly play: string;
  readonly place: string;
  readonly moment: "received" | "made";
}

/** `round` tells the hits of these traps from those of the traps before; calls that those hold go on. */
export type ToEffectServer = { readonly arm: readonly Trap[]; readonly round: number } | { readonly release: number };
export type FromEffectServer =
  | { readonly port: number }
  | { readonly hit: Trap; readonly round: number; readonly id: number; readonly run: string };

const PAGE_LENGTH = 25_000; // characters: more than an agent is shown at once

const [, , recordFile = ""] = process.argv;
let armed: readonly Trap[] = [];
let round = 0;
const held = new Map<number, () => void>();
let lastId = 0;

process.on("message", (message: ToEffectServer) => {
  if ("release" in message) return held.get(message.release)?.();
  armed = message.arm;
  round = message.round;
  for (const release of held.values()) release();
});
process.on("disconnect", () => process.exit(0));

const http = createServer((request, response) => void serve(request, response));
http.listen(0, "127.0.0.1", () => tell({ port: (http.address() as AddressInfo).port }));

/** Each request is a session of its own: nothing of a legwork process that died is left behind. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const server = createEffects();
  response.on("close", () => void server.close());
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport as Parameters<Server["connect"]>[0]);
  await transport.handleRequest(request, response);
}

function createEffects(): Server {
  const server = new Server({ name: "effects", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { name, arguments: args } = params;
    return make(name as EffectTool, String(args?.key));
  });
  return server;
}

const TOOLS = Object.entries(EFFECTS).map(([name, effect]) => ({
  name,
  description: `Counts a call that is ${effect}.`,
  inputSchema: { type: "object" as const, properties: { key: { type: "string" } }, required: ["key"] },
  annotations: {
    readOnlyHint: effect === "read_only",
    idempotentHint: effect === "idempotent",
    destructiveHint: effect === "effectful",
  },
}));

async function make(tool: EffectTool, key: string) {
  const run = key.slice(0, key.indexOf("."));
  const place = key.slice(run.length + 1);
  const due = (moment: Trap["moment"]) =>
    armed.find((trap) => trap.moment === moment && trap.play === playOf(run) && trap.place === place);
  await holdAt(due("received"), run);
  appendFileSync(recordFile, `${key}\n`);
  await holdAt(due("made"), run);
  const text = tool === "page" ? `${key} ${"page ".repeat(PAGE_LENGTH / 5)}` : `${tool} ${key}`;
  return { content: [{ type: "text", text }] };
}

async function holdAt(trap: Trap | undefined, run: string): Promise<void> {
  if (trap === undefined) return;
  lastId += 1;
  const id = lastId;
  const released = new Promise<void>((resolve) => held.set(id, resolve));
  tell({ hit: trap, round, id, run });
  await released;
  held.delete(id);
}

function tell(message: FromEffectServer): void {
  process.send?.(message);
}
