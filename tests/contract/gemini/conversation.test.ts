/** The Gemini provider with the real SDK, over loopback, against a stand-in that checks requests as Gemini does. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { ModelReply } from "../../../src/core/ports/provider.js";
import type { Message, RawReply, ToolDeclaration } from "../../../src/core/run/message.js";
import { readGeminiReply } from "../../../src/providers/gemini/read-reply.js";
import { ask, KEY, MODEL, setConnect } from "../../support/gemini-provider.js";
import {
  blockedPrompt,
  emptyCandidates,
  hang,
  json,
  malformedFunctionCall,
  reply,
  status,
  twoParallelCalls,
} from "../../support/gemini-stand-in.js";
import { AT_ONCE_MS } from "../../support/in-time.js";
import { failureOf } from "../../support/provider-connect.js";

const connect = setConnect();

const TOOLS: readonly ToolDeclaration[] = [
  tool("files__read", { type: "object", properties: { path: { type: "string" } }, required: ["path"] }),
  tool("7zip__list", { type: "object" }),
];

describe("a conversation", () => {
  it("asks with the system prompt, the tools and store: false", async () => {
    const { provider, standIn } = await connect([reply([{ text: "Hello" }])]);
    const answer = await ask(provider, { system: "Be brief.", tools: TOOLS });

    expect(said(answer)).toEqual({ text: "Hello", calls: [] });
    const [request] = standIn.requests;
    expect(request).toMatchObject({ model: MODEL, path: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse` });
    expect(request?.headers["x-goog-api-key"]).toBe(KEY);
    expect(request?.body).toMatchObject({
      contents: [{ role: "user", parts: [{ text: "Begin" }] }],
      systemInstruction: { parts: [{ text: "Be brief." }] },
      toolConfig: { functionCallingConfig: { mode: "AUTO" } },
      store: false,
    });
    expect(request?.body.tools?.[0]?.functionDeclarations?.map(({ name }) => name)).toEqual([
      "files__read",
      "_7zip__list",
    ]);
  });

  it("names neither tools nor a system prompt where there are none", async () => {
    const { provider, standIn } = await connect([reply([{ text: "Hello" }])]);
    await ask(provider, { system: "", tools: [] });
    const body = standIn.requests[0]?.body;
    expect(body).not.toHaveProperty("tools");
    expect(body).not.toHaveProperty("toolConfig");
    expect(body).not.toHaveProperty("systemInstruction");
  });

  it("joins text parts and leaves thoughts out, but keeps them in the raw reply", async () => {
    const parts = [
      { text: "Hmm. ", thought: true },
      { text: "One " },
      { text: "two" },
      { text: "", thoughtSignature: "c2ln" },
    ];
    const { provider } = await connect([reply(parts)]);
    const answer = await ask(provider);
    expect(said(answer)).toEqual({ text: "One two", calls: [] });
    expect(rawOf(answer)).toMatchObject({
      provider: "gemini",
      model: MODEL,
      modelVersion: "stand-in",
      content: { role: "model", parts: [parts[0], { text: "One two" }, parts[3]] },
    });
  });

  it("counts tokens as Gemini does, and reports missing counts as unknown", async () => {
    const usage = {
      promptTokenCount: 90,
      candidatesTokenCount: 7,
      cachedContentTokenCount: 40,
      thoughtsTokenCount: 12,
    };
    const { provider } = await connect([
      reply([{ text: "a" }], { usage }),
      reply([{ text: "b" }], { usage: { promptTokenCount: 3, candidatesTokenCount: 1 } }),
      reply([{ text: "b" }], { usage: { promptTokenCount: 3 } }),
      reply([{ text: "c" }], { usage: null }),
      reply([{ text: "d" }], { usage: { promptTokenCount: 1e308, candidatesTokenCount: 1 } }),
    ]);
    expect((await ask(provider)).usage).toEqual({ input: 90, output: 7, cached: 40, thinking: 12 });
    expect((await ask(provider)).usage).toEqual({ input: 3, output: 1, cached: 0, thinking: 0 });
    for (let n = 0; n < 3; n++) expect((await ask(provider)).usage).toBeNull();
  });

  it("sends each model content back byte for byte over three turns, thought signatures included", async () => {
    const first = [
      { text: "Plan", thought: true },
      {
        functionCall: { id: "a", name: "files__read", args: { path: "x" } },
        thoughtSignature: "QUFB",
        unknown: { z: 1, a: [null] },
      },
    ];
    const second = twoParallelCalls(
      { id: "b", name: "files__read", args: { path: "y" } },
      { id: "c", name: "_7zip__list" },
    );
    const { provider, standIn } = await connect([reply(first), second, reply([{ text: "Done" }])]);

    const messages: Message[] = [{ role: "user", text: "Begin" }];
    const replies: RawReply[] = [];
    for (let turn = 1; turn <= 3; turn++) {
      const answer = await ask(provider, { messages, tools: TOOLS });
      replies.push(rawOf(answer));
      messages.push(...answered(rawOf(answer)));
    }

    expect(readGeminiReply(raw(replies, 1)).calls).toEqual([
      { id: "b", name: "files__read", arguments: { path: "y" } },
      { id: "c", name: "7zip__list", arguments: {} },
    ]);
    const { contents } = standIn.requests[2]?.body ?? { contents: [] };
    expect(JSON.stringify(contents[1])).toBe(JSON.stringify({ role: "model", parts: first }));
    expect(JSON.stringify(contents[3])).toBe(JSON.stringify(raw(replies, 1).content));
    expect(contents[3]?.parts[0]).toHaveProperty("thoughtSignature");
    expect(contents[3]?.parts[1]).not.toHaveProperty("thoughtSignature");
    expect(contents[2]).toEqual({
      role: "user",
      parts: [{ functionResponse: { id: "a", name: "files__read", response: { output: "answer to files__read" } } }],
    });
    expect(contents[4]).toEqual({
      role: "user",
      parts: [
        { functionResponse: { id: "b", name: "files__read", response: { output: "answer to files__read" } } },
        { functionResponse: { id: "c", name: "_7zip__list", response: { error: "answer to 7zip__list" } } },
      ],
    });
  });

  it.each([
    ["another provider", { provider: "anthropic", model: "claude", content: [{ type: "tool_use" }] }],
    [
      "another model",
      { provider: "gemini", model: "gemini-3.6-flash", content: { parts: [{ thoughtSignature: "QUFB" }] } },
    ],
  ])("rebuilds the reply of %s, with the sentinel on the first call only", async (_, foreign) => {
    const calls = [
      { id: "t1", name: "files__read", arguments: { path: "x" } },
      { id: null, name: "7zip__list", arguments: {} },
    ];
    const { provider, standIn } = await connect([reply([{ text: "Done" }])]);
    await ask(provider, {
      tools: TOOLS,
      messages: [
        { role: "user", text: "Begin" },
        { role: "assistant", raw: foreign, content: { text: "Reading", calls } },
        { role: "tool", answers: calls.map((call) => ({ call, isError: false, text: "ok" })) },
      ],
    });
    expect(standIn.requests[0]?.body.contents.slice(1)).toEqual([
      {
        role: "model",
        parts: [
          { text: "Reading" },
          {
            functionCall: { id: "t1", name: "files__read", args: { path: "x" } },
            thoughtSignature: "skip_thought_signature_validator",
          },
          { functionCall: { name: "_7zip__list", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "t1", name: "files__read", response: { output: "ok" } } },
          { functionResponse: { name: "_7zip__list", response: { output: "ok" } } },
        ],
      },
    ]);
  });

  it("maps names that Gemini refuses there and back without collisions", async () => {
    const names = ["9p__a", "_9p__a", "-x__a", "_-x__a", "__9p__a", "_ok__a", "a__b"];
    const { provider, standIn } = await connect((body) =>
      reply((body.tools?.[0]?.functionDeclarations ?? []).map(({ name }) => ({ functionCall: { name } }))),
    );
    const answer = await ask(provider, { tools: names.map((name) => tool(name, {})) });
    expect(said(answer).calls.map((call) => call.name)).toEqual(names);
    const declared = standIn.requests[0]?.body.tools?.[0]?.functionDeclarations?.map(({ name }) => name) ?? [];
    expect(new Set(declared).size).toBe(names.length);
    for (const name of declared) expect(name).toMatch(/^[A-Za-z_]/);
  });
});

describe("an unusable reply", () => {
  it.each([
    ["a blocked prompt", blockedPrompt("PROHIBITED_CONTENT"), "refused_reply", "PROHIBITED_CONTENT", false],
    ["no candidates", emptyCandidates(), "empty_reply", "no candidates", true],
    ["nothing said", reply([{ text: "" }]), "empty_reply", "STOP", true],
    ["only thoughts", reply([{ text: "Hmm", thought: true }]), "empty_reply", "STOP", true],
    ["a candidate without content", json({ candidates: [{ finishReason: "STOP" }] }), "empty_reply", "STOP", true],
    [
      "a malformed call",
      malformedFunctionCall(),
      "malformed_reply",
      "MALFORMED_FUNCTION_CALL (Malformed function",
      true,
    ],
    ["a call without a name", callLike({ args: {} }), "malformed_reply", "functionCall.name", true],
    [
      "a call with arguments as text",
      callLike({ name: "a", args: "{}" }),
      "malformed_reply",
      "functionCall.args",
      true,
    ],
    [
      "a call with arguments as a list",
      callLike({ name: "a", args: [] }),
      "malformed_reply",
      "functionCall.args",
      true,
    ],
    ["a cut reply", reply([{ text: "Half" }], { finishReason: "MAX_TOKENS" }), "truncated_reply", "MAX_TOKENS", true],
  ])("%s", async (_, behaviour, code, reason, askAgain) => {
    const { provider } = await connect([behaviour]);
    expect(await ask(provider)).toMatchObject({ ok: false, code, askAgain, reason: expect.stringContaining(reason) });
  });

  it.each(["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "OTHER"])(
    "that %s ended is refused, with any text",
    async (finishReason) => {
      const { provider } = await connect([reply([{ text: "Some text" }], { finishReason })]);
      const answer = await ask(provider);
      expect(answer).toMatchObject({
        ok: false,
        code: "refused_reply",
        askAgain: true,
        usage: { input: 10, output: 5 },
      });
      expect(answer).toHaveProperty("reason", expect.stringContaining(finishReason));
    },
  );

  it.each(["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"])(
    "ended by %s is malformed",
    async (finishReason) => {
      const { provider } = await connect([reply([], { finishReason })]);
      const reason = expect.stringContaining(finishReason);
      expect(await ask(provider)).toMatchObject({ ok: false, code: "malformed_reply", askAgain: true, reason });
    },
  );
});

describe("an abort", () => {
  it("before the call sends nothing and rejects with the reason", async () => {
    const { provider, standIn } = await connect([reply([{ text: "never" }])]);
    const reason = new Error("cancelled by the user");
    await expect(ask(provider, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(standIn.requests).toEqual([]);
  });

  it("right after the call sends nothing either", async () => {
    const { provider, standIn } = await connect([reply([{ text: "never" }])]);
    const controller = new AbortController();
    const pending = ask(provider, {}, controller.signal);
    controller.abort("stop");
    await expect(pending).rejects.toBe("stop");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(standIn.requests).toEqual([]);
  });

  it.each([
    ["while the model thinks", false],
    ["within the answer", true],
  ])("%s rejects at once and closes the socket", async (_, inBody) => {
    const { provider, standIn } = await connect([hang(inBody)]);
    const controller = new AbortController();
    const reason = new Error("deadline");
    const pending = ask(provider, {}, controller.signal);
    const request = await standIn.arrived(1);
    if (inBody) await new Promise((resolve) => setTimeout(resolve, 50));

    const outcome = expect(pending).rejects.toBe(reason);
    const start = performance.now();
    controller.abort(reason);
    await outcome;
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    await request.closed;
  });

  it("leaves no listener behind, whether the call succeeded or failed", async () => {
    const { provider } = await connect([reply([{ text: "ok" }]), status(503)]);
    const { signal } = new AbortController();
    await ask(provider, {}, signal);
    await failureOf(ask(provider, {}, signal));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("the tools", () => {
  it("are lowered once for the same array of tools", async () => {
    let reads = 0;
    const schema = { type: "object", properties: { a: { type: "string", pattern: "^a" } }, $schema: "x" };
    const counted: ToolDeclaration = {
      name: "a__b",
      description: "",
      get inputSchema() {
        reads += 1;
        return schema;
      },
    };
    const { provider, standIn } = await connect((_, n) => reply([{ text: `${n}` }]));
    const tools = [counted];
    for (let n = 1; n <= 3; n++) await ask(provider, { tools });
    expect(reads).toBe(1);
    expect(standIn.requests[2]?.body.tools).toEqual(standIn.requests[0]?.body.tools);
  });
});

function rawOf(answer: ModelReply): RawReply {
  if (answer.ok) return answer.raw;
  throw new Error(`no reply: ${answer.reason}`);
}

function said(answer: ModelReply) {
  return readGeminiReply(rawOf(answer));
}

function raw(replies: readonly RawReply[], index: number): RawReply {
  const found = replies[index];
  if (!found) throw new Error(`no reply ${index}`);
  return found;
}

/** The messages that the runner adds to the conversation: the reply, and an answer to each call, every second one an error. */
function answered(raw: RawReply): readonly Message[] {
  const content = readGeminiReply(raw);
  const answers = content.calls.map((call, index) => ({
    call,
    isError: index % 2 === 1,
    text: `answer to ${call.name}`,
  }));
  const said: Message = { role: "assistant", raw, content };
  return answers.length === 0 ? [said] : [said, { role: "tool", answers }];
}

function tool(name: string, inputSchema: object): ToolDeclaration {
  return { name, description: `What ${name} does`, inputSchema };
}

function callLike(functionCall: object) {
  return json({ candidates: [{ content: { role: "model", parts: [{ functionCall }] }, finishReason: "STOP" }] });
}
