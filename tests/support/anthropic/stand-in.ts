/** A stand-in for Anthropic's HTTP API on a loopback port: it answers by script, and refuses what the vendor would refuse. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createRecorder, lossOf, startVendorServer, textOf } from "../vendor-server.js";
import { answer, type Behaviour, failure, type MessageBehaviour } from "./behaviours.js";
import { conversationChecks } from "./conversation-checks.js";
import { createPromptCache, type InputCounts } from "./prompt-cache.js";
import { BINDING_CONTROLS, INLINE_TOOLS, shapeChecks, TOOL_CHANGES } from "./shape-checks.js";
import { eventsOf, toSse } from "./stream.js";
import { createBinding } from "./thinking-binding.js";
import type { Check, WireBlock, WireBody } from "./wire.js";

/** Behaviours in order, or what decides: `n` counts its calls from 1. */
export type Script = readonly Behaviour[] | ((body: WireBody, n: number) => Behaviour | Promise<Behaviour>);

interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly betas: readonly string[];
  readonly body: WireBody;
  /** Resolves when the connection was lost before the answer was complete. */
  readonly closed: Promise<void>;
}

/** The check that a request broke, and the vendor's sentence. */
interface Refusal {
  readonly check: string;
  readonly words: string;
}

export interface AnthropicStandIn {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** The requests that broke a rule, in order. */
  readonly refusals: readonly Refusal[];
  /** The counts of the input of each message, in order. */
  readonly counts: readonly InputCounts[];
  /** The names of its checks. */
  readonly checks: readonly string[];
  /** The nth request (from 1), as soon as it is there. */
  arrived(n: number): Promise<RecordedRequest>;
  close(): Promise<void>;
}

/** The betas that the vendor itself takes. */
export const VENDOR_BETAS = [TOOL_CHANGES, INLINE_TOOLS, BINDING_CONTROLS];

/** Starts a stand-in; whoever starts it closes it. `betas` are those that it takes. */
export async function startAnthropicStandIn(
  script: Script,
  { betas = VENDOR_BETAS }: { readonly betas?: readonly string[] } = {},
): Promise<AnthropicStandIn> {
  const { requests, record, arrived } = createRecorder<RecordedRequest>();
  const refusals: Refusal[] = [];
  const counts: InputCounts[] = [];
  const sentBlocks = new Set<string>();
  const paused = new Set<string>();
  const binding = createBinding();
  const count = createPromptCache();
  const checks: readonly Check[] = [
    ...shapeChecks(betas, (block) => sentBlocks.has(JSON.stringify(block))),
    ...conversationChecks((message) => paused.has(JSON.stringify(message.content))),
    ...binding.checks,
  ];
  let asked = 0;
  let callIds = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const body: WireBody = JSON.parse(await textOf(request));
    const recorded = {
      path,
      headers: request.headers,
      betas: betasOf(request.headers),
      body,
      closed: lossOf(response),
    };
    record(recorded);

    const refusal = refusalOf(recorded);
    if (refusal !== null) return sendAnswer(response, refusal);
    asked += 1;
    const behaviour = typeof script === "function" ? await script(body, asked) : script[asked - 1];
    if (behaviour === undefined)
      return sendAnswer(response, failure(400, "invalid_request_error", "the script has ended"));
    switch (behaviour.kind) {
      case "answer":
        return sendAnswer(response, behaviour);
      case "message":
        await sleep(behaviour.delayMs ?? 0);
        return sendEvents(response, { kind: "events", events: toEvents(behaviour, body) });
      case "events":
        return sendEvents(response, behaviour);
      case "reset":
        request.socket.resetAndDestroy();
        return;
      case "hang":
    }
  }

  function refusalOf({
    path,
    headers,
    body,
    betas: used,
  }: RecordedRequest): Extract<Behaviour, { kind: "answer" }> | null {
    if (!/\/v1\/messages(\?.*)?$/.test(path)) return failure(404, "not_found_error", `no such path: ${path}`);
    if (!headers["x-api-key"] && !headers.authorization)
      return failure(401, "authentication_error", "x-api-key header is required");
    if (!headers["anthropic-version"])
      return failure(400, "invalid_request_error", "anthropic-version: header is required");
    for (const check of checks) {
      const fault = check.fault({ body, betas: used });
      if (fault === null) continue;
      refusals.push({ check: check.name, words: fault });
      return failure(400, "invalid_request_error", fault);
    }
    return null;
  }

  function toEvents(behaviour: MessageBehaviour, body: WireBody): readonly object[] {
    const input = count(body);
    counts.push(input);
    const content = binding.sign(body, behaviour.content.map(withId));
    for (const block of content) sentBlocks.add(JSON.stringify(block));
    if (behaviour.stopReason === "pause_turn") paused.add(JSON.stringify(content));
    const usage = behaviour.usage === undefined ? { ...input, output_tokens: 5 } : behaviour.usage;
    return eventsOf({ ...behaviour, content }, body.model, usage);
  }

  function withId(block: WireBlock): WireBlock {
    if (block.type !== "tool_use") return block;
    const { type, id = `toolu_${++callIds}`, ...fields } = block;
    return { type, id, ...fields };
  }

  const server = await startVendorServer(serve, (response, fault) => sendAnswer(response, answer(500, fault)));

  return {
    url: server.origin,
    requests,
    refusals,
    counts,
    checks: checks.map(({ name }) => name),
    arrived,
    close: server.close,
  };
}

function betasOf({ "anthropic-beta": header = "" }: IncomingHttpHeaders): readonly string[] {
  return [header]
    .flat()
    .join(",")
    .split(",")
    .map((beta) => beta.trim())
    .filter((beta) => beta !== "");
}

function sendAnswer(response: ServerResponse, { status, body, headers }: Extract<Behaviour, { kind: "answer" }>): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function sendEvents(response: ServerResponse, { events, end = "close" }: Extract<Behaviour, { kind: "events" }>): void {
  if (response.destroyed) return;
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const all = events.map(toSse).join("");
  if (end === "close") return void response.end(all);
  // The client sees what came before the loss.
  response.write(all, () => setTimeout(() => end === "reset" && response.socket?.resetAndDestroy(), 20));
}
