/** The Anthropic provider with the real SDK, over loopback, against a stand-in that checks requests as Anthropic does. */
import { describe, expect, it } from "vitest";
import type { ModelActivity } from "../../../src/core/ports/provider.js";
import type { Message } from "../../../src/core/run/message.js";
import { readAnthropicReply } from "../../../src/providers/anthropic/read-reply.js";
import { endOf, message, startOf, text, thinking, use } from "../../support/anthropic/behaviours.js";
import { answered, ask, createOn, KEY, MODEL, rawOf, setConnect, tool } from "../../support/anthropic/provider.js";
import type { WireBlock } from "../../support/anthropic/wire.js";

const connect = setConnect();

const BEGIN: Message = { role: "user", text: "Begin" };
const TOOLS = [tool("files__read", { type: "object", properties: { path: { type: "string" } } }), tool("7zip__list")];

describe("a request", () => {
  it("holds the system prompt, the tools and the settings, and streams", async () => {
    const { provider, standIn } = await connect([message([text("Hello")])]);
    const settings = { effort: "max", temperature: 0.3, maxOutputTokens: 2048 } as const;
    const answer = await ask(provider, { system: "Be brief.", tools: TOOLS, settings });

    expect(readAnthropicReply(rawOf(answer))).toEqual({ text: "Hello", calls: [] });
    const [request] = standIn.requests;
    expect(request?.path).toBe("/v1/messages");
    expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(request?.body).toEqual({
      model: MODEL,
      max_tokens: 2048,
      stream: true,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      tools: TOOLS.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
      messages: [{ role: "user", content: [{ type: "text", text: "Begin", cache_control: { type: "ephemeral" } }] }],
      thinking: {
        type: "adaptive",
        display: "summarized",
        block_binding: { prefix_mismatch_behavior: "drop_block" },
      },
      output_config: { effort: "max" },
    });
  });

  it("leaves out what there is not, and allows as long a reply as the model does", async () => {
    const { provider, standIn } = await connect([message([text("Hello")])]);
    await ask(provider);
    expect(Object.keys(standIn.requests[0]?.body ?? {}).sort()).toEqual(
      ["max_tokens", "messages", "model", "stream", "thinking"].sort(),
    );
    expect(standIn.requests[0]?.body.max_tokens).toBe(128_000);
  });

  it("goes without a key to this machine, and without headers that are meant for others", async () => {
    const { standIn } = await connect([message([text("Hello")])]);
    process.env.ANTHROPIC_CUSTOM_HEADERS = "x-secret: of another gateway";
    try {
      await ask(createOn(standIn.url, { apiKey: null, betas: true }));
    } finally {
      delete process.env.ANTHROPIC_CUSTOM_HEADERS;
    }
    expect(standIn.requests[0]?.headers).toMatchObject({ "x-api-key": "none" });
    expect(standIn.requests[0]?.headers).not.toHaveProperty("x-secret");
  });

  it("goes to an address with a path and a query of its own", async () => {
    const { standIn } = await connect([message([text("Hello")])]);
    const provider = createOn(`${standIn.url}/team/a?gateway-key=k%20k`, { betas: true });
    const raw = rawOf(await ask(provider));
    expect(standIn.requests[0]?.path).toMatch(/^\/team\/a\/v1\/messages\?gateway-key=k(%20|\+)k$/);
    expect(raw.origin).not.toContain("k%20k");
  });

  it("drops alternatives at the root of a schema, and offers their properties together", async () => {
    const { provider, standIn } = await connect([message([text("Hello")])]);
    const one = { properties: { a: { type: "string" } }, required: ["a"] };
    const two = { properties: { b: { type: "number" } } };
    const tools = [
      tool("s__any", { anyOf: [one, two] }),
      tool("s__one", { type: "object", properties: { c: {} }, oneOf: [one], allOf: [two] }),
      tool("s__none", {}),
    ];
    await ask(provider, { tools });
    expect(standIn.requests[0]?.body.tools?.map((each) => each.input_schema)).toEqual([
      { type: "object", properties: { a: { type: "string" }, b: { type: "number" } } },
      { type: "object", properties: { a: { type: "string" }, b: { type: "number" }, c: {} } },
      { type: "object" },
    ]);
  });
});

