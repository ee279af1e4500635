/** Tools that change in a conversation whose thinking is bound to them. */
import { describe, expect, it } from "vitest";
import type { DeclaredTools, Provider } from "../../../src/core/ports/provider.js";
import type { Message, ToolDeclaration } from "../../../src/core/run/message.js";
import { message, text, thinking, use } from "../../support/anthropic/behaviours.js";
import { answered, ask, createOn, MODEL, rawOf, setConnect, tool } from "../../support/anthropic/provider.js";
import type { AnthropicStandIn } from "../../support/anthropic/stand-in.js";
import { offeredTools, type WireBody } from "../../support/anthropic/wire.js";

const SYSTEM = "You follow a plan. ".repeat(50);
const tools = (...names: readonly string[]) => names.map((name) => tool(`s__${name}`));

/** A conversation as the runner holds it. */
function conversation() {
  const messages: Message[] = [{ role: "user", text: "Begin" }];
  const declaredTools: DeclaredTools[] = [];
  return {
    messages,
    declaredTools,
    async turn(provider: Provider, offered: readonly ToolDeclaration[], model = MODEL) {
      const names = offered.map(({ name }) => name);
      const last = declaredTools.at(-1)?.tools;
      if (last?.length !== names.length || names.some((name) => !last.includes(name)))
        declaredTools.push({ from: messages.length, tools: names });
      messages.push(
        ...answered(rawOf(await ask(provider, { model, system: SYSTEM, messages, tools: offered, declaredTools }))),
      );
    },
  };
}

/** Thinks, then calls the first tool that it is offered. */
function caller(body: WireBody, n: number) {
  return message([thinking(`Thought ${n}`), use(offeredTools(body)[0] ?? "s__none", { n })]);
}

function lastBody({ requests }: AnthropicStandIn): WireBody {
  const body = requests.at(-1)?.body;
  if (body === undefined) throw new Error("nothing was sent");
  return body;
}

function systemMessages({ requests }: AnthropicStandIn) {
  return requests.at(-1)?.body.messages.filter(({ role }) => role === "system") ?? [];
}

const removal = (name: string) => ({ type: "tool_removal", tool: { type: "tool_reference", name } });
const addition = (name: string) => ({ type: "tool_addition", tool: { type: "tool_reference", name } });

