/** A server behind a URL that does what the test says: it speaks raw HTTP, since the SDK would not let it misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly message: { readonly id?: number; readonly method?: string; readonly params?: Record<string, unknown> };
}

export type Answer = (response: ServerResponse, seen: Seen) => void;

/** By HTTP method, or by the method of the message; `default` is for messages without an entry of their own. */
export type Answers = Readonly<Record<string, Answer>>;

export interface HostileHttpServer {
  readonly origin: string;
  readonly url: string;
  readonly seen: readonly Seen[];
  readonly openResponses: ReadonlySet<ServerResponse>;
  close(): Promise<void>;
}

/** Well-behaved with a session and JSON answers, as far as `answers` does not say otherwise. */
export async function startHostileHttpServer(answers: Answers = {}): Promise<HostileHttpServer> {
  const seen: Seen[] = [];
  const openResponses = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    openResponses.add(response);
    response.on("close", () => openResponses.delete(response));
    let body = "";
    for await (const chunk of request) body += chunk;
    const entry = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      message: body === "" ? {} : JSON.parse(body),
    };
    seen.push(entry);
    const answer =
      answers[entry.message.method ?? ""] ?? answers[entry.method] ?? GOOD[entry.message.method ?? entry.method];
    (answer ?? accepted)(response, entry);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/mcp`,
    seen,
    openResponses,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const accepted: Answer = (response) => response.writeHead(202).end();

const GOOD: Answers = {
  initialize: (response, seen) => {
    response.setHeader("mcp-session-id", "session-1");
    const serverInfo = { name: "hostile", version: "1.0.0" };
    json({ protocolVersion: seen.message.params?.protocolVersion, capabilities: { tools: {} }, serverInfo })(
      response,
      seen,
    );
  },
  "tools/call": (response, seen) => json({ content: [{ type: "text", text: "ok" }] })(response, seen),
  GET: (response) => response.writeHead(405).end(),
  DELETE: (response) => response.writeHead(204).end(),
};

export function json(result: object): Answer {
  return (response, { message }) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
  };
}

export function status(code: number, body = "", headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(code, headers).end(body);
}

/** Begins a stream of events and hands it over. */
export function events(write: (response: ServerResponse, seen: Seen) => void): Answer {
  return (response, seen) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    write(response, seen);
  };
}
