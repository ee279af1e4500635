/** The stand-in for Anthropic refuses the requests that Anthropic refuses; otherwise the tests that use it prove nothing. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { message, text, thinking, use } from "../../support/anthropic/behaviours.js";
import { type AnthropicStandIn, startAnthropicStandIn, VENDOR_BETAS } from "../../support/anthropic/stand-in.js";
import type { WireBlock, WireBody, WireMessage } from "../../support/anthropic/wire.js";

const PNG = Buffer.from("89504e470d0a1a0a", "hex").toString("base64");
const MARK = { cache_control: { type: "ephemeral" } };
const CALLS = [use("a", {}, "one"), use("b", {}, "two")];
const tool = (name: string, schema: object = { type: "object" }) => ({ name, input_schema: { ...schema } });
const user = (...content: readonly WireBlock[]): WireMessage => ({ role: "user", content });
const model = (...content: readonly WireBlock[]): WireMessage => ({ role: "assistant", content });
const system = (...content: readonly WireBlock[]): WireMessage => ({ role: "system", content });
const result = (id: string, more: object = {}): WireBlock => {
  return { type: "tool_result", tool_use_id: id, content: [text("ok")], ...more };
};
const image = (source: object): WireBlock => ({ type: "image", source: { type: "base64", ...source } });
const addition = (changed: object): WireBlock => ({ type: "tool_addition", tool: changed });
const REFERENCE = { type: "tool_reference", name: "a" };
const DEFINITION = { type: "tool_definition", definition: tool("c") };
const BEGIN = user(text("Begin"));
const ASKED = [BEGIN, model(...CALLS)];
const ANSWERED = [...ASKED, user(result("one"), result("two"))];

interface Sent {
  readonly body?: Record<string, unknown>;
  readonly betas?: readonly string[];
}

/** What breaks each check, by its name, and the vendor's words. The request is a good one but for this. */
const BROKEN: readonly (readonly [check: string, sent: Sent, words: string])[] = [
  ["betas are known", { betas: ["made-up-2026-01-01"] }, "Unexpected value(s) `made-up-2026-01-01`"],
  ["no sampling parameters", { body: { temperature: 1 } }, "`temperature` is not supported"],
  ["no sampling parameters", { body: { top_p: 0.5 } }, "`top_p` is not supported"],
  ["no sampling parameters", { body: { top_k: 5 } }, "`top_k` is not supported"],
  ["fields are known", { body: { effort: "low" } }, "effort: Extra inputs are not permitted"],
  ["fields are known", { body: { tools: [{ ...tool("a"), strict: true }] } }, "strict: Extra inputs"],
  [
    "fields are known",
    { body: { thinking: { type: "adaptive", budget_tokens: 1024 } } },
    "budget_tokens: Extra inputs",
  ],
  ["fields are known", { body: { output_config: { level: 1 } } }, "output_config.level: Extra inputs"],
  ["fields are known", { body: { messages: [{ ...BEGIN, name: "me" }] } }, "name: Extra inputs"],
  ["fields are known", { body: { messages: [user({ ...text("a"), mood: "calm" })] } }, "text.mood: Extra inputs"],
  ["blocks suit their role", { body: { messages: [user(use("a", {}, "one"))] } }, "Input tag 'tool_use' found"],
  ["blocks suit their role", { body: { messages: [{ ...BEGIN, role: "tool" }] } }, 'Unexpected role "tool"'],
  ["max_tokens is given", { body: { max_tokens: undefined } }, "max_tokens: Field required"],
  ["max_tokens is given", { body: { max_tokens: 128_001 } }, "128001 > 128000"],
  ["max_tokens is given", { body: { max_tokens: 0 } }, "greater than or equal to 1"],
  ["thinking is adaptive", { body: { thinking: { type: "disabled" } } }, '"thinking.type.disabled" is not supported'],
  [
    "block_binding needs its beta",
    { body: { thinking: { type: "adaptive", block_binding: {} } }, betas: [] },
    "thinking.adaptive.block_binding: Extra inputs are not permitted",
  ],
  ["effort is a level", { body: { output_config: { effort: "some" } } }, "output_config.effort: Input should be"],
  ["tool_choice forces nothing", { body: { tool_choice: { type: "any" } } }, '"any" is not supported'],
  ["tool_choice forces nothing", { body: { tool_choice: { type: "tool", name: "a" } } }, '"tool" is not supported'],
  ["texts are not empty", { body: { messages: [user(text("  "))] } }, "text content blocks must be non-empty"],
  ["texts are not empty", { body: { system: [text("")] } }, "text content blocks must be non-empty"],
  ["messages are not empty", { body: { messages: [] } }, "at least one message is required"],
  ["messages are not empty", { body: { messages: [BEGIN, model(), BEGIN] } }, "must have non-empty content"],
  [
    "at most four cache marks",
    { body: { messages: [user(...Array.from({ length: 5 }, () => ({ ...text("a"), ...MARK })))] } },
    "A maximum of 4 blocks with cache_control may be provided. Found 5.",
  ],
  [
    "images are what they say",
    { body: { messages: [user(image({ media_type: "image/bmp", data: PNG }))] } },
    "media_type",
  ],
  [
    "images are what they say",
    { body: { messages: [user(image({ media_type: "image/jpeg", data: PNG }))] } },
    "Could not process image",
  ],
  [
    "images are what they say",
    { body: { messages: [user(image({ media_type: "image/png", data: "_-" }))] } },
    "invalid base64",
  ],
  ["tool names are short and plain", { body: { tools: [tool("a.b")] } }, "String should match pattern"],
  ["tool names are short and plain", { body: { tools: [tool("a".repeat(65))] } }, "String should match pattern"],
  [
    "tool names are short and plain",
    { body: { messages: [BEGIN, model(use("a.b", {}, "one")), user(result("one"))] } },
    "tool_use.name: String should match pattern",
  ],
  ["tool names are unique", { body: { tools: [tool("a"), tool("a")] } }, "Tool names must be unique"],
  ["schemas are objects at the root", { body: { tools: [tool("a", {})] } }, "input_schema.type"],
  ...["oneOf", "anyOf", "allOf"].map(
    (word) =>
      [
        "schemas have no alternatives at the root",
        { body: { tools: [tool("a", { type: "object", [word]: [] })] } },
        "does not support oneOf, allOf, or anyOf at the top level",
      ] as const,
  ),
  ["the user speaks first", { body: { messages: [model(text("Hi")), BEGIN] } }, "first message must use"],
  ["the user speaks first", { body: { messages: [system(text("Hi")), BEGIN] } }, "use the top-level 'system'"],
  ["nothing is put into the model's mouth", { body: { messages: [BEGIN, model(text("{"))] } }, "prefill"],
  [
    "calls have legal ids of their own",
    { body: { messages: [BEGIN, model(use("a", {}, "a:b")), user(result("a:b"))] } },
    "tool_use.id: String should match",
  ],
  [
    "calls have legal ids of their own",
    { body: { messages: [BEGIN, model(use("a", {}, "a"), use("b", {}, "a")), user(result("a"))] } },
    "ids must be unique",
  ],
  ["every call is answered at once", { body: { messages: [...ASKED, user(result("one"))] } }, "without `tool_result`"],
  ["every call is answered at once", { body: { messages: [...ASKED, BEGIN] } }, "without `tool_result`"],
  [
    "every call is answered at once",
    { body: { messages: [...ASKED, user(result("one")), user(result("two"))] } },
    "without `tool_result`",
  ],
  ["every answer has its call right before", { body: { messages: [user(result("one"))] } }, "unexpected `tool_use_id`"],
  [
    "every answer has its call right before",
    { body: { messages: [...ASKED, user(result("one"), result("two"), result("two"))] } },
    "must have a single result",
  ],
  [
    "answers come before texts",
    { body: { messages: [...ASKED, user(text("So"), result("one"), result("two"))] } },
    "must come first",
  ],
  [
    "failures say why",
    { body: { messages: [...ASKED, user(result("one", { is_error: true, content: [] }), result("two"))] } },
    "content cannot be empty if `is_error` is true",
  ],
  [
    "system messages follow the user",
    { body: { messages: [BEGIN, model(text("Hi")), system(addition(REFERENCE))] } },
    "role 'system' must follow",
  ],
  [
    "system messages precede the model",
    { body: { messages: [BEGIN, system(addition(REFERENCE)), BEGIN] } },
    "role 'system' must precede an 'assistant' message or end the array",
  ],
  [
    "tool changes need their beta",
    { body: { messages: [BEGIN, system(addition(REFERENCE))] }, betas: [] },
    "Input tag 'tool_addition' found",
  ],
  [
    "definitions in messages need their beta",
    { body: { messages: [BEGIN, system(addition(DEFINITION))] }, betas: VENDOR_BETAS.slice(0, 1) },
    "Input tag 'tool_definition' found",
  ],
  [
    "references lead to a definition",
    { body: { messages: [BEGIN, system(addition({ ...REFERENCE, name: "z" }))] } },
    'no tool named "z"',
  ],
];

