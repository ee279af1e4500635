/** A server behind a URL that misbehaves in every known way. */
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { DownstreamError } from "../../src/core/errors.js";
import { httpFault } from "../../src/downstream/transport/http-error.js";
import { createTransport } from "../../src/downstream/transport/open-transport.js";
import { type Answer, events, json, status } from "../support/hostile-http-server.js";
import {
  begun,
  connected,
  failed,
  freePort,
  hostile,
  options,
  refused,
  useHttpSandbox,
} from "../support/http-sandbox.js";
import { AT_ONCE_MS, CLOSE_BUDGET_MS, eventually } from "../support/in-time.js";
import { mentions } from "../support/mentions.js";
import { serverConfig } from "../support/transports.js";

useHttpSandbox();

describe("a server that cannot be used", () => {
  it("does not exist", async () => {
    const { error, transport } = await refused(`http://127.0.0.1:${await freePort()}/mcp`);
    expect(httpFault(error)).toMatchObject({
      code: "unreachable",
      sent: false,
      message: expect.stringMatching(mentions("ECONNREFUSED")),
    });
    await eventually(() => expect(transport).toMatchObject({ closed: true, ending: httpFault(error)?.message }));
  });

  it("does not exist, over SSE", async () => {
    const { error } = await refused(`http://127.0.0.1:${await freePort()}/sse`, { kind: "sse" });
    expect(httpFault(error)).toMatchObject({ code: "unreachable", sent: false });
  });

  it.each([401, 403])("wants a login (%i)", async (code) => {
    const server = await hostile({ initialize: status(code, '{"error":"invalid_token"}') });
    const { error } = await refused(`${server.origin}/mcp?key=sesame`);
    const fault = httpFault(error);
    expect(fault).toMatchObject({ code: "unauthorized", sent: false });
    expect(fault?.message).toMatch(mentions("OAuth", "headers", "bearer_token_env_var"));
    expect(fault?.message).toContain(`HTTP ${code}: invalid_token`);
    expect(fault?.message).not.toContain("sesame");
  });

  it("knows neither transport", async () => {
    const server = await hostile({ initialize: status(404, "Cannot POST /mcp"), GET: status(404) });
    const { error } = await refused(server.url);
    expect(httpFault(error)).toMatchObject({
      code: "http_error",
      message: expect.stringContaining("HTTP 404: Cannot POST /mcp"),
    });
    expect(server.seen.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  it("opens a stream of events but names no endpoint", async () => {
    const server = await hostile({ initialize: status(400, "no"), GET: events(() => {}) });
    const refusal = refused(server.url);
    await eventually(() => expect(server.seen.map(({ method }) => method)).toContain("GET"));
    collectGarbage(); // what only waits for its time must not go
    const { error } = await refusal;
    expect(httpFault(error)).toMatchObject({ code: "http_error", message: expect.stringContaining("HTTP 400: no") });
    await eventually(() => expect(server.openResponses.size).toBe(0));
  });

  it("has its start aborted", async () => {
    const server = await hostile({ GET: events(() => {}) });
    const { transport, connecting } = await begun(server.url, { kind: "sse" });
    const error = failed(connecting);
    await eventually(() => expect(server.openResponses.size).toBe(1));
    await transport.close();
    expect(await error).toBeInstanceOf(Error);
    await eventually(() => expect(server.openResponses.size).toBe(0));
  });

  it("names an endpoint of another origin", async () => {
    const other = await hostile();
    const write = events((response) => response.write(`event: endpoint\ndata: ${other.url}\n\n`));
    const server = await hostile({ GET: write });
    const { error } = await refused(server.url, { kind: "sse", headers: { authorization: "Bearer sesame" } });
    expect(httpFault(error)).toMatchObject({ code: "http_error", sent: false });
    expect(other.seen).toEqual([]);
  });

  it("has headers that cannot be sent, and no message shows them", async () => {
    const transport = { kind: "http", url: "http://127.0.0.1/", headers: { authorization: "ses\name" } } as const;
    const error = await createTransport(serverConfig(transport), options()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DownstreamError);
    expect(String(error)).not.toContain("ses\name");
  });
});

describe("headers", () => {
  it("are sent with every request, and credentials in the URL become a header", async () => {
    const server = await hostile({ GET: events(() => {}) });
    const url = server.url.replace("http://", "http://me:s%40same@");
    const { client, transport } = await connected(url, { headers: { "X-Key": "sesame" } });
    await client.callTool({ name: "plain" });
    await eventually(() => expect(server.seen.map(({ method }) => method)).toContain("GET"));
    await transport.close();
    expect(server.seen.map(({ method }) => method)).toContain("DELETE");
    for (const { headers } of server.seen) {
      expect(headers).toMatchObject({ "x-key": "sesame", authorization: `Basic ${btoa("me:s@same")}` });
    }
  });

  it.each(["http", "sse"] as const)("do not follow a redirect to another origin (%s)", async (kind) => {
    const other = await hostile();
    const elsewhere = status(307, "", { location: `${other.url}?key=sesame` });
    const server = await hostile({ initialize: elsewhere, GET: elsewhere });
    const { error } = await refused(server.url, { kind, headers: { authorization: "Bearer sesame" } });
    const fault = httpFault(error);
    expect(fault).toMatchObject({ code: "http_error", message: expect.stringContaining(other.url) });
    expect(fault?.message).not.toContain("sesame");
    expect(other.seen).toEqual([]);
  });

  it("follow a redirect within the origin", async () => {
    const server = await hostile({
      POST: (response, seen) => {
        if (seen.path === "/mcp") return status(307, "", { location: "/moved" })(response, seen);
        if (seen.message.id === undefined) return status(202)(response, seen);
        json({ protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } })(
          response,
          seen,
        );
      },
    });
    await connected(server.url, { headers: { authorization: "Bearer sesame" } });
    expect(server.seen.at(-1)).toMatchObject({ path: "/moved", headers: { authorization: "Bearer sesame" } });
  });
});

describe("a call", () => {
  it("is refused by a server that has lost the session, and has no effect", async () => {
    const server = await hostile({ "tools/call": status(404, '{"error":{"message":"Session not found"}}') });
    const { client, transport } = await connected(server.url);
    const fault = httpFault(await failed(client.callTool({ name: "plain" })));
    const message = expect.stringContaining("HTTP 404: Session not found");
    expect(fault).toMatchObject({ code: "session_lost", sent: false, message });
    await transport.close();
    expect(server.seen.map(({ method }) => method)).not.toContain("DELETE");
  });

  it("fails alone where the server answers with an HTML page", async () => {
    const page = `<html><style>p { color: red }</style><h1>Oops</h1>\n<p>${"no ".repeat(500)}</p></html>`;
    const server = await hostile({ "tools/call": status(500, page) });
    const { client, transport } = await connected(server.url);
    const fault = httpFault(await failed(client.callTool({ name: "plain" })));
    expect(fault).toMatchObject({ code: "http_error", sent: true });
    expect(fault?.message).toMatch(/HTTP 500: Oops no no .*…$/);
    expect(fault?.message.length).toBeLessThan(340);
    expect(transport.closed).toBe(false);
  });

  it("fails where the body of an error never ends", async () => {
    const server = await hostile({ "tools/call": (response) => response.writeHead(500).write("busy") });
    const { client } = await connected(server.url);
    expect(httpFault(await failed(client.callTool({ name: "plain" })))?.message).toMatch(/HTTP 500: busy$/);
    await eventually(() => expect(server.openResponses.size).toBe(0));
  });

  it.each<[string, Answer]>([
    ["no JSON", (response) => response.setHeader("content-type", "application/json").end("{ not json")],
    ["no message", (response) => response.setHeader("content-type", "application/json").end('{"hello":1}')],
    ["an unknown type", status(200, "hello", { "content-type": "text/plain" })],
    ["a receipt", status(202)],
  ])("fails alone where the answer is %s", async (_name, answer) => {
    const server = await hostile({ "tools/call": answer });
    const { client, transport } = await connected(server.url);
    await failed(client.callTool({ name: "plain" }));
    await delay(100);
    expect(transport.closed).toBe(false);
  });

  it("returns the first of two answers", async () => {
    const twice = events((response, { message }) => {
      for (const text of ["first", "second"]) {
        const result = { content: [{ type: "text", text }] };
        response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, result })}\n\n`);
      }
      response.end();
    });
    const server = await hostile({ "tools/call": twice });
    const { client } = await connected(server.url);
    for (const _ of [1, 2]) {
      expect((await client.callTool({ name: "plain" })).content).toEqual([{ type: "text", text: "first" }]);
    }
  });

  it.each<[string, Answer, RegExp]>([
    ["before it began", (response) => response.destroy(), /UND_ERR_SOCKET/],
    ["within JSON", (response) => breakOff(response, "application/json", '{"jsonrpc":'), /answer/],
    ["within events", (response) => breakOff(response, "text/event-stream", ": hello\n\n"), /answer/],
    ["in order, but empty", events((response) => response.end()), /response/],
  ])("ends with the connection when the answer breaks off %s", async (_name, answer, ending) => {
    const server = await hostile({ "tools/call": answer, "tools/list": () => {} });
    const { client, transport } = await connected(server.url);
    const other = failed(client.listTools());
    const start = performance.now();
    const error = await failed(client.callTool({ name: "plain" }));
    expect(await other).toBeInstanceOf(McpError);
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    expect(transport).toMatchObject({ closed: true, ending: expect.stringMatching(ending) });
    expect(httpFault(error)?.sent ?? true).toBe(true);
  });

  it("gets an answer that broke off by fetching it again", async () => {
    const server = await hostile({
      "tools/call": events((response) => response.end("retry: 200\nid: 7\ndata:\n\n")),
      GET: (response, seen) => {
        if (seen.headers["last-event-id"] !== "7") return status(405)(response, seen);
        const result = { content: [{ type: "text", text: "again" }] };
        const id = server.seen.find(({ message }) => message.method === "tools/call")?.message.id;
        events(() => response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`))(response, seen);
      },
    });
    const { client, transport } = await connected(server.url);
    expect((await client.callTool({ name: "plain" })).content).toEqual([{ type: "text", text: "again" }]);
    // The server leaves the stream open; it is let go all the same.
    await eventually(() => expect(server.openResponses.size).toBe(0));
    expect(transport.closed).toBe(false);
  });

  it("ends with the connection when its answer cannot be fetched again", async () => {
    const server = await hostile({ "tools/call": events((response) => response.end("retry: 10\nid: 7\ndata:\n\n")) });
    const { client, transport } = await connected(server.url);
    expect(await failed(client.callTool({ name: "plain" }))).toBeInstanceOf(McpError);
    expect(transport.ending).toContain("answer");
  });

  it("is dropped when it is cancelled, even where the server continues", async () => {
    const server = await hostile({ "tools/call": events((response) => response.write("id: 7\ndata:\n\n")) });
    const { client, transport } = await connected(server.url);
    const abort = new AbortController();
    const call = failed(client.callTool({ name: "plain" }, undefined, { signal: abort.signal }));
    await eventually(() => expect(server.openResponses.size).toBe(1));
    abort.abort();
    await call;
    await eventually(() => expect(server.openResponses.size).toBe(0));
    expect(server.seen.at(-1)?.message.method).toBe("notifications/cancelled");
    await delay(1_200); // the SDK asks for the answer again after a second
    expect(server.seen.at(-1)?.message.method).toBe("notifications/cancelled");
    expect(transport.closed).toBe(false);
  });
});

