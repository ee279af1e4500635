/** The tolerances of each host of chat completions, and the lessons of those that nobody knows. */
import { describe, expect, it } from "vitest";
import type { ModelReply } from "../../../src/core/ports/provider.js";
import type { Message } from "../../../src/core/run/message.js";
import { openai } from "../../../src/providers/openai/definition.js";
import { hostOf } from "../../../src/providers/openai/hosts.js";
import { CHAT_PROFILES, type ChatProfile, messagesIn, reply, USAGE } from "../../support/openai/chat-stand-in.js";
import {
  answered,
  ask,
  BEGIN,
  contentOf,
  failureOf,
  MODEL,
  setConnect,
  TOOL,
  talk,
} from "../../support/openai/provider.js";
import { answer, refusal } from "../../support/openai/stand-in.js";
import { isFields, listOf } from "../../support/openai/wire-rules.js";

const connect = setConnect();
const settings = { effort: "xhigh", temperature: 0.5, maxOutputTokens: 2_000 } as const;
const REASONING: Readonly<Record<string, unknown>> = {
  openrouter: {
    reasoning: "Hm",
    reasoning_details: [{ type: "reasoning.text", text: "Hm", signature: "s", index: 0 }],
  },
  deepseek: { reasoning_content: "Hm" },
  llamacpp: { reasoning_content: "Hm" },
};
const fieldsOf = (profile: ChatProfile) =>
  (REASONING[profile] ?? { reasoning: "Hm" }) as Readonly<Record<string, unknown>>;
const PICKY = {
  name: "s__pick",
  description: "",
  inputSchema: { anyOf: [{ type: "object", properties: { a: {} } }, { required: ["b"] }] },
};

describe.each(CHAT_PROFILES)("the host %s", (profile) => {
  it("takes a conversation with reasoning, parallel calls, settings and a stored history", async () => {
    const fields = profile === "openai" ? {} : fieldsOf(profile);
    const script = [
      reply({ fields, calls: [{ id: "call_1", arguments: '{"n":1}' }, { id: "call_2" }] }),
      reply({ calls: [{ id: "call_3" }] }),
      reply({ text: "done" }),
      reply({ text: "done" }),
    ];
    const { provider, standIn, again } = await connect.chat(profile, script, { wire: "chat" });
    const messages = await talk(provider, { system: "Be brief.", tools: [TOOL, PICKY], settings });
    await ask(again(), { messages: JSON.parse(JSON.stringify(messages.slice(0, -1))), tools: [TOOL] });
    const lessons = profile === "strict" ? ["fields", "fields", "no reasoning"] : [];
    expect(standIn.broken.slice(0, lessons.length)).toEqual(lessons);
    if (profile !== "strict") expect(standIn.broken).toEqual([]);
    expect(messages).toHaveLength(6);
  });

  it("takes the history of another host", async () => {
    const call = { id: "functions.read:0", name: "s__read", arguments: {} };
    const raw = {
      provider: "other",
      wire: "chat",
      model: MODEL,
      origin: "https://other.example",
      content: { reasoning: "Hm" },
    } as const;
    const messages: Message[] = [
      BEGIN,
      { role: "assistant", raw, content: { text: "", calls: [call, { ...call, id: null }] } },
      { role: "tool", answers: [call, call].map((one) => ({ call: one, isError: false, text: "ok" })) },
    ];
    const { provider, standIn } = await connect.chat(profile, [reply({ text: "done" })], { wire: "chat" });
    expect(contentOf(await ask(provider, { messages, tools: [TOOL] })).text).toBe("done");
    expect(standIn.broken.filter((rule) => rule !== "fields")).toEqual([]);
  });
});