let standIn: AnthropicStandIn;

beforeEach(async () => {
  standIn = await startAnthropicStandIn((_, n) =>
    n === 1 ? message([thinking("Plan"), text("I look."), use("a", {}, "one")]) : message([text("ok")]),
  );
});
afterEach(() => standIn.close());

describe("the stand-in", () => {
  it.each(BROKEN)("holds requests to the rule that %s: %j", async (check, sent, words) => {
    const answer = await post(sent);
    expect(standIn.refusals.map((refusal) => refusal.check)).toEqual([check]);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining(words) },
    });
  });

  it("has a broken request for each of its checks", () => {
    const tested = new Set(BROKEN.map(([check]) => check));
    const untested = standIn.checks.filter((check) => !tested.has(check));
    expect(untested).toEqual([
      "the latest thinking is unmodified",
      "thinking is signed by the vendor",
      "thinking fits its conversation",
    ]);
  });

  it("accepts a conversation that keeps them all", async () => {
    const body = {
      system: [{ ...text("Be brief."), ...MARK }],
      messages: [
        ...ANSWERED.slice(0, -1),
        user(
          result("one", { content: [text("ok"), image({ media_type: "image/png", data: PNG })] }),
          result("two"),
          text("So?"),
        ),
        system(addition(DEFINITION), { type: "tool_removal", tool: REFERENCE }),
        model(text("Well")),
        user({ ...text("Go on"), ...MARK }),
        system(text("Now."), addition(REFERENCE)),
      ],
      thinking: { type: "adaptive", display: "summarized", block_binding: { prefix_mismatch_behavior: "drop_block" } },
      output_config: { effort: "xhigh" },
    };
    expect((await post({ body, betas: VENDOR_BETAS })).status).toBe(200);
  });

  it("asks for a key and for the version of the wire", async () => {
    const send = (headers: Record<string, string>) =>
      fetch(`${standIn.url}/v1/messages`, { method: "POST", headers, body: JSON.stringify({ messages: [BEGIN] }) });
    expect((await send({ "anthropic-version": "1" })).status).toBe(401);
    expect((await send({ "x-api-key": "key" })).status).toBe(400);
  });

  it.each([
    [
      "a changed text of the latest thinking",
      (block: WireBlock) => ({ ...block, thinking: "Plot" }),
      "cannot be modified",
    ],
    ["a signature of its own", (block: WireBlock) => ({ ...block, signature: "bXkgb3du" }), "Invalid `signature`"],
  ])("refuses %s", async (_, change, words) => {
    const said = await firstReply();
    const [thought, ...others] = said;
    const messages = [BEGIN, model(change(thought as WireBlock), ...others), user(result("one"))];
    expect(await refusalOf({ body: { messages } })).toContain(words);
  });

  it.each([
    ["another system prompt", { system: [text("Hi")] }],
    ["one tool less", { tools: [tool("a")] }],
    ["another first message", { messages: [user(text("Start"))] }],
  ])("refuses thinking with %s before it, except where it may drop it or it is gone", async (_, changed) => {
    const said = await firstReply();
    const bodyWith = (content: readonly WireBlock[], more: object = {}) => {
      const [first = BEGIN] = (changed as { messages?: readonly WireMessage[] }).messages ?? [];
      return { ...changed, messages: [first, model(...content), user(result("one"))], ...more };
    };
    expect(await refusalOf({ body: bodyWith(said) })).toContain("The block is bound to a different conversation");
    const thinkingMayDrop = { type: "adaptive", block_binding: { prefix_mismatch_behavior: "drop_block" } };
    expect((await post({ body: bodyWith(said, { thinking: thinkingMayDrop }) })).status).toBe(200);
    expect((await post({ body: bodyWith(said.slice(1)) })).status).toBe(200);
  });

  it("compares no cache marks and no changes behind the thinking", async () => {
    const said = await firstReply();
    const messages = [user({ ...text("Begin"), ...MARK }), model(...said), user(result("one"))];
    const change = system({ type: "tool_removal", tool: REFERENCE });
    expect((await post({ body: { messages: [...messages, change] } })).status).toBe(200);
  });

  it("counts what lies before a mark once as written, then as read, but only within 20 blocks", async () => {
    const texts = (count: number) => Array.from({ length: count }, (_, index) => text(`word ${index} `.repeat(10)));
    const marked = (blocks: readonly WireBlock[]) => [
      user(...blocks.slice(0, -1), { ...(blocks.at(-1) as WireBlock), ...MARK }),
    ];
    for (const length of [5, 10, 31]) await (await post({ body: { messages: marked(texts(length)) } })).text();
    const [first, second, third] = standIn.counts;
    expect(first).toMatchObject({ cache_read_input_tokens: 0, input_tokens: 0 });
    expect(second?.cache_read_input_tokens).toBe(first?.cache_creation_input_tokens);
    expect(third?.cache_read_input_tokens).toBe(0);
  });
});

function post({ body = {}, betas = VENDOR_BETAS }: Sent): Promise<Response> {
  const good: Partial<WireBody> = {
    model: "claude-sonnet-5-5",
    max_tokens: 1024,
    stream: true,
    tools: [tool("a"), tool("b")],
    messages: [BEGIN],
  };
  return fetch(`${standIn.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "key", "anthropic-version": "2026-10-21", "anthropic-beta": betas.join(",") },
    body: JSON.stringify({ ...good, ...body }),
  });
}

async function refusalOf(sent: Sent): Promise<string> {
  const answer = await post(sent);
  expect(answer.status).toBe(400);
  return ((await answer.json()) as { error: { message: string } }).error.message;
}

/** The content of the first reply, as its events tell it. */
async function firstReply(): Promise<readonly WireBlock[]> {
  const lines = (await (await post({})).text()).split("\n").filter((line) => line.startsWith("data: "));
  const events = lines.map((line) => JSON.parse(line.slice(6)) as Record<string, never>);
  const signature = events.flatMap(({ delta }: { delta?: { signature?: string } }) => delta?.signature ?? [])[0];
  return [{ type: "thinking", thinking: "Plan", signature }, text("I look."), use("a", {}, "one")];
}