describe("a call in flight", () => {
  it("may receive a request of the server, which gets its answer in another exchange", async () => {
    const server = await hostile({
      "tools/call": events((response, { message }) => {
        response.write('data: {"jsonrpc":"2.0","id":99,"method":"ping"}\n\n');
        const timer = setInterval(() => {
          const isAnswered = server.seen.some((seen) => seen.message.id === 99 && seen.message.method === undefined);
          if (!isAnswered) return;
          clearInterval(timer);
          response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, result: { content: [] } })}\n\n`);
        }, 10);
      }),
    });
    const { client, transport } = await connected(server.url);
    const errors: Error[] = [];
    client.onerror = (error) => errors.push(error);
    expect(await client.callTool({ name: "plain" })).toEqual({ content: [] });
    expect(errors).toEqual([]);
    expect(transport.closed).toBe(false);
  });

  it("can be cancelled in the middle of its JSON without effect on the others", async () => {
    const server = await hostile({
      "tools/call": (response) => response.writeHead(200, { "content-type": "application/json" }).write('{"jsonrpc":'),
    });
    const { client, transport } = await connected(server.url);
    const abort = new AbortController();
    const call = failed(client.callTool({ name: "plain" }, undefined, { signal: abort.signal }));
    await eventually(() => expect(server.openResponses.size).toBe(1));
    abort.abort();
    await call;
    await eventually(() => expect(server.openResponses.size).toBe(0));
    await delay(100);
    expect(transport.closed).toBe(false);
  });
});

it("a connection ends when the server asks without end and takes no answer", { timeout: 20_000 }, async () => {
  const ping = (id: number) => `data: ${JSON.stringify({ jsonrpc: "2.0", id, method: "ping" })}\n\n`;
  const server = await hostile({
    "": () => {}, // an answer: it names no method
    "tools/call": events((response) => response.write(Array.from({ length: 400 }, (_, id) => ping(id)).join(""))),
  });
  const { client, transport } = await connected(server.url);
  expect(await failed(client.callTool({ name: "plain" }))).toBeInstanceOf(McpError);
  expect(transport.ending).toMatch(mentions("answers"));
  await eventually(() => expect(server.openResponses.size).toBe(0));
});

describe("a message without end", () => {
  it.each(["application/json", "text/event-stream"])("is cut off (%s)", async (type) => {
    const server = await hostile({
      "tools/call": (response) => {
        response.writeHead(200, { "content-type": type });
        const piece = Buffer.alloc(1024 * 1024, "x");
        const more = () => {
          while (!response.destroyed && response.write(piece)) {}
        };
        response.write('data: {"jsonrpc":"2.0","result":"');
        response.on("drain", more);
        more();
      },
    });
    const { client, transport } = await connected(server.url);
    const error = await failed(client.callTool({ name: "plain" }));
    expect(httpFault(error)?.message ?? transport.ending).toMatch(mentions("67108864"));
    await eventually(() => expect(server.openResponses.size).toBe(0));
  });

  it("is different from many small ones", async () => {
    const server = await hostile({
      "tools/call": events((response, { message }) => {
        const note = { jsonrpc: "2.0", method: "notifications/message", params: { data: "x".repeat(1024 * 1024) } };
        for (let count = 0; count < 70; count++) response.write(`data: ${JSON.stringify(note)}\r\n\r\n`);
        response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, result: { content: [] } })}\n\n`);
      }),
    });
    const { client } = await connected(server.url);
    expect(await client.callTool({ name: "plain" })).toEqual({ content: [] });
  });

  it("of 20 MiB arrives whole", async () => {
    const text = "x".repeat(20 * 1024 * 1024);
    const server = await hostile({ "tools/call": json({ content: [{ type: "text", text }] }) });
    const { client } = await connected(server.url);
    const [part] = (await client.callTool({ name: "plain" })).content as { text: string }[];
    expect(part?.text.length).toBe(text.length);
  });
});