describe("at the vendor, changes of the tools", () => {
  const connect = setConnect();

  it("stand behind the newest message of the user, while the list stays as it was", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    await talk.turn(provider, tools("a", "b"));
    await talk.turn(provider, tools("b", "c"));
    talk.messages.push({ role: "user", text: "Hurry" });
    await talk.turn(provider, tools("b", "c"));
    await talk.turn(provider, tools("a"));
    await talk.turn(provider, tools("a"));

    expect(standIn.refusals).toEqual([]);
    const bodies = standIn.requests.map(({ body }) => body);
    for (const body of bodies) {
      expect(JSON.stringify(body.tools)).toBe(JSON.stringify(bodies[0]?.tools));
      expect(JSON.stringify(body.system)).toBe(JSON.stringify(bodies[0]?.system));
    }
    expect(bodies.map(offeredTools)).toEqual([
      ["s__a", "s__b"],
      ["s__b", "s__c"],
      ["s__b", "s__c"],
      ["s__a"],
      ["s__a"],
    ]);
    const definition = { name: "s__c", description: "What s__c does", input_schema: { type: "object" } };
    expect(systemMessages(standIn).map(({ content }) => content)).toEqual([
      [removal("s__a"), { type: "tool_addition", tool: { type: "tool_definition", definition } }],
      [removal("s__b"), removal("s__c"), addition("s__a")],
    ]);
    for (const { betas } of standIn.requests) expect(betas).toHaveLength(3);
  });

  it("keep every thought, because nothing before it has changed", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    for (const names of [["a", "b"], ["b"], ["a", "c"], ["c"], ["d"]]) await talk.turn(provider, tools(...names));
    // As a client that asked for errors instead would have sent it.
    const { thinking: _, ...body } = lastBody(standIn);
    const answer = await fetch(`${standIn.url}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": "key",
        "anthropic-version": "1",
        "anthropic-beta": standIn.requests[0]?.betas.join(",") ?? "",
      },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    await answer.text();
    expect(body.messages.filter(({ content }) => content.some(({ type }) => type === "thinking"))).toHaveLength(4);
  });

  it("bring a definition where a tool has changed its own", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    await talk.turn(provider, tools("a", "b"));
    const changed = [tool("s__a", { type: "object", properties: { more: {} } }), tool("s__b")];
    await talk.turn(provider, changed);
    await talk.turn(provider, [tool("s__a", { type: "object", properties: { more: {} } }), tool("s__b")]);
    expect(systemMessages(standIn)).toMatchObject([
      { content: [{ type: "tool_addition", tool: { definition: { input_schema: { properties: { more: {} } } } } }] },
    ]);
    expect(standIn.refusals).toEqual([]);
  });

  it("come again after a resume, though the definitions of tools that are gone are lost", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    await talk.turn(provider, tools("a", "b"));
    await talk.turn(provider, tools("b", "c"));
    await talk.turn(provider, tools("c"));
    const { messages, declaredTools } = JSON.parse(JSON.stringify(talk)) as typeof talk;
    const resumed = { system: SYSTEM, messages, declaredTools, tools: tools("c") };
    rawOf(await ask(createOn(standIn.url, { betas: true }), resumed));
    expect(standIn.refusals).toEqual([]);
    const { body } = standIn.requests.at(-1) ?? {};
    expect(body?.tools?.map(({ name }) => name)).toEqual(["s__a", "s__b"]);
    expect(body && offeredTools(body)).toEqual(["s__c"]);
  });

  it("hold for the next reply where the conversation has become shorter than their places", async () => {
    const { provider, standIn } = await connect(caller);
    const declaredTools = [
      { from: 1, tools: ["s__a", "s__b"] },
      { from: 90, tools: ["s__b"] },
    ];
    const messages: Message[] = [{ role: "user", text: "So far: nothing." }];
    messages.push(...answered(rawOf(await ask(provider, { messages, declaredTools, tools: tools("b") }))));
    rawOf(await ask(provider, { messages, declaredTools, tools: tools("b") }));
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests.map(({ body }) => offeredTools(body))).toEqual([["s__b"], ["s__b"]]);
  });

  it("wait for the user where the model has spoken last", async () => {
    const paused = message([text("I search.")], { stopReason: "pause_turn" });
    const { provider, standIn } = await connect((body, n) => (n === 1 ? paused : caller(body, n)));
    const talk = conversation();
    await talk.turn(provider, tools("a", "b"));
    talk.messages.push({ role: "user", text: "Go on" });
    await talk.turn(provider, tools("a"));
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests[1]?.body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "system"]);
  });

  it("of four steps over fifty turns leave nine tenths of the input in the cache", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    const steps = [tools("a", "b"), tools("b", "c", "d"), tools("a"), tools("d", "e")];
    for (let turn = 0; turn < 50; turn++) await talk.turn(provider, steps[Math.floor(turn / 13)] ?? []);
    expect(standIn.refusals).toEqual([]);
    const sum = (counts: readonly number[]) => counts.reduce((left, right) => left + right, 0);
    const read = sum(standIn.counts.map((count) => count.cache_read_input_tokens));
    const all = sum(
      standIn.counts.map(
        (count) => count.input_tokens + count.cache_creation_input_tokens + count.cache_read_input_tokens,
      ),
    );
    expect(read / all).toBeGreaterThan(0.9);
  });

  it("do not lose the cache in a turn of many calls", async () => {
    const many = Array.from({ length: 30 }, (_, index) => use("s__a", { index }));
    const { provider, standIn } = await connect((_, n) => message(n === 1 ? many : [text("Done")]));
    const talk = conversation();
    await talk.turn(provider, tools("a"));
    await talk.turn(provider, tools("a"));
    expect(standIn.counts[1]?.cache_read_input_tokens).toBe(standIn.counts[0]?.cache_creation_input_tokens);
  });

  it.each(["claude-sonnet-5", "claude-opus-4-1", "claude-haiku-4-5-20251001"])(
    "are no messages for %s",
    async (model) => {
      const { provider, standIn } = await connect((body) => message([use(offeredTools(body)[0] ?? "")]));
      const talk = conversation();
      await talk.turn(provider, tools("a", "b"), model);
      await talk.turn(provider, tools("b"), model);
      expect(standIn.requests.map(({ betas, body }) => [betas, offeredTools(body)])).toEqual([
        [[], ["s__a", "s__b"]],
        [[], ["s__b"]],
      ]);
      expect(systemMessages(standIn)).toEqual([]);
    },
  );
});

describe("at other addresses, changes of the tools", () => {
  const connect = setConnect([]);

  it("are made in the list, without a beta and without the thinking from before", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    await talk.turn(provider, tools("a", "b"));
    await talk.turn(provider, tools("a", "b"));
    await talk.turn(provider, tools("b"));
    await talk.turn(provider, tools("b"));

    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests.map(({ betas }) => betas)).toEqual([[], [], [], []]);
    expect(standIn.requests.map(({ body }) => body.tools?.length)).toEqual([2, 2, 1, 1]);
    const thoughts = ({ body }: (typeof standIn.requests)[number]) =>
      body.messages.map(({ content }) => content.filter(({ type }) => type === "thinking").length);
    expect(standIn.requests.map(thoughts).map((counts) => counts.join(""))).toEqual(["0", "010", "00000", "0000010"]);
  });

  it("are made so too where the address refuses the betas that its entry says it takes", async () => {
    const { standIn } = await connect(caller);
    const provider = createOn(standIn.url, { betas: true });
    const talk = conversation();
    for (const names of [["a", "b"], ["a", "b"], ["b"], ["b"]]) await talk.turn(provider, tools(...names));
    expect(standIn.refusals).toHaveLength(1);
    const [, ...others] = standIn.requests;
    expect(others.map(({ betas }) => betas)).toEqual([[], [], [], []]);
    expect(others.map(({ body }) => body.tools?.length)).toEqual([2, 2, 1, 1]);
    expect(systemMessages(standIn)).toEqual([]);
  });

  it("are known to lie before the thinking after a resume too", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    await talk.turn(provider, tools("a", "b"));
    await talk.turn(provider, tools("b"));
    const { messages, declaredTools } = JSON.parse(JSON.stringify(talk)) as typeof talk;
    rawOf(await ask(createOn(standIn.url), { system: SYSTEM, messages, declaredTools, tools: tools("b") }));
    expect(standIn.refusals).toEqual([]);
  });

  it("that thinking is refused for in spite of all cost one refusal, then the run goes on without it", async () => {
    const { provider, standIn } = await connect(caller);
    const talk = conversation();
    await talk.turn(provider, tools("a"));
    const { messages } = JSON.parse(JSON.stringify(talk)) as typeof talk;
    const resumed = { messages, system: "Another system prompt", tools: tools("a") };
    const other = createOn(standIn.url);
    messages.push(...answered(rawOf(await ask(other, resumed))));
    rawOf(await ask(other, resumed));
    expect(standIn.refusals.map(({ check }) => check)).toEqual(["thinking fits its conversation"]);
  });

  it("are no different from an image that moves or goes: the thinking behind it goes too", async () => {
    const { provider, standIn } = await connect(caller);
    const image = { mimeType: "image/png", base64: Buffer.from("89504e470d0a1a0a", "hex").toString("base64") };
    const messages: Message[] = [{ role: "user", text: "Begin" }];
    const shown = [[], ["a"], ["a", "b"], ["b"], ["b"]];
    for (const blobs of shown) {
      const images = new Map(blobs.map((blob) => [blob, image]));
      const [said, answer] = answered(rawOf(await ask(provider, { messages, tools: tools("a"), images })));
      const blob = ["a", "b", "a", "a", "a"][(messages.length - 1) / 2] ?? "";
      if (said === undefined || answer?.role !== "tool") throw new Error("no call");
      messages.push(said, {
        ...answer,
        answers: answer.answers.map((each) => ({ ...each, images: [{ blob, size: 8 }] })),
      });
    }
    expect(standIn.refusals).toEqual([]);
    const lastThoughts = standIn.requests.at(-1)?.body.messages.map(({ content }) => content[0]?.type);
    expect(lastThoughts?.filter((type) => type === "thinking").length).toBeGreaterThan(0);
  });
});
