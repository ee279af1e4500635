/** Answers of hosts that do not stream: one response in JSON, or a list of chunks. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ModelActivity } from "../../../src/core/ports/provider.js";
import type { Message } from "../../../src/core/run/message.js";
import { gemini } from "../../../src/providers/gemini/definition.js";
import { createGeminiProvider } from "../../../src/providers/gemini/provider.js";
import { readGeminiReply } from "../../../src/providers/gemini/read-reply.js";
import { ask, setConnect } from "../../support/gemini-provider.js";
import { type Behaviour, reply } from "../../support/gemini-stand-in.js";
import { failureOf } from "../../support/provider-connect.js";
import { setupOf } from "../../support/provider-setup.js";

const connect = setConnect();
const PARTS = [
  { text: "Look there", thought: true },
  { text: "I look." },
  { functionCall: { name: "s__read", args: { path: "a" }, id: "call_1" }, thoughtSignature: "c2ln" },
];
const WHOLE = reply(PARTS).body;
/** The same in three chunks. */
const CHUNKS = PARTS.map((part, index) => ({
  candidates: [{ content: { role: "model", parts: [part] }, ...(index === 2 && { finishReason: "STOP" }) }],
  ...(index === 2 && { usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5 }, modelVersion: "stand-in" }),
}));

/** The JSON as it is, without a stream around it. */
function plain(value: unknown, type = "application/json", indent = 2): Behaviour {
  return {
    kind: "answer",
    status: 200,
    body: `\n${JSON.stringify(value, null, indent)}`,
    headers: { "content-type": type },
  };
}

describe("an answer that is not streamed", () => {
  it.each([
    ["one response", plain(WHOLE)],
    ["one response as a stream", plain(WHOLE, "text/event-stream")],
    ["one response in a list", plain([WHOLE])],
    ["chunks in a list", plain(CHUNKS)],
    ["chunks in a list without spaces", plain(CHUNKS, "application/json; charset=UTF-8", 0)],
  ])("is read as %s", async (_, behaviour) => {
    const { provider, standIn } = await connect([behaviour]);
    const heard: ModelActivity[] = [];
    const answer = await ask(provider, { onActivity: (activity) => heard.push(activity) });
    expect(answer).toMatchObject({
      ok: true,
      usage: { input: 10, output: 5 },
      raw: { content: { role: "model", parts: PARTS }, origin: standIn.url, modelVersion: "stand-in" },
    });
    expect(heard.filter(({ kind }) => kind !== "progress").map(({ text }) => text)).toEqual([
      "Look there",
      "I look.",
      "s__read",
    ]);
    expect(standIn.requests).toHaveLength(1);
  });

  it("goes back as it came", async () => {
    const { provider, standIn } = await connect([plain(CHUNKS), reply([{ text: "Done" }])]);
    const first = await ask(provider);
    if (!first.ok) throw new Error(first.reason);
    const content = readGeminiReply(first.raw);
    const messages: Message[] = [
      { role: "user", text: "Begin" },
      { role: "assistant", raw: first.raw, content },
      { role: "tool", answers: content.calls.map((call) => ({ call, isError: false, text: "ok" })) },
    ];
    await ask(provider, { messages });
    expect(standIn.requests[1]?.body.contents[1]).toEqual({ role: "model", parts: PARTS });
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("is read where it comes as %s", async (encoding, compress) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding });
      response.end(compress(JSON.stringify(CHUNKS)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const provider = createGeminiProvider(setupOf(gemini, { baseUrl: `http://127.0.0.1:${port}` }));
      expect(await ask(provider)).toMatchObject({ ok: true, raw: { content: { parts: PARTS } } });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each([
    ["a page", { kind: "answer", status: 200, body: "<!doctype html><title>Welcome</title>" }],
    ["broken JSON", { kind: "answer", status: 200, body: '[{"candidates": [' }],
    ["JSON of another shape", plain({ ok: true })],
    ["an empty list", plain([])],
    ["a list of something else", plain(["candidates"])],
    ["null", plain(null)],
  ] satisfies readonly [string, Behaviour][])("is a bad response as %s", async (_, behaviour) => {
    const { provider } = await connect([behaviour]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "bad_response", status: null });
  });

  it.each([
    ["nothing said", { candidates: [] }, "empty_reply"],
    ["a blocked prompt", { promptFeedback: { blockReason: "SAFETY" } }, "refused_reply"],
    ["a cut end", reply([{ text: "Half" }], { finishReason: "MAX_TOKENS" }).body, "truncated_reply"],
  ])("is judged like a stream: %s", async (_, body, code) => {
    const { provider } = await connect([plain(body)]);
    expect(await ask(provider)).toMatchObject({ ok: false, code });
  });
});

describe("an error within an answer", () => {
  const error = { code: 429, message: "Slow down.", status: "RESOURCE_EXHAUSTED", details: [{ retryDelay: "7s" }] };

  it.each([
    ["in one piece", plain({ error })],
    ["in a list", plain([CHUNKS[0], { error }])],
    ["in a stream", { kind: "answer", status: 200, body: { error } }],
  ] satisfies readonly [string, Behaviour][])("%s is the error that it says it is", async (_, behaviour) => {
    const { provider } = await connect([behaviour]);
    const failure = await failureOf(ask(provider));
    expect(failure).toMatchObject({ code: "rate_limited", status: null, retryAfterMs: 7000 });
    expect(failure.message).toContain("Slow down");
    expect(failure.message).not.toMatch(/HTTP \d/);
  });

  it("without a number is the vendor's own", async () => {
    const { provider } = await connect([plain({ error: { message: "Something broke." } })]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "server_error" });
  });
});