describe("a connection", () => {
  it("survives the loss of its stream of notifications", async () => {
    const server = await hostile({ GET: (response) => breakOff(response, "text/event-stream", ": hello\n\n") });
    const { client, transport } = await connected(server.url);
    await eventually(() => expect(server.seen.filter(({ method }) => method === "GET").length).toBe(1));
    await delay(200);
    expect(transport.closed).toBe(false);
    expect((await client.callTool({ name: "plain" })).content).toEqual([{ type: "text", text: "ok" }]);
  });

  it("closes in time when the server does not answer the DELETE, and sends it once", async () => {
    const server = await hostile({ DELETE: () => {}, "tools/call": () => {}, GET: events(() => {}) });
    const { client, transport } = await connected(server.url);
    const call = failed(client.callTool({ name: "plain" }));
    await eventually(() => expect(server.openResponses.size).toBe(2));
    const start = performance.now();
    const closing = Promise.all([transport.close(), transport.close()]);
    await call;
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    await closing;
    expect(performance.now() - start).toBeLessThan(CLOSE_BUDGET_MS);
    expect(transport.ending).toContain("closed");
    expect(server.seen.filter(({ method }) => method === "DELETE")).toHaveLength(1);
    await eventually(() => expect(server.openResponses.size).toBe(0));
    await expect(client.callTool({ name: "plain" })).rejects.toThrow();
  });
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  for (let round = 0; round < 3; round++) runInNewContext("gc")();
}

function breakOff(response: Parameters<Answer>[0], type: string, start: string): void {
  response.writeHead(200, { "content-type": type });
  response.write(start, () => setTimeout(() => response.destroy(), 20));
}
