/** Replies as they came: messages that a host sends in one piece, and inputs of which JavaScript's value says less than their text. */
import { describe, expect, it } from "vitest";
import type { ModelActivity } from "../../../src/core/ports/provider.js";
import { mayReturn } from "../../../src/core/run/message.js";
import { readAnthropicReply } from "../../../src/providers/anthropic/read-reply.js";
import {
  answer,
  type Behaviour,
  endOf,
  message,
  startOf,
  text,
  thinking,
  use,
} from "../../support/anthropic/behaviours.js";
import { answered, ask, createOn, MODEL, rawOf, setConnect, tool } from "../../support/anthropic/provider.js";

const connect = setConnect();
const TOOLS = [tool("s__read")];
const BEGIN = { role: "user", text: "Begin" } as const;

/** A stream of calls, each with its input in such pieces, behind a text. */
function callsOf(...inputs: readonly (readonly string[])[]): Behaviour {
  return {
    kind: "events",
    events: [
      startOf(),
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "I look." } },
      ...inputs.flatMap((pieces, index) => [
        {
          type: "content_block_start",
          index: index + 1,
          content_block: { type: "tool_use", id: `toolu_${index}`, name: "s__read", input: {} },
        },
        ...pieces.map((partial_json) => ({
          type: "content_block_delta",
          index: index + 1,
          delta: { type: "input_json_delta", partial_json },
        })),
      ]),
      ...endOf("tool_use"),
    ],
  };
}

describe("the text of an input", () => {
  const odd = '{"n":12345678901234567890,"2":1,"1":2,"x":1.0}';

  it("is stored where its value says less, and never goes back", async () => {
    const pieces = [odd.slice(0, 1), odd.slice(1, 9), "", odd.slice(9, 30), odd.slice(30)];
    const { provider, standIn } = await connect([callsOf(['{"path": "a"}'], pieces), message([text("Done")])]);
    const raw = rawOf(await ask(provider, { tools: TOOLS }));
    expect(JSON.parse(JSON.stringify(raw))).toMatchObject({ inputTexts: { 2: odd } });

    const stored = JSON.parse(JSON.stringify(raw)) as typeof raw;
    rawOf(await ask(provider, { tools: TOOLS, messages: [BEGIN, ...answered(stored)] }));
    expect(standIn.refusals).toEqual([]);
    const sent = standIn.requests[1]?.body.messages[1]?.content ?? [];
    expect(sent).toEqual(raw.content);
    expect(Object.keys(sent[2] ?? {}).sort()).toEqual(["id", "input", "name", "type"]);
    expect(JSON.stringify(standIn.requests[1]?.body)).not.toContain("inputTexts");
  });

  it.each([
    ["a number of many digits", '{"n":0.1000000000000000055}'],
    ["a name twice", '{"a":1,"a":2}'],
    ["names like numbers, out of order", '{"b":{"10":1,"9":2}}'],
    ["a form of a number", '{"n": 1e2, "text": "a"}'],
    ["minus nothing", '{"n":-0}'],
  ])("is stored for %s", async (_, json) => {
    const { provider } = await connect([callsOf([json])]);
    expect(rawOf(await ask(provider, { tools: TOOLS })).inputTexts).toEqual({ 1: json });
  });

  it.each([
    ["spaces", ' { "a" : [ 1 , 2.5 , { } ] ,\n\t"b": "x  y" } '],
    ["escapes", String.raw`{"a":"\/ \u00e9 \ud83d\ude00 \\ \" \n \u0041 \\u0041 \ud800","\u0062":" \"  "}`],
    ["the usual", '{"path":"src/a.ts","lines":[1,20],"all":false,"of":null}'],
    ["nothing", ""],
  ])("is not stored twice for %s", async (_, json) => {
    const { provider } = await connect([callsOf([json])]);
    expect(rawOf(await ask(provider, { tools: TOOLS }))).not.toHaveProperty("inputTexts");
  });

  it("may be very long and full of escapes", async () => {
    const json = JSON.stringify({ text: '\n"\\ '.repeat(300_000), n: 1 });
    const { provider } = await connect([callsOf([json]), callsOf([json.replace('"n":1', '"n":1.0')])]);
    expect(rawOf(await ask(provider, { tools: TOOLS }))).not.toHaveProperty("inputTexts");
    expect(rawOf(await ask(provider, { tools: TOOLS })).inputTexts?.[1]).toHaveLength(json.length + 2);
  });

  it("is not missed in a reply that was stored without it", async () => {
    const { provider, standIn } = await connect([message([text("Done")])]);
    const content = [{ type: "tool_use", id: "toolu_1", name: "s__read", input: { n: 1 } }];
    const raw = { provider: "anthropic", origin: standIn.url, model: MODEL, content };
    await ask(provider, { tools: TOOLS, messages: [BEGIN, ...answered(raw)] });
    expect(standIn.requests[0]?.body.messages[1]?.content).toEqual(content);
  });
});

