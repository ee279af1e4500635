/** A stand-in for Gemini's HTTP API on a loopback port: it answers by script, and refuses what the vendor would refuse. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createWireCheck, type WireBody, type WireContent, type WirePart } from "./gemini-wire-check.js";
import { createRecorder, lossOf, startVendorServer, textOf } from "./vendor-server.js";

/** What the stand-in does with one request. A `body` that is a string is sent as it is. */
export type Behaviour = { readonly delayMs?: number } & (
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: object | string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Before each chunk of a stream. */
      readonly chunkDelayMs?: number;
    }
  | { readonly kind: "hang" | "reset"; readonly inBody?: boolean; readonly said?: string }
);

/** Behaviours in order, or what decides: `n` counts its calls from 1. */
export type Script = readonly Behaviour[] | ((body: WireBody, n: number) => Behaviour | Promise<Behaviour>);

interface RecordedRequest {
  readonly model: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: WireBody;
  /** Resolves when the connection was lost before the answer was complete. */
  readonly closed: Promise<void>;
}

export interface GeminiStandIn {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** The nth request (from 1), as soon as it is there. */
  arrived(n: number): Promise<RecordedRequest>;
  close(): Promise<void>;
}

interface ReplyOptions {
  readonly usage?: object | null;
  readonly finishReason?: string;
  readonly finishMessage?: string;
  readonly delayMs?: number;
}

const DEFAULT_USAGE = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };
const ROUTE = /^\/v1beta\/models\/([^/?]+):(generateContent|streamGenerateContent\?alt=sse)$/;
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

/**
 * Starts a stand-in; whoever starts it closes it.
 * With `check: false` it answers without looking at what it was sent, and adds no signatures: the cheap way.
 * With `record: false` it forgets each request, for runs so long that their histories would fill the memory.
 */
export async function startGeminiStandIn(
  script: Script,
  options: { check?: boolean; record?: boolean } = {},
): Promise<GeminiStandIn> {
  const check = options.check === false ? null : createWireCheck();
  const { requests, record, arrived } = createRecorder<RecordedRequest>();
  let asked = 0;
  let callIds = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, model, method] = ROUTE.exec(request.url ?? "") ?? [];
    if (!model || !method) return send(response, refusal(404, `no such method: ${request.url}`));
    const body: WireBody = JSON.parse(await textOf(request));
    if (options.record !== false)
      record({ model, path: request.url ?? "", headers: request.headers, body, closed: lossOf(response) });

    const behaviour = refusalOf(model, request.headers, body) ?? (await nextBehaviour(body));
    if (behaviour.delayMs) await sleep(behaviour.delayMs);
    const isStream = method !== "generateContent";
    if (behaviour.kind !== "answer") return stall(behaviour, request, response, isStream);
    send(response, withIds(behaviour, model), isStream);
  }

  function refusalOf(model: string, headers: IncomingHttpHeaders, body: WireBody): Behaviour | null {
    if (!check) return null;
    if (!headers["x-goog-api-key"]) return invalidKey();
    const fault = check.faultIn(model, body);
    return fault === null ? null : refusal(400, fault);
  }

  async function nextBehaviour(body: WireBody): Promise<Behaviour> {
    asked += 1;
    if (typeof script === "function") return script(body, asked);
    return script[asked - 1] ?? refusal(400, `the script of the stand-in ends after ${script.length} replies`);
  }

  /** Like the vendor, gives each call an id and signs the first of a reply, where the script does not. */
  function withIds(answer: Answer, model: string): Answer {
    const content = contentOf(answer.body);
    if (!content?.parts.some((part) => part.functionCall)) return answer;
    const isSigned = content.parts.some((part) => part.functionCall && part.thoughtSignature);
    const first = content.parts.findIndex((part) => part.functionCall);
    const parts = content.parts.map((part, index): WirePart => {
      if (!part.functionCall) return part;
      const id = part.functionCall.id ?? `call_${++callIds}`;
      const signature = check && !isSigned && index === first ? { thoughtSignature: `signature of ${id}` } : {};
      return { ...part, ...signature, functionCall: { ...part.functionCall, id } };
    });
    check?.remember(model, { ...content, parts });
    return { ...answer, body: withContent(answer.body, { ...content, parts }) };
  }

  const server = await startVendorServer(serve, (response, fault) => send(response, refusal(400, fault)));

  return {
    url: server.origin,
    requests,
    arrived,
    close: server.close,
  };
}

type Answer = Extract<Behaviour, { kind: "answer" }>;

/** A reply of the model. */
export function reply(parts: readonly WirePart[], options: ReplyOptions = {}): Answer {
  const { usage = DEFAULT_USAGE, finishReason = "STOP", finishMessage, delayMs = 0 } = options;
  const candidate = {
    content: { role: "model", parts },
    finishReason,
    ...(finishMessage && { finishMessage }),
    index: 0,
  };
  const body = { candidates: [candidate], ...(usage && { usageMetadata: usage }), modelVersion: "stand-in" };
  return { kind: "answer", status: 200, body, delayMs };
}