describe("a reply", () => {
  it("arrives in parts that can be watched", async () => {
    const { provider } = await connect([message([thinking("Look there"), text("I look."), use("files__read")])]);
    const heard: ModelActivity[] = [];
    await ask(provider, { tools: TOOLS, onActivity: (activity) => heard.push(activity) });
    const joined = (kind: string) => heard.filter((each) => each.kind === kind).map((each) => each.text);
    expect(joined("thinking").join("")).toBe("Look there");
    expect(joined("text").join("")).toBe("I look.");
    expect(joined("call")).toEqual(["files__read"]);
    expect(heard.length).toBeGreaterThan(3);
  });

  it("is heard of with each piece of a tool's input and each signature", async () => {
    const { provider } = await connect([message([thinking("Look"), use("files__read", { a: "b" })])]);
    const heard: string[] = [];
    await ask(provider, { tools: TOOLS, onActivity: ({ kind }) => heard.push(kind) });
    const atThought = ["progress", "progress", "thinking", "progress", "thinking", "progress"]; // two halves and a signature
    expect(heard).toEqual([...atThought, "progress", "call", "progress", "progress"]);
  });

  it("may be long, and is cut anywhere on its way", async () => {
    const long = "Ü€😀 and so on. ".repeat(20_000);
    const { provider } = await connect([message([thinking(long), text(long), use("files__read", { long })])]);
    const { text: read, calls } = readAnthropicReply(rawOf(await ask(provider, { tools: TOOLS })));
    expect(read).toBe(long);
    expect(calls[0]?.arguments).toEqual({ long });
  });

  it("names the exact model where it is another", async () => {
    const { provider, standIn } = await connect([
      message([text("a")], { model: "claude-sonnet-5-5-20261001" }),
      message([text("b")]),
    ]);
    const raw = rawOf(await ask(provider));
    expect(raw).toMatchObject({ provider: "anthropic", origin: standIn.url, model: MODEL });
    expect(raw.modelVersion).toBe("claude-sonnet-5-5-20261001");
    expect(rawOf(await ask(provider))).not.toHaveProperty("modelVersion");
  });

  it("keeps unknown blocks, fields and deltas as they came, and they go back", async () => {
    const odd: WireBlock = { type: "hologram", beams: [1, { z: 1, a: null }], note: "" };
    const events = [
      startOf(),
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "thinking", thinking: "", signature: "", depth: 3 },
      },
      { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
      { type: "content_block_start", index: 1, content_block: odd },
      { type: "content_block_delta", index: 1, delta: { type: "hologram_delta", beams: [2], note: "x", hue: "red" } },
      { type: "a_new_event", index: 1 },
      { type: "content_block_start", index: 2, content_block: { type: "text", text: "", mood: "calm" } },
      { type: "content_block_delta", index: 2, delta: { type: "text_delta", text: "Done", speed: 9 } },
      { type: "content_block_delta", index: 2, delta: { type: "citations_delta", citation: { type: "odd", at: 1 } } },
      ...endOf(),
    ];
    const { provider } = await connect([{ kind: "events", events }]);
    const raw = rawOf(await ask(provider));
    expect(raw.content).toEqual([
      { type: "thinking", thinking: "", signature: "c2ln", depth: 3 },
      { type: "hologram", beams: [1, { z: 1, a: null }, 2], note: "x", hue: "red" },
      { type: "text", text: "Done", mood: "calm", citations: [{ type: "odd", at: 1 }] },
    ]);
    expect(readAnthropicReply(raw)).toEqual({ text: "Done", calls: [] });
  });

  it("counts what the vendor counts, each token once", async () => {
    const counted = (usage: object | null) => message([text("a")], { usage: usage as Record<string, unknown> | null });
    const { provider } = await connect([
      counted({
        input_tokens: 7,
        cache_creation_input_tokens: 100,
        cache_read_input_tokens: 1000,
        output_tokens: 50,
        output_tokens_details: { thinking_tokens: 30 },
      }),
      counted({ input_tokens: 3, output_tokens: 2, cache_read_input_tokens: null }),
      {
        kind: "events",
        events: [
          startOf([], { input_tokens: 0, output_tokens: 0 }),
          ...endOf("end_turn", { input_tokens: 4, output_tokens: 9 }),
        ],
      },
      counted(null),
      counted({ input_tokens: "many", output_tokens: 2 }),
    ]);
    const usageOf = async () => (await ask(provider)).usage;
    expect(await usageOf()).toEqual({ input: 1107, output: 20, cached: 1000, thinking: 30, cacheWrite: 100 });
    expect(await usageOf()).toEqual({ input: 3, output: 2, cached: 0, thinking: 0 });
    expect(await usageOf()).toEqual({ input: 4, output: 9, cached: 0, thinking: 0 });
    expect(await usageOf()).toBeNull();
    expect(await usageOf()).toBeNull();
  });

  it("may pause, and goes on when it is sent back", async () => {
    const { provider, standIn } = await connect([
      message([text("I search.")], { stopReason: "pause_turn" }),
      message([text("Found.")]),
      message([text("Well.")]),
    ]);
    const messages: Message[] = [BEGIN];
    const paused = await ask(provider, { messages });
    expect(paused).toMatchObject({ ok: true, isPaused: true });
    messages.push(...answered(rawOf(paused)));
    messages.push(...answered(rawOf(await ask(provider, { messages }))), { role: "user", text: "And?" });
    rawOf(await ask(provider, { messages }));
    expect(standIn.requests[1]?.body.messages.at(-1)).toEqual({ role: "assistant", content: [text("I search.")] });
    expect(standIn.refusals).toEqual([]);
  });
});