describe("a message in one piece of JSON", () => {
  const whole = (content: readonly object[], more: object = {}) =>
    answer(200, {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: MODEL,
      content,
      stop_reason: "tool_use",
      usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 5 },
      ...more,
    });
  const signed = { ...thinking("Look there"), signature: "c2ln" };
  const call = { ...use("s__read", { path: "a" }, "toolu_1"), odd: { z: [1] } };

  it("is a reply like a streamed one", async () => {
    const content = [signed, { ...text("I look."), citations: null }, call];
    const { provider } = await connect([whole(content)]);
    const heard: ModelActivity[] = [];
    const reply = await ask(provider, { tools: TOOLS, onActivity: (activity) => heard.push(activity) });
    expect(reply).toMatchObject({ ok: true, usage: { input: 14, cached: 4, output: 5 } });
    expect(rawOf(reply).content).toEqual(content);
    expect(readAnthropicReply(rawOf(reply))).toMatchObject({ text: "I look.", calls: [{ id: "toolu_1" }] });
    expect(heard.map(({ kind, text: words }) => [kind, words])).toEqual([
      ["thinking", "Look there"],
      ["text", "I look."],
      ["call", "s__read"],
    ]);
  });

  it.each([
    ["spread over lines", 2, "application/json; charset=utf-8"],
    ["of another type", undefined, "text/plain"],
    ["that says it is a stream", undefined, "text/event-stream"],
  ])("%s is read too", async (_, indent, type) => {
    const { body } = whole([text("Hello")], { stop_reason: "end_turn" });
    const { provider, standIn } = await connect([
      answer(200, JSON.stringify(body, null, indent), { "content-type": type }),
    ]);
    const reply = await ask(provider);
    expect(reply).toMatchObject({ ok: true, raw: { content: [text("Hello")] } });
    const said = { role: "assistant", raw: rawOf(reply), content: { text: "", calls: [] } } as const;
    expect(mayReturn(said, { wire: "anthropic", origin: standIn.url, model: MODEL })).toBe(true);
  });

  it.each([
    ["nothing said", [], {}, "empty_reply"],
    ["a cut end", [text("Half")], { stop_reason: "max_tokens" }, "truncated_reply"],
    ["an input that is no object", [{ ...call, input: "{" }], {}, "malformed_reply"],
  ])("is judged like a streamed one: %s", async (_, content, more, code) => {
    const { provider } = await connect([whole(content, more)]);
    expect(await ask(provider, { tools: TOOLS })).toMatchObject({ ok: false, code, usage: { input: 14 } });
  });

  it("goes back as it came", async () => {
    const { standIn } = await connect([whole([signed, call]), message([text("Done")])]);
    const provider = createOn(standIn.url); // takes no betas
    const raw = rawOf(await ask(provider, { tools: TOOLS }));
    const { odd: _, ...known } = call; // the stand-in refuses fields that it did not send in a stream
    const stored = { ...raw, content: [known] };
    await ask(provider, { tools: TOOLS, messages: [BEGIN, ...answered(stored)] });
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests[1]?.body.messages[1]?.content).toEqual([known]);
  });
});