/** A reply that calls two tools at once; as with Gemini 3, only the first call carries a signature. */
export function twoParallelCalls(
  first: WirePart["functionCall"] = { name: "first", args: {} },
  second: WirePart["functionCall"] = { name: "second", args: {} },
): Answer {
  if (!first || !second) throw new Error("two calls are needed");
  return reply([{ functionCall: first, thoughtSignature: "c2lnbmVkIG9uY2U=" }, { functionCall: second }]);
}

/** Any JSON as a successful answer. */
export function json(body: object): Answer {
  return { kind: "answer", status: 200, body };
}

export function badJson(): Answer {
  return { kind: "answer", status: 200, body: '{"candidates": [' };
}

export function blockedPrompt(blockReason = "SAFETY"): Answer {
  return json({ promptFeedback: { blockReason }, usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } });
}

export function emptyCandidates(): Answer {
  return json({ candidates: [], usageMetadata: DEFAULT_USAGE });
}

export function malformedFunctionCall(): Answer {
  const candidate = {
    content: {},
    finishReason: "MALFORMED_FUNCTION_CALL",
    finishMessage: "Malformed function call: ls(",
  };
  return json({ candidates: [candidate], usageMetadata: DEFAULT_USAGE });
}

/** 429 with the vendor's wish, such as "23s". */
export function rateLimited(retryDelay: unknown): Answer {
  return refusal(429, "You exceeded your current quota.", [
    {
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [{ quotaMetric: "generativelanguage.googleapis.com/generate_content_requests" }],
    },
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay },
  ]);
}

export function invalidKey(): Answer {
  return refusal(400, "API key not valid. Please pass a valid API key.", [
    { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID", domain: "googleapis.com" },
  ]);
}

export function status(code: number): Answer {
  return refusal(code, `the stand-in was told to answer ${code}`);
}

/** A redirect to another address. */
export function redirect(code: number, location: string): Answer {
  return { kind: "answer", status: code, body: "", headers: { location } };
}

/** Never answers; `inBody`: after half of the answer; `said`: before that comes a piece of it with this text. */
export function hang(inBody = false, said = ""): Behaviour {
  return { kind: "hang", inBody, said };
}

/** Resets the connection; `inBody`: after half of the answer. */
export function reset(inBody = false): Behaviour {
  return { kind: "reset", inBody };
}

/** An error in the vendor's form. */
export function refusal(code: number, message: string, details?: readonly object[]): Answer {
  const error = { code, message, status: STATUS_NAMES[code] ?? "UNKNOWN", ...(details && { details }) };
  return { kind: "answer", status: code, body: { error } };
}

function stall(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse, isStream: boolean): void {
  const end = () => behaviour.kind === "reset" && request.socket.resetAndDestroy();
  if (!("inBody" in behaviour) || !behaviour.inBody) return void end();
  response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" });
  if (behaviour.said) {
    const piece = { candidates: [{ content: { role: "model", parts: [{ text: behaviour.said }] }, index: 0 }] };
    response.write(`data: ${JSON.stringify(piece)}\r\n\r\n`);
  }
  response.write(`${isStream ? "data: " : ""}{"candidates": [`, () => setTimeout(end, 20)); // the client sees the half before the loss
}

function send(response: ServerResponse, { status, body, headers, chunkDelayMs = 0 }: Answer, isStream = false): void {
  if (response.headersSent || response.destroyed) return;
  if (isStream && status === 200 && typeof body === "object") {
    response.writeHead(status, { "content-type": "text/event-stream" });
    void sendChunks(response, chunksOf(body), chunkDelayMs);
    return;
  }
  if (isStream && status === 200 && typeof body === "string" && body.startsWith("{")) {
    response.writeHead(status, { "content-type": "text/event-stream" }); // JSON that no object of this program could be
    response.end(`data: ${body}\r\n\r\n`);
    return;
  }
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function sendChunks(response: ServerResponse, chunks: readonly object[], delayMs: number): Promise<void> {
  response.flushHeaders();
  for (const chunk of chunks) {
    if (delayMs > 0) await sleep(delayMs);
    response.write(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
  }
  response.end();
}

interface ResponseBody {
  readonly candidates?: readonly { readonly content?: Partial<WireContent> }[];
}

function contentOf(body: object | string): WireContent | null {
  if (typeof body === "string") return null;
  const content = (body as ResponseBody).candidates?.[0]?.content;
  return content?.parts ? { ...content, parts: content.parts } : null;
}

function withContent(body: object | string, content: WireContent): object {
  const { candidates = [], ...rest } = body as ResponseBody;
  return { candidates: [{ ...candidates[0], content }], ...rest };
}

/** A stream has one part a chunk; the last one also says why it ended and what it cost. */
function chunksOf(body: object): readonly object[] {
  const content = contentOf(body);
  if (!content) return [body];
  const heads = content.parts
    .slice(0, -1)
    .map((part) => ({ candidates: [{ content: { ...content, parts: [part] }, index: 0 }] }));
  return [...heads, withContent(body, { ...content, parts: content.parts.slice(-1) })];
}