describe("a conversation", () => {
  it("sends each reply back as it came, with the answers to its calls in one message, then what the user says", async () => {
    const { provider, standIn } = await connect([
      message([
        thinking("First"),
        text("I look."),
        thinking(""),
        use("files__read", { path: "x", 7: [1.5, null] }),
        use("7zip__list"),
      ]),
      message([{ type: "redacted_thinking", data: "ZGF0YQ==" }, use("files__read", { path: "y" })]),
      message([text("Done")]),
    ]);
    const messages: Message[] = [BEGIN];
    messages.push(...answered(rawOf(await ask(provider, { messages, tools: TOOLS }))));
    const [, first] = messages;
    messages.push({ role: "user", text: "Hurry" }, { role: "user", text: " " });
    messages.push(...answered(rawOf(await ask(provider, { messages, tools: TOOLS }))));
    rawOf(await ask(provider, { messages, tools: TOOLS }));

    expect(standIn.refusals).toEqual([]);
    const sent = standIn.requests[2]?.body.messages ?? [];
    expect(sent.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    expect(JSON.stringify(sent[1]?.content)).toBe(JSON.stringify(first?.role === "assistant" && first.raw.content));
    expect(sent[2]?.content).toEqual([
      { type: "tool_result", tool_use_id: "toolu_1", content: [text("answer to files__read")] },
      { type: "tool_result", tool_use_id: "toolu_2", content: [text("answer to 7zip__list")] },
      text("Hurry"),
      text("(empty)"),
    ]);
  });

  it("marks failures, and gives no empty texts", async () => {
    const { provider, standIn } = await connect([
      message([use("files__read"), use("7zip__list")]),
      message([text("Done")]),
    ]);
    const raw = rawOf(await ask(provider, { tools: TOOLS }));
    const content = readAnthropicReply(raw);
    const answers = content.calls.map((call, index) => ({ call, isError: index === 0, text: "" }));
    const messages: Message[] = [
      BEGIN,
      { role: "assistant", raw, content },
      { role: "tool", answers: answers.reverse() },
    ];
    rawOf(await ask(provider, { messages, tools: TOOLS }));
    expect(standIn.requests[1]?.body.messages[2]?.content).toMatchObject([
      { tool_use_id: "toolu_1", content: [text("(empty)")], is_error: true },
      { tool_use_id: "toolu_2", content: [text("(empty)")] },
    ]);
    expect(standIn.requests[1]?.body.messages[2]?.content[1]).not.toHaveProperty("is_error");
  });

  it.each([
    ["another provider", { provider: "gemini", model: MODEL, content: { parts: [] } }],
    ["another model", { provider: "anthropic", model: "claude-opus-5-5" }],
    ["another address", { provider: "anthropic", model: MODEL, origin: "https://elsewhere.example" }],
    ["the vendor itself", { provider: "anthropic", model: MODEL }],
  ])("rebuilds the reply of %s, without its thinking and with ids that match", async (_, from) => {
    const foreign = { content: [{ type: "thinking", thinking: "x", signature: "y" }, text("z")], ...from };
    const calls = [
      { id: "call:1/é", name: "files__read", arguments: { path: "x" } },
      { id: null, name: "default_api:list", arguments: {} },
      { id: "t-1", name: "7zip__list", arguments: {} },
    ];
    const { provider, standIn } = await connect([message([text("Done")])]);
    const answers = calls.map((call) => ({ call, isError: false, text: call.name }));
    const said: Message = { role: "assistant", raw: foreign, content: { text: "Reading", calls } };
    const empty: Message = { role: "assistant", raw: foreign, content: { text: "", calls: [] } };
    const tools = [...TOOLS];
    const messages: Message[] = [BEGIN, said, { role: "tool", answers }, said, { role: "tool", answers }, empty];
    messages.push({ role: "user", text: "Go on" });
    rawOf(await ask(provider, { tools, messages }));

    expect(standIn.refusals).toEqual([]);
    const sent = standIn.requests[0]?.body.messages ?? [];
    expect(sent.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    expect(sent[1]?.content).toEqual([
      text("Reading"),
      { type: "tool_use", id: "call_1", name: "files__read", input: { path: "x" } },
      { type: "tool_use", id: "call_2", name: "default_api_list", input: {} },
      { type: "tool_use", id: "t-1", name: "7zip__list", input: {} },
    ]);
    expect(sent[2]?.content.map(({ tool_use_id: id }) => id)).toEqual(["call_1", "call_2", "t-1"]);
    expect(sent[4]?.content.map(({ tool_use_id: id }) => id)).toEqual(["call_3", "call_4", "call_5", undefined]);
  });

  it("shows each image once, in the answer that showed it last", async () => {
    const { provider, standIn } = await connect([
      message([use("files__read")]),
      message([use("files__read")]),
      message([text("ok")]),
    ]);
    const png = { mimeType: "image/png", base64: Buffer.from("89504e470d0a1a0a", "hex").toString("base64") };
    const gif = { mimeType: "image/gif", base64: Buffer.from("GIF89a").toString("base64") };
    const messages: Message[] = [BEGIN];
    for (const blobs of [["a", "b"], ["a"]]) {
      const raw = rawOf(await ask(provider, { messages, tools: TOOLS }));
      const content = readAnthropicReply(raw);
      const images = blobs.map((blob) => ({ blob, size: 8 }));
      const answers = content.calls.map((call) => ({ call, isError: false, text: "seen", images }));
      messages.push({ role: "assistant", raw, content }, { role: "tool", answers });
    }
    rawOf(
      await ask(provider, {
        messages,
        tools: TOOLS,
        images: new Map([
          ["a", png],
          ["b", gif],
        ]),
      }),
    );
    const image = ({ mimeType, base64 }: typeof png) => {
      return { type: "image", source: { type: "base64", media_type: mimeType, data: base64 } };
    };
    const sent = standIn.requests[2]?.body.messages ?? [];
    expect(sent[2]?.content[0]?.content).toEqual([text("seen"), image(gif)]);
    expect(sent[4]?.content[0]?.content).toEqual([text("seen"), image(png)]);
    expect([...(provider.imageTypes ?? [])].sort()).toEqual(["image/gif", "image/jpeg", "image/png", "image/webp"]);
  });

  it("is the same on the wire after it was stored and read by another instance", async () => {
    const { provider, standIn } = await connect([
      message([thinking("Plan"), use("files__read", { path: "x", "2": 1, "1": 2, big: 1e21 })]),
      message([text("one")]),
      message([text("two")]),
    ]);
    const messages: Message[] = [BEGIN];
    messages.push(...answered(rawOf(await ask(provider, { messages, tools: TOOLS }))));
    rawOf(await ask(provider, { messages, tools: TOOLS }));
    const stored = JSON.parse(JSON.stringify(messages)) as Message[];
    rawOf(await ask(createOn(standIn.url, { betas: true }), { messages: stored, tools: TOOLS }));
    const [, live, resumed] = standIn.requests.map(({ body }) => JSON.stringify(body));
    expect(resumed).toBe(live);
    expect(standIn.refusals).toEqual([]);
  });
});
