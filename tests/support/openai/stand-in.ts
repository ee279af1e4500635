/** A stand-in for a host on a loopback port: it answers by script, streams events, and refuses the requests that the vendor refuses. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createRecorder, lossOf, startVendorServer, textOf } from "../vendor-server.js";

/** The action of the stand-in on one request. A `body` that is a string is sent as it is; `events` are streamed. */
export type Behaviour = { readonly delayMs?: number } & (
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: object | string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "events";
      readonly events: readonly unknown[];
      /** Sent behind the events, as it is. */
      readonly tail?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "hang" | "reset"; readonly inBody?: boolean }
);

export type WireBody = Readonly<Record<string, unknown>>;

/** Behaviours in order, or a function that decides: `n` counts its calls from 1. */
export type Script = readonly Behaviour[] | ((body: WireBody, n: number) => Behaviour | Promise<Behaviour>);

interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: WireBody;
  /** Resolves when the connection was lost before the answer was complete. */
  readonly closed: Promise<void>;
}

/** One rule of the wire. */
export interface Check {
  readonly name: string;
  /** The vendor's sentence for a request that breaks it; null for one that does not. */
  fault(body: WireBody, headers: IncomingHttpHeaders): string | null;
  /** 400 where it is missing. */
  readonly status?: number;
}

export interface StandInOptions {
  /** The path of the requests, behind the base URL. */
  readonly path: string;
  readonly checks: readonly Check[];
  /** The vendor's form of a refusal. */
  refusal(status: number, message: string, check: string): object;
  /** Changes an answer before it is sent, such as to the request's wishes. */
  prepare?(behaviour: Behaviour, body: WireBody): Behaviour;
}

export interface StandIn {
  /** The base URL for an entry. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** The names of the checks that requests have broken. */
  readonly broken: readonly string[];
  /** The nth request (from 1), as soon as it is there. */
  arrived(n: number): Promise<RecordedRequest>;
  close(): Promise<void>;
}

/** Starts a stand-in; whoever starts it closes it. */
export async function startStandIn(script: Script, options: StandInOptions): Promise<StandIn> {
  const { requests, record, arrived } = createRecorder<RecordedRequest>();
  const broken: string[] = [];
  let asked = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    if (request.url?.split("?")[0] !== `/v1${options.path}`)
      return send(response, { kind: "answer", status: 404, body: "404 page not found" });
    const body = JSON.parse(text) as WireBody;
    const recorded = { path: request.url, headers: request.headers, body, closed: lossOf(response) };
    record(recorded);
    const behaviour = refusalOf(body, request.headers) ?? (await nextBehaviour(body));
    if (behaviour.delayMs) await sleep(behaviour.delayMs);
    if (behaviour.kind === "hang" || behaviour.kind === "reset") return stall(behaviour, request, response);
    send(response, options.prepare?.(behaviour, body) ?? behaviour);
  }

  function refusalOf(body: WireBody, headers: IncomingHttpHeaders): Behaviour | null {
    for (const { name, fault, status = 400 } of options.checks) {
      const message = fault(body, headers);
      if (message === null) continue;
      broken.push(name);
      return { kind: "answer", status, body: options.refusal(status, message, name) };
    }
    return null;
  }

  async function nextBehaviour(body: WireBody): Promise<Behaviour> {
    asked += 1;
    if (typeof script === "function") return script(body, asked);
    return script[asked - 1] ?? answer(400, options.refusal(400, `the script ends after ${script.length} replies`, ""));
  }

  const server = await startVendorServer(serve, (response, fault) => send(response, answer(400, fault)));

  return {
    url: `${server.origin}/v1`,
    requests,
    broken,
    arrived,
    close: server.close,
  };
}

/** Any answer in one piece. */
export function answer(
  status: number,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  return { kind: "answer", status, body, headers };
}

/** An error in the form of OpenAI. */
export function refusal(
  status: number,
  message: string,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  return answer(
    status,
    { error: { message, type: "invalid_request_error", param: null, code: null, ...more } },
    headers,
  );
}

/** Never answers; `inBody`: after the first part of the answer. */
export function hang(inBody = false): Behaviour {
  return { kind: "hang", inBody };
}

/** Resets the connection; `inBody`: after the first part of the answer. */
export function reset(inBody = false): Behaviour {
  return { kind: "reset", inBody };
}

function stall(
  behaviour: Extract<Behaviour, { inBody?: boolean }>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const end = () => behaviour.kind === "reset" && request.socket.resetAndDestroy();
  if (!behaviour.inBody) return void end();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(
    `data: {"type":"response.created","choices":[{"index":0,"delta":{"content":"Half"}}]}\n\ndata: {"cho`,
    () => setTimeout(end, 20),
  ); // the client sees the half before the loss
}

function send(response: ServerResponse, behaviour: Behaviour): void {
  if (
    response.headersSent ||
    response.destroyed ||
    !("headers" in behaviour || "body" in behaviour || "events" in behaviour)
  )
    return;
  if (behaviour.kind === "events") {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...behaviour.headers });
    for (const event of behaviour.events) response.write(eventText(event));
    return void response.end(behaviour.tail ?? "");
  }
  if (behaviour.kind !== "answer") return;
  const { status, body, headers } = behaviour;
  const type = typeof body === "string" && body.startsWith("<") ? "text/html" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function eventText(event: unknown): string {
  const type = (event as { readonly type?: unknown } | null)?.type;
  const name = typeof type === "string" ? `event: ${type}\n` : "";
  return `${name}data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`;
}
