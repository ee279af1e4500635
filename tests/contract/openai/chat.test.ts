/** Chat completions with the real SDK, over loopback, against a stand-in that checks requests as its host does. */
import { describe, expect, it } from "vitest";
import type { ModelActivity } from "../../../src/core/ports/provider.js";
import type { Message } from "../../../src/core/run/message.js";
import { messagesIn, reply, USAGE } from "../../support/openai/chat-stand-in.js";
import {
  answered,
  ask,
  BEGIN,
  contentOf,
  KEY,
  MODEL,
  rawOf,
  setConnect,
  TOOL,
  talk,
} from "../../support/openai/provider.js";
import { answer } from "../../support/openai/stand-in.js";
import { listOf } from "../../support/openai/wire-rules.js";

const connect = setConnect();
const settings = { effort: "max", temperature: 0.5, maxOutputTokens: 2_000 } as const;

describe("a conversation", () => {
  it("asks with the system prompt, the tools and the settings", async () => {
    const { provider, standIn } = await connect.chat("groq", [reply({ text: "Hello" })]);
    const answer = await ask(provider, { system: "Be brief.", tools: [TOOL], settings });
    expect(contentOf(answer)).toEqual({ text: "Hello", calls: [] });
    expect(rawOf(answer)).toMatchObject({
      provider: "mine",
      wire: "chat",
      origin: standIn.url,
      model: MODEL,
      modelVersion: "stand-in",
    });
    const [request] = standIn.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(request?.body).toEqual({
      model: MODEL,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Begin" },
      ],
      tools: [{ type: "function", function: { name: "s__read", description: "Reads.", parameters: TOOL.inputSchema } }],
      max_tokens: 2_000,
      temperature: 0.5,
      reasoning_effort: "high",
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("keeps the query of an address, and stores it in no reply", async () => {
    const { standIn, again } = await connect.loose([reply({ text: "Hello" })]);
    const asked = await ask(again({ baseUrl: `${standIn.url}?api-version=1&code=secret` }));
    expect(standIn.requests[0]?.path).toBe("/v1/chat/completions?api-version=1&code=secret");
    expect(rawOf(asked).origin).toContain(standIn.url);
    expect(JSON.stringify(asked)).not.toContain("secret");
  });

  it("names neither tools, settings nor a system prompt where there are none", async () => {
    const { provider, standIn } = await connect.chat("groq", [reply({ text: "Hello" })]);
    await ask(provider);
    expect(Object.keys(standIn.requests[0]?.body ?? {})).toEqual(["model", "messages", "stream", "stream_options"]);
  });

  it("sends headers of its own alone, with a key of no meaning where none is set", async () => {
    process.env.OPENAI_ORG_ID = "org-of-the-tester";
    process.env.OPENAI_CUSTOM_HEADERS = "x-secret: of-the-tester";
    try {
      const { standIn, again } = await connect.chat("ollama", [reply({ text: "Hello" })]);
      await ask(again({ apiKey: null, keyVariable: null }));
      const headers = standIn.requests[0]?.headers ?? {};
      expect(headers.authorization).toBe("Bearer none");
      expect(JSON.stringify(headers)).not.toMatch(/tester|stainless/);
    } finally {
      delete process.env.OPENAI_ORG_ID;
      delete process.env.OPENAI_CUSTOM_HEADERS;
    }
  });

  it("continues with parallel calls, one result each in their order, and after it was stored", async () => {
    const calls = [
      { id: "call_a", arguments: '{"n":1}' },
      { id: "call_b", arguments: '{"n": 2}' },
    ];
    const { standIn, again, provider } = await connect.chat(
      "openai",
      [reply({ text: "Both.", calls }), reply({ text: "done" })],
      { wire: "chat" },
    );
    const first = await ask(provider, { tools: [TOOL] });
    expect(contentOf(first)).toEqual({
      text: "Both.",
      calls: [
        { id: "call_a", name: "s__read", arguments: { n: 1 } },
        { id: "call_b", name: "s__read", arguments: { n: 2 } },
      ],
    });
    await ask(again(), { tools: [TOOL], messages: [BEGIN, ...answered(first)] });
    const sent = (id: string, written: string) => ({
      id,
      type: "function",
      function: { name: "s__read", arguments: written },
    });
    expect(messagesIn(standIn.requests[1]?.body).slice(1)).toEqual([
      { role: "assistant", content: "Both.", tool_calls: [sent("call_a", '{"n":1}'), sent("call_b", '{"n": 2}')] },
      { role: "tool", tool_call_id: "call_a", content: "answer 0" },
      { role: "tool", tool_call_id: "call_b", content: "Error: answer 1" },
    ]);
  });

  it("tells of text, thinking and calls as they arrive", async () => {
    const heard: ModelActivity[] = [];
    const script = [reply({ text: "I look.", fields: { reasoning: "Hmm?" }, calls: [{ name: "a__b" }] })];
    const { provider } = await connect.chat("vllm", script);
    await ask(provider, { onActivity: (activity) => heard.push(activity) });
    expect(heard.filter(({ kind }) => kind !== "progress")).toEqual([
      { kind: "thinking", text: "Hm" },
      { kind: "thinking", text: "m?" },
      { kind: "text", text: "I lo" },
      { kind: "text", text: "ok." },
      { kind: "call", text: "a__b" },
    ]);
  });

  it("passes a long reply on whole", async () => {
    const text = "ä€𝒳 ".repeat(100_000);
    const { provider } = await connect.chat("vllm", [reply({ text })]);
    expect(contentOf(await ask(provider)).text).toBe(text);
  });

  it("shows images in a message of the user behind the results, each once", async () => {
    const { provider, standIn } = await connect.chat("vllm", (_, n) =>
      reply(n === 1 ? { calls: [{ id: "a" }, { id: "b" }] } : { text: "seen" }),
    );
    const image = { mimeType: "image/png", base64: "iVBORw0KGgo=" };
    const [assistant, tool] = answered(await ask(provider, { tools: [TOOL] }));
    if (!assistant || tool?.role !== "tool") throw new Error("no calls");
    const shown = tool.answers.map((answer) => ({ ...answer, images: [{ blob: "b1", size: 12 }] }));
    const messages: Message[] = [BEGIN, assistant, { role: "tool", answers: shown }, { role: "user", text: "Go on" }];
    await ask(provider, { messages, images: new Map([["b1", image]]) });
    const sent = messagesIn(standIn.requests[1]?.body).slice(2);
    expect(sent.map(({ role }) => role)).toEqual(["tool", "tool", "user", "user"]);
    expect(listOf(sent[2]?.content).slice(1)).toEqual([
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
    ]);
    await ask(provider, { messages });
    expect(messagesIn(standIn.requests[2]?.body)).toHaveLength(5);
  });

  it("rebuilds the reply of another model or host without its reasoning and its ids", async () => {
    const calls = [{ id: "a".repeat(50), name: "s__read", arguments: { n: 1 } }];
    const content = { role: "assistant", content: "Look", reasoning: "Hm", tool_calls: [] };
    for (const [model, origin] of [
      ["other", undefined],
      [MODEL, "https://elsewhere.example"],
    ] as const) {
      const { provider, standIn } = await connect.chat("vllm", [reply({ text: "done" })]);
      const raw = { provider: "mine", wire: "chat", model, ...(origin && { origin }), content } as const;
      const messages: Message[] = [
        BEGIN,
        { role: "assistant", raw, content: { text: "Look", calls } },
        { role: "tool", answers: calls.map((call) => ({ call, isError: false, text: "ok" })) },
      ];
      await ask(provider, { messages });
      const [, asked, result] = messagesIn(standIn.requests[0]?.body);
      expect(asked).toEqual({
        role: "assistant",
        content: "Look",
        tool_calls: [
          {
            id: expect.stringMatching(/^\w{1,40}$/),
            type: "function",
            function: { name: "s__read", arguments: '{"n":1}' },
          },
        ],
      });
      expect(result?.tool_call_id).toBe(listOf(asked?.tool_calls)[0]?.id);
    }
  });

  it("sends a message with fields that nobody knows back byte for byte", async () => {
    const call = {
      more: { a: [1] },
      function: { arguments: '{ "n" : 1 }', name: "s__read", x: null },
      type: "function",
      id: "call_1",
    };
    const message = {
      tool_calls: [call],
      reasoning: "Hm",
      unknown: { z: 1, a: 2 },
      content: "Look",
      role: "assistant",
    };
    const script = [answer(200, { choices: [{ message, finish_reason: "tool_calls" }] }), reply({ text: "done" })];
    const { provider, standIn } = await connect.loose(script);
    await talk(provider);
    expect(JSON.stringify(messagesIn(standIn.requests[1]?.body)[1])).toBe(JSON.stringify(message));
  });

  it("gives ids where they are missing, empty or come again, the same after a resume", async () => {
    const calls = [{ id: null }, { id: "" }, { id: "same" }, { id: "same" }];
    const done = reply({ text: "done" });
    const script = [reply({ calls }), reply({ calls: [{ id: "same" }] }), done, done];
    const { provider, standIn, again } = await connect.chat("vllm", script);
    const messages = await talk(provider);
    await ask(again(), { tools: [TOOL], messages: JSON.parse(JSON.stringify(messages.slice(0, -1))) });
    const [ids, after] = [2, 3].map((n) =>
      messagesIn(standIn.requests[n]?.body).flatMap(({ tool_calls }) => listOf(tool_calls).map(({ id }) => id)),
    );
    expect(new Set(ids).size).toBe(5);
    expect(ids?.[2]).toBe("same");
    expect(after).toEqual(ids);
    expect(standIn.broken).toEqual([]);
  });

  it.each([
    ["nothing", "", {}],
    ["an object", { n: 1 }, { n: 1 }],
    ["null", "null", {}],
    ["an object written twice over", JSON.stringify('{"n":1}'), { n: 1 }],
    ["an object behind an empty one", '{}{"n":1}', { n: 1 }],
    ["the same object twice", '{"n":"}"}{"n":"}"}', { n: "}" }],
  ])("reads arguments that are %s, and sends them back as the JSON of an object", async (_, written, read) => {
    const script = [reply({ calls: [{ id: "a", arguments: written }] }), reply({ text: "done" })];
    const { provider, standIn } = await connect.chat("llamacpp", script);
    const messages = await talk(provider);
    expect(messages[1]).toMatchObject({ content: { calls: [{ arguments: read }] } });
    const [, asked] = messagesIn(standIn.requests[1]?.body);
    expect(listOf(asked?.tool_calls)[0]).toMatchObject({ function: { arguments: JSON.stringify(read) } });
  });
});

describe("an answer in another form", () => {
  const message = { role: "assistant", content: "Hello", tool_calls: null };

  it("is read where the host does not stream", async () => {
    const whole = { choices: [{ index: 0, message, finish_reason: "stop" }], usage: USAGE };
    const { provider } = await connect.chat("vllm", [answer(200, whole), answer(200, JSON.stringify(whole, null, 2))]);
    for (let n = 0; n < 2; n++) {
      const read = await ask(provider);
      expect(contentOf(read).text).toBe("Hello");
      expect(read.usage).toMatchObject({ input: 10, output: 5 });
    }
  });

  it.each([
    ["without the mark of the end", reply({ text: "Hello", done: false })],
    ["without a reason of the end", reply({ text: "Hello", finish: null })],
    ["without usage", reply({ text: "Hello", usage: null, done: false })],
    ["with the usage alone at the end", reply({ text: "Hello", finish: null, done: false })],
    [
      "with comments and carriage returns",
      answer(
        200,
        `: wait\r\n\r\ndata: ${JSON.stringify({ choices: [{ delta: { content: "Hello" }, finish_reason: "stop" }] })}\r\n\r\ndata: [DONE]\r\n\r\n`,
      ),
    ],
    ["with the end named as it likes", reply({ text: "Hello", finish: "end" })],
    ["with text and the reason of a call", reply({ text: "Hello", finish: "tool_calls" })],
  ])("is whole %s", async (_, behaviour) => {
    const { provider } = await connect.chat("vllm", [behaviour]);
    expect(contentOf(await ask(provider)).text).toBe("Hello");
  });

  it("may call in the older form in pieces, and keeps lists of an answer in one piece", async () => {
    const piece = (called: object) => ({ choices: [{ index: 0, delta: { function_call: called } }] });
    const events = [
      piece({ name: "s__read", arguments: '{"n"' }),
      piece({ arguments: ":1}" }),
      { choices: [{ finish_reason: "stop" }] },
    ];
    const details = [
      { type: "reasoning.text", text: "a" },
      { type: "reasoning.text", text: "b" },
    ];
    const whole = { choices: [{ message: { role: "assistant", content: "Hello", reasoning_details: details } }] };
    const { provider } = await connect.loose([{ kind: "events", events }, answer(200, whole)]);
    expect(contentOf(await ask(provider)).calls).toEqual([{ id: null, name: "s__read", arguments: { n: 1 } }]);
    expect(rawOf(await ask(provider)).content).toMatchObject({ reasoning_details: details });
  });

  it("may call in the older form", async () => {
    const older = { role: "assistant", content: null, function_call: { name: "s__read", arguments: '{"n":1}' } };
    const script = [
      answer(200, { choices: [{ message: older, finish_reason: "function_call" }] }),
      reply({ text: "done" }),
    ];
    const { provider, standIn } = await connect.chat("vllm", script);
    await talk(provider);
    expect(messagesIn(standIn.requests[1]?.body)[1]).toMatchObject({
      tool_calls: [{ function: { arguments: '{"n":1}' } }],
    });
    expect(standIn.broken).toEqual([]);
  });

  it.each([
    [
      "as the vendor counts",
      { ...USAGE, completion_tokens_details: { reasoning_tokens: 2 }, prompt_tokens_details: { cached_tokens: 4 } },
      { input: 10, output: 3, cached: 4, thinking: 2 },
    ],
    [
      "with thinking apart",
      { ...USAGE, total_tokens: 18, completion_tokens_details: { reasoning_tokens: 3 } },
      { input: 10, output: 5, cached: 0, thinking: 3 },
    ],
    [
      "with DeepSeek's cache",
      { ...USAGE, prompt_cache_hit_tokens: 6 },
      { input: 10, output: 5, cached: 6, thinking: 0 },
    ],
    ["with Kimi's cache", { ...USAGE, cached_tokens: 7 }, { input: 10, output: 5, cached: 7, thinking: 0 }],
    ["without the prompt", { completion_tokens: 5 }, null],
    ["as no numbers", { prompt_tokens: "10", completion_tokens: 5 }, null],
    ["not at all", null, null],
  ])("counts tokens %s", async (_, usage, expected) => {
    const { provider } = await connect.chat("vllm", [reply({ text: "a", usage })]);
    expect((await ask(provider)).usage).toEqual(expected);
  });

  it("may count in the choice", async () => {
    const choice = { index: 0, delta: { content: "a" }, finish_reason: "stop", usage: { ...USAGE, cached_tokens: 1 } };
    const { provider } = await connect.chat("vllm", [{ kind: "events", events: [{ choices: [choice] }] }]);
    expect((await ask(provider)).usage).toMatchObject({ input: 10, cached: 1 });
  });
});

describe("an unusable reply", () => {
  it.each([
    ["a cut reply", reply({ text: "Half", finish: "length" }), "truncated_reply", true],
    ["a cut call", reply({ calls: [{ arguments: "{}" }], finish: "length" }), "truncated_reply", true],
    ["a filtered reply", reply({ text: "Some", finish: "content_filter" }), "refused_reply", true],
    ["a refusal", reply({ fields: { refusal: "I will not." } }), "refused_reply", true],
    [
      "a window that is full",
      reply({ text: "Half", finish: "model_context_window_exceeded" }),
      "context_overflow",
      false,
    ],
    ["nothing", reply({}), "empty_reply", true],
    ["only thoughts", reply({ fields: { reasoning_content: "Hm" } }), "empty_reply", true],
    ["no message", { kind: "events", events: [{ choices: [], usage: USAGE }] } as const, "empty_reply", true],
    ["a promised call", reply({ finish: "tool_calls" }), "malformed_reply", true],
    ["broken arguments", reply({ calls: [{ arguments: '{"n":' }] }), "malformed_reply", true],
    ["arguments as a list", reply({ calls: [{ arguments: "[1]" }] }), "malformed_reply", true],
    ["two objects as arguments", reply({ calls: [{ arguments: '{"n":1}{"n":2}' }] }), "malformed_reply", true],
    ["a call without a name", reply({ calls: [{ name: "" }] }), "malformed_reply", true],
  ])("%s", async (_, behaviour, code, askAgain) => {
    const { provider } = await connect.chat("vllm", [behaviour]);
    expect(await ask(provider)).toMatchObject({ ok: false, code, askAgain, usage: { input: 10, output: 5 } });
  });

  it.each([
    [10, "empty_reply", true],
    [9, "context_overflow", false],
  ])("of nothing, for 10 tokens in a window of %i, is %s", async (tokens, code, askAgain) => {
    const windows = [{ models: "*", tokens }];
    const { provider } = await connect.loose([reply({}), reply({ text: "Yes" })], { windows });
    expect(await ask(provider)).toMatchObject({ ok: false, code, askAgain });
    expect(await ask(provider)).toMatchObject({ ok: true });
  });

  it("keeps the text that the model had written", async () => {
    const { provider } = await connect.chat("vllm", [reply({ text: "Half a", finish: "length" })]);
    expect(await ask(provider)).toMatchObject({ text: "Half a" });
  });
});