describe("the host of a provider", () => {
  it.each([
    ["groq", null, "https://example.com/v1", "groq"],
    ["mine", "deepseek", "https://api.groq.com/openai/v1", "deepseek"],
    ["groq", "vllm", "https://example.com/v1", "vllm"],
    ["mine", null, "https://api.deepseek.com", "deepseek"],
    ["mine", null, "https://api.moonshot.cn/v1", "kimi"],
    ["mine", null, "https://openrouter.ai/api/v1", "openrouter"],
    ["mine", null, "https://eu.api.mistral.ai/v1", "mistral"],
    ["mine", null, "https://api.z.ai/api/paas/v4", "z.ai"],
    ["mine", null, "http://localhost:11434/v1", "ollama"],
    ["mine", null, "http://127.0.0.1:1234/v1", "lmstudio"],
    ["mine", null, "http://127.0.0.1:8000/v1", undefined],
    ["mine", null, "https://example.com:11434/v1", undefined],
    ["mine", null, "https://notgroq.com/v1", undefined],
    ["openai", null, "https://api.openai.com/v1", "openai"],
    ["openai", null, "http://127.0.0.1:9000/v1", undefined],
  ])("%s with host %s at %s is %s", (name, host, baseUrl, expected) => {
    expect(hostOf({ name, host, baseUrl }).names[0]).toBe(expected);
    if (host !== null) expect(openai.hosts).toContain(host);
  });
});

