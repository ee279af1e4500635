/** The answers of a server behind a URL: read in every form that the specifications of events and of older MCP know, and some more. */
import { expect, it } from "vitest";
import { type Answer, events, status } from "../support/hostile-http-server.js";
import { connected, hostile, useHttpSandbox } from "../support/http-sandbox.js";

useHttpSandbox();

const result = { content: [{ type: "text", text: "done" }] };
const note = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x" } };
const inLines = (data: string) => data.replaceAll("\n", "\ndata: ");
it.each<[string, (frame: object) => Answer]>([
  ["in one event of many lines", (frame) => streamed(`data: ${inLines(JSON.stringify(frame, null, 2))}\n\n`)],
  ["in a list, as an event", (frame) => streamed(`id: 1\ndata: ${JSON.stringify([note, frame])}\n\n`)],
  ["in a list, as JSON", (frame) => status(200, JSON.stringify([note, frame]), { "content-type": "application/json" })],
  [
    "behind a byte order mark and comments",
    (frame) => streamed(`\uFEFF:\n\n: hello\ndata:${JSON.stringify(frame)}\n\n`),
  ],
  ["in an event without an end", (frame) => streamed(`event: message\ndata: ${JSON.stringify(frame)}`)],
  [
    "in an event that comes byte by byte",
    (frame) => streamed(`event: message\r\ndata: ${JSON.stringify(frame)}\r\n\r\n`, 1),
  ],
])("an answer is read %s", async (_how, answer) => {
  const server = await hostile({
    "tools/call": (response, seen) => answer({ jsonrpc: "2.0", id: seen.message.id, result })(response, seen),
  });
  const { client, transport } = await connected(server.url);
  for (const _ of [1, 2]) expect((await client.callTool({ name: "any" })).content).toEqual(result.content);
  expect(transport.closed).toBe(false);
});

const asEvent = (end: string) => (frame: object) =>
  events((response) => response.end(`event: message${end}data: ${JSON.stringify(frame)}${end}${end}: bye${end}`));
it.each<[string, (frame: object) => Answer]>([
  ["as JSON", (frame) => status(200, JSON.stringify(frame), { "content-type": "application/json" })],
  ["as an event", asEvent("\n")],
  ["as an event in lines of Windows", asEvent("\r\n")],
  ["as an event in lines of old Macs", asEvent("\r")],
])("an answer is read where its frame has nulls in place of nothing, %s", async (_how, answer) => {
  const odd = { ...result, _meta: null };
  const server = await hostile({
    "tools/call": (response, seen) =>
      answer({ jsonrpc: "2.0", id: seen.message.id, result: odd, error: null })(response, seen),
  });
  const { client } = await connected(server.url);
  const called = await client.callTool({ name: "any", arguments: {} });
  expect(called.content).toEqual(result.content);
});

/** A stream of events with this text, in pieces of so many characters. */
function streamed(text: string, piece = text.length): Answer {
  return events((response) => {
    const writeFrom = (at: number) => {
      if (at >= text.length) return void response.end();
      response.write(text.slice(at, at + piece));
      setImmediate(writeFrom, at + piece);
    };
    writeFrom(0);
  });
}
