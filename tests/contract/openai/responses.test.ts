/** The Responses API with the real SDK, over loopback, against a stand-in that checks requests as OpenAI does. */
import { describe, expect, it } from "vitest";
import type { ModelActivity } from "../../../src/core/ports/provider.js";
import type { Message } from "../../../src/core/run/message.js";
import { answered, ask, BEGIN, contentOf, KEY, rawOf, setConnect, TOOL, talk } from "../../support/openai/provider.js";
import { call, message, reasoning, response } from "../../support/openai/responses-stand-in.js";
import { answer, refusal } from "../../support/openai/stand-in.js";
import { type Fields, listOf } from "../../support/openai/wire-rules.js";

const connect = setConnect();
const inputOf = (body: Fields | undefined) => listOf(body?.input);
const settings = { effort: "high", temperature: null, maxOutputTokens: 2_000 } as const;

describe("a conversation", () => {
  it("asks with instructions, tools and settings, and stores nothing at the vendor", async () => {
    const { provider, standIn } = await connect.responses([response([message("Hello")])]);
    const answer = await ask(provider, { system: "Be brief.", tools: [TOOL], settings });
    expect(contentOf(answer)).toEqual({ text: "Hello", calls: [] });
    expect(rawOf(answer)).toMatchObject({ provider: "openai", wire: "responses", modelVersion: "stand-in" });
    const [request] = standIn.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(request?.body).toEqual({
      model: "some/model:free",
      instructions: "Be brief.",
      input: [{ role: "user", content: "Begin" }],
      tools: [
        { type: "function", name: "s__read", description: "Reads.", parameters: TOOL.inputSchema, strict: false },
      ],
      reasoning: { effort: "high", summary: "auto" },
      max_output_tokens: 2_000,
      include: ["reasoning.encrypted_content"],
      stream: true,
      store: false,
    });
  });

  it("sends every item back as it came, in order, also after it was stored", async () => {
    const first = [
      reasoning(),
      message("I look.", { phase: "commentary" }),
      call("s__read", '{"n": 1}'),
      call("s__read"),
    ];
    const { provider, standIn, again } = await connect.responses([
      response(first),
      response([message("done")]),
      response([message("done")]),
    ]);
    const messages = await talk(provider);
    await ask(again(), { tools: [TOOL], messages: JSON.parse(JSON.stringify(messages.slice(0, -1))) });
    const outputs = [first[2], first[3]].map((item, index) => ({
      type: "function_call_output",
      call_id: item?.call_id,
      output: index === 1 ? "Error: answer 1" : "answer 0",
    }));
    for (const request of standIn.requests.slice(1))
      expect(JSON.stringify(inputOf(request.body).slice(1))).toBe(JSON.stringify([...first, ...outputs]));
    expect(standIn.broken).toEqual([]);
  });

  it("takes the items as they arrived where the last event leaves them out", async () => {
    const { provider } = await connect.responses([response([message("Hello")], { output: [] })]);
    expect(contentOf(await ask(provider)).text).toBe("Hello");
  });

  it("rebuilds the reply of another model or wire without its reasoning", async () => {
    const content = { text: "Look", calls: [{ id: "a b", name: "s__read", arguments: { n: 1 } }] };
    for (const raw of [
      { provider: "openai", wire: "responses", model: "other", content: [reasoning(), call("s__read")] },
      { provider: "openai", wire: "chat", model: "some/model:free", content: { content: "Look" } },
    ] as const) {
      const { provider, standIn } = await connect.responses([response([message("done")])]);
      const answers = content.calls.map((asked) => ({ call: asked, isError: false, text: "ok" }));
      await ask(provider, { messages: [BEGIN, { role: "assistant", raw, content }, { role: "tool", answers }] });
      const [, written, asked, output] = inputOf(standIn.requests[0]?.body);
      expect(written).toEqual({ role: "assistant", content: "Look" });
      expect(asked).toEqual({
        type: "function_call",
        call_id: expect.stringMatching(/^\w+$/),
        name: "s__read",
        arguments: '{"n":1}',
      });
      expect(output).toMatchObject({ call_id: asked?.call_id, output: "ok" });
    }
  });

  it("shows images in the outputs, or behind them where the model refuses that", async () => {
    const image = { mimeType: "image/png", base64: "iVBORw0KGgo=" };
    const script = [
      response([call("s__read"), call("s__read")]),
      response([message("seen")]),
      refusal(400, "Invalid type for 'input[3].output': images are not supported, expected a string."),
      response([message("seen")]),
    ];
    const { provider, standIn } = await connect.responses(script);
    const [assistant, tool] = answered(await ask(provider, { tools: [TOOL] }));
    if (!assistant || tool?.role !== "tool") throw new Error("no calls");
    const answers = tool.answers.map((one, index) =>
      index === 0 ? { ...one, images: [{ blob: "b", size: 12 }] } : one,
    );
    const messages: Message[] = [BEGIN, assistant, { role: "tool", answers }];
    const images = new Map([["b", image]]);
    await ask(provider, { messages, images });
    const part = { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" };
    expect(inputOf(standIn.requests[1]?.body)[3]).toMatchObject({
      output: [{ type: "input_text", text: "answer 0" }, part],
    });
    await ask(provider, { messages, images });
    const sent = inputOf(standIn.requests[3]?.body);
    expect(sent[3]).toMatchObject({ output: "answer 0" });
    expect(sent[5]).toMatchObject({ role: "user", content: [{ type: "input_text" }, part] });
  });

  it("tells of text, thinking and calls as they arrive", async () => {
    const heard: ModelActivity[] = [];
    const { provider } = await connect.responses([response([reasoning("Hm."), message("I look."), call("s__read")])]);
    await ask(provider, { onActivity: (activity) => heard.push(activity) });
    expect(heard.filter(({ kind }) => kind !== "progress")).toEqual([
      { kind: "thinking", text: "Hm." },
      { kind: "text", text: "I look." },
      { kind: "call", text: "s__read" },
    ]);
  });

  it("tells of each piece of a call's arguments, and of what it does not know, but not of a bare sign", async () => {
    const heard: string[] = [];
    const whole = response([call("s__read", '{"n":1}')]);
    if (whole.kind !== "events") throw new Error("no stream");
    const [created, added, ...rest] = whole.events;
    const bare = { type: "response.in_progress", response: { object: "response", status: "in_progress" } };
    const piece = { type: "response.function_call_arguments.delta", delta: "1" };
    const events = [created, bare, added, bare, piece, piece, { type: "response.odd.delta", delta: {} }, bare, ...rest];
    const { provider } = await connect.responses([{ ...whole, events: events as object[] }]);
    await ask(provider, { tools: [TOOL], onActivity: ({ kind }) => heard.push(kind) });
    // The item, two pieces, the unknown one, the arguments as a whole, and the end of the item.
    expect(heard).toEqual(["progress", "call", ...Array(5).fill("progress")]);
  });

  it("counts reasoning once, and the cache as a part of the input", async () => {
    const usage = {
      input_tokens: 90,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens: 19,
      output_tokens_details: { reasoning_tokens: 12 },
    };
    const { provider } = await connect.responses([
      response([message("a")], { usage }),
      response([message("a")], { usage: null }),
    ]);
    expect((await ask(provider)).usage).toEqual({ input: 90, output: 7, cached: 40, thinking: 12 });
    expect((await ask(provider)).usage).toBeNull();
  });

  it.each([
    ["named", { object: "response", status: "completed", error: null }],
    ["bare", { id: "resp_1" }],
  ])("reads a whole response where the host does not stream: %s", async (_, fields) => {
    const whole = { ...fields, output: [message("Hello")] };
    const { provider } = await connect.responses([answer(200, whole)]);
    expect(contentOf(await ask(provider)).text).toBe("Hello");
  });
});

describe("an unusable reply", () => {
  const incomplete = (reason: string) =>
    response([message("Half")], { status: "incomplete", incomplete_details: { reason } }, "response.incomplete");

  it.each([
    ["a cut reply", incomplete("max_output_tokens"), "truncated_reply"],
    ["a filtered reply", incomplete("content_filter"), "refused_reply"],
    [
      "a refusal",
      response([{ ...message(""), content: [{ type: "refusal", refusal: "I will not." }] }]),
      "refused_reply",
    ],
    ["nothing", response([]), "empty_reply"],
    ["only thoughts", response([reasoning()]), "empty_reply"],
    ["broken arguments", response([call("s__read", '{"n":')]), "malformed_reply"],
    ["a call without a name", response([call("")]), "malformed_reply"],
  ])("%s", async (_, behaviour, code) => {
    const { provider } = await connect.responses([behaviour]);
    expect(await ask(provider)).toMatchObject({ ok: false, code, askAgain: true, usage: { input: 10, output: 5 } });
  });
});

describe("a refusal in words", () => {
  it("teaches the provider for the rest of the run", async () => {
    const { provider, standIn, again } = await connect.responses((_, n) => response([message(`${n}`)]));
    const settings = { effort: "max", temperature: 0.3, maxOutputTokens: null } as const;
    for (let n = 0; n < 2; n++) expect(contentOf(await ask(provider, { settings })).text).toBe(`${n + 1}`);
    expect(standIn.broken).toEqual(["temperature", "reasoning"]);
    expect(standIn.requests.at(-1)?.body).toMatchObject({ reasoning: { effort: "high" } });
    await ask(again());
    expect(standIn.broken).toHaveLength(2);
  });

  it.each([
    ["Unsupported parameter: 'reasoning.summary' is not supported with this model.", { reasoning: { effort: "low" } }],
    ["Your organization must be verified to generate reasoning summaries.", { reasoning: { effort: "low" } }],
    ["Unsupported parameter: 'reasoning.effort' is not supported with this model.", { reasoning: { summary: "auto" } }],
  ])("such as %j", async (words, expected) => {
    const { provider, standIn } = await connect.responses([refusal(400, words), response([message("a")])]);
    await ask(provider, { settings: { effort: "low", temperature: null, maxOutputTokens: null } });
    expect(standIn.requests[1]?.body).toMatchObject(expected);
    expect(standIn.requests[1]?.body.reasoning).toEqual(expected.reasoning);
  });
});