describe("a habit of one host", () => {
  it("DeepSeek gets reasoning_content with every call, also where there is none", async () => {
    const script = [
      reply({ calls: [{ id: "a" }], fields: { reasoning_content: "Hmm" } }),
      reply({ calls: [{ id: "b" }] }),
      reply({ text: "done" }),
    ];
    const { provider, standIn } = await connect.chat("deepseek", script);
    await talk(provider);
    const sent = messagesIn(standIn.requests[2]?.body).filter(({ role }) => role === "assistant");
    expect(sent.map(({ reasoning_content }) => reasoning_content)).toEqual(["Hmm", ""]);
  });

  it("Groq's call that it could not read is malformed", async () => {
    const more = { code: "tool_use_failed", failed_generation: "<function=read" };
    const { provider } = await connect.chat("groq", [refusal(400, "Failed to call a function.", more)]);
    const text = "<function=read";
    expect(await ask(provider)).toMatchObject({ ok: false, code: "malformed_reply", askAgain: true, text });
  });

  it("OpenRouter tells the cost, and gets its details back joined but unmodified", async () => {
    const piece = (details: object[]) => ({ choices: [{ index: 0, delta: { reasoning_details: details } }] });
    const call = {
      choices: [
        {
          index: 0,
          delta: { tool_calls: [{ index: 0, id: "a", function: { name: "s__read", arguments: "{}" } }] },
          finish_reason: "tool_calls",
        },
      ],
    };
    const events = [
      piece([{ type: "reasoning.text", text: "Hm", index: 0, format: "x" }]),
      piece([{ type: "reasoning.text", text: "m.", index: 0, format: "x", signature: "sealed" }]),
      piece([{ type: "reasoning.encrypted", data: "AAAA", index: 1, format: "x", more: { a: 1 } }]),
      call,
      { choices: [], usage: { ...USAGE, cost: 0.0012 } },
    ];
    const script = [{ kind: "events", events } as const, reply({ text: "done" })];
    const { provider, standIn } = await connect.loose(script, { host: "openrouter" });
    const asked = await ask(provider);
    expect(asked).toMatchObject({ costUsd: 0.0012 });
    await ask(provider, { messages: [BEGIN, ...answered(asked)] });
    expect(standIn.requests[0]?.body.usage).toEqual({ include: true });
    expect(messagesIn(standIn.requests[1]?.body)[1]).toMatchObject({
      reasoning_details: [
        { type: "reasoning.text", text: "Hmm.", index: 0, format: "x", signature: "sealed" },
        { type: "reasoning.encrypted", data: "AAAA", index: 1, format: "x", more: { a: 1 } },
      ],
    });
  });

  it("Mistral gets ids of nine characters, the same for a call and its result", async () => {
    const script = [reply({ calls: [{ id: "call_long_1" }, { id: "abcDEF123" }] }), reply({ text: "done" })];
    const { provider, standIn } = await connect.chat("mistral", script);
    await talk(provider);
    const [, asked, ...results] = messagesIn(standIn.requests[1]?.body);
    const ids = listOf(asked?.tool_calls).map(({ id }) => id);
    expect(ids).toEqual([expect.stringMatching(/^[A-Za-z0-9]{9}$/), "abcDEF123"]);
    expect(results.map(({ tool_call_id }) => tool_call_id)).toEqual(ids);
  });

  it("Mistral's text in parts is read without its thinking, and sent back as it came", async () => {
    const part = (content: unknown) => ({ choices: [{ index: 0, delta: { content } }] });
    const events = [
      part([{ type: "thinking", thinking: [{ type: "text", text: "Hm" }] }]),
      part([{ type: "text", text: "Hel" }]),
      part("lo"),
      { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ];
    const { provider, standIn } = await connect.chat("mistral", [{ kind: "events", events }, reply({ text: "done" })]);
    const first = await ask(provider);
    expect(contentOf(first).text).toBe("Hello");
    await ask(provider, { messages: [BEGIN, ...answered(first), BEGIN] });
    expect(messagesIn(standIn.requests[1]?.body)[1]?.content).toEqual([
      { type: "thinking", thinking: [{ type: "text", text: "Hm" }] },
      { type: "text", text: "Hello" },
    ]);
  });

  it("Ollama's silent cut becomes a warning, and growth does not", async () => {
    const counts = [100, 4_000, 3_900, 4_100];
    const script = counts.map((prompt_tokens) => reply({ text: "a", usage: { ...USAGE, prompt_tokens } }));
    const { provider } = await connect.chat("ollama", script);
    const messages: Message[] = [BEGIN];
    const tools = [TOOL];
    const replies: ModelReply[] = [];
    for (let n = 0; n < counts.length; n++) {
      replies.push(await ask(provider, { messages, tools }));
      messages.push({ role: "user", text: "More" });
    }
    const warnings = replies.map((one) => (one.ok ? (one.warnings ?? []) : []));
    expect(warnings.map((list) => list.length)).toEqual([0, 0, 1, 0]);
    expect(warnings[2]?.[0]).toMatch(/OLLAMA_CONTEXT_LENGTH/);
  });

  it("OpenAI's own chat is asked for the Responses API in its own words where a model insists on reasoning", async () => {
    const { provider, standIn } = await connect.chat("openai", (_, n) => reply({ text: `${n}` }), { wire: "chat" });
    expect(contentOf(await ask(provider, { model: "gpt-5.4", tools: [TOOL] })).text).toBe("1");
    expect(standIn.requests.at(-1)?.body).toMatchObject({ reasoning_effort: "none", store: false });
    const error = await failureOf(ask(provider, { model: "gpt-6-astra", tools: [TOOL] }));
    expect(error.code).toBe("invalid_request");
    expect(standIn.requests.length).toBeLessThan(8);
  });
});

describe("an unknown host", () => {
  it.each([
    ["Unknown parameter: 'stream_options'.", "stream_options"],
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "max_tokens",
    ],
    ["Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature"],
    ["Unrecognized request argument supplied: reasoning_effort", "reasoning_effort"],
    ["The request is invalid: stream_options", "stream_options"],
    ["invalid temperature: only 1 is allowed for this model", "temperature"],
    ['json: unknown field "reasoning_effort"', "reasoning_effort"],
    ["Additional properties are not allowed ('max_tokens' was unexpected)", "max_tokens"],
    ["body.stream_options: Extra inputs are not permitted", "stream_options"],
  ])("that says %j is asked again at once without %s, and from then on", async (words, field) => {
    const { provider, standIn } = await connect.loose([
      refusal(400, words),
      reply({ text: "a" }),
      reply({ text: "b" }),
    ]);
    for (let n = 0; n < 2; n++) await ask(provider, { settings });
    expect(standIn.requests.map(({ body }) => field in body)).toEqual([true, false, false]);
  });

  it("renames the limit, once each way", async () => {
    const words = (name: string) => `Unsupported parameter: '${name}' is not supported.`;
    const script = [
      refusal(400, words("max_tokens")),
      answer(422, {
        detail: [{ loc: ["body", "max_completion_tokens"], msg: "Extra inputs are not permitted" }],
      }),
      reply({ text: "a" }),
    ];
    const { provider, standIn } = await connect.loose(script);
    await ask(provider, { settings });
    expect(Object.keys(standIn.requests.at(-1)?.body ?? {}).filter((key) => key.startsWith("max"))).toEqual([]);
  });

  it("takes the highest effort that the words name", async () => {
    const words = "Unsupported value: 'high' of reasoning_effort. Supported values are: 'low' and 'medium'.";
    const { provider, standIn } = await connect.loose([refusal(400, words), reply({ text: "a" })]);
    await ask(provider, { settings });
    expect(standIn.requests[1]?.body.reasoning_effort).toBe("medium");
  });

  it.each([
    ["without the reasoning", "property 'reasoning' is unsupported", {}],
    [
      "with reasoning_content",
      "messages[1]: assistant message with tool_calls must include reasoning_content",
      { reasoning: "Hm", reasoning_content: "Hm" },
    ],
  ])("gets its messages %s where it says so", async (_, words, reasoning) => {
    const asks = reply({ calls: [{ id: "a" }], fields: { reasoning: "Hm" } });
    const { provider, standIn } = await connect.loose([asks, refusal(400, words), reply({ text: "done" })]);
    await talk(provider);
    const { tool_calls, ...sent } = messagesIn(standIn.requests.at(-1)?.body)[1] ?? {};
    expect(sent).toEqual({ role: "assistant", content: "", ...reasoning });
    expect(listOf(tool_calls)).toHaveLength(1);
  });

  it("that refuses for ever is asked a bounded number of times", async () => {
    const words =
      "Unsupported: stream_options, max_tokens, max_completion_tokens, temperature, reasoning_effort, messages, store, usage";
    const { provider, standIn } = await connect.loose(() => refusal(400, words));
    expect(await failureOf(ask(provider, { settings }))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests.length).toBeLessThan(13);
    const before = standIn.requests.length;
    await failureOf(ask(provider, { settings }));
    expect(standIn.requests.length - before).toBeLessThan(3);
  });

  it.each(["Image input is not supported by this model", "max_tokens must be at least 16", "this is no request"])(
    "is not asked again where it says %j",
    async (words) => {
      const { provider, standIn } = await connect.loose([refusal(400, words)]);
      expect(await failureOf(ask(provider, { settings }))).toMatchObject({ code: "invalid_request" });
      expect(standIn.requests).toHaveLength(1);
    },
  );

  it("is heard of with each piece of a call's arguments, and with what nobody knows", async () => {
    const heard: string[] = [];
    const calls = [{ id: "call_a", name: "s__read", arguments: '{"n": 1}' }]; // in two pieces
    const fields = { reasoning_details: [{ type: "reasoning.encrypted", data: "abc" }], content: "", odd: null };
    const { provider } = await connect.chat("vllm", [reply({ fields, calls })]);
    await ask(provider, { tools: [TOOL], onActivity: ({ kind }) => heard.push(kind) });
    expect(heard).toEqual(["progress", "call", "progress", "progress"]);
  });

  it("gets schemas whose root is a plain object", async () => {
    const { provider, standIn } = await connect.chat("strict", [reply({ text: "a" })]);
    await ask(provider, { tools: [PICKY] });
    const [tool] = listOf(standIn.requests.at(-1)?.body.tools);
    expect(isFields(tool?.function) && tool.function.parameters).toEqual({ type: "object", properties: { a: {} } });
  });
});
