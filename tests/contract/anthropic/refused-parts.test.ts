/** The parts of a request that a model, or a gateway on Anthropic's wire, refuses in words: the next request goes without them. */
import { describe, expect, it } from "vitest";
import { answer, failure, message, text } from "../../support/anthropic/behaviours.js";
import { ask, setConnect } from "../../support/anthropic/provider.js";
import { failureOf } from "../../support/provider-connect.js";

const connect = setConnect();
const ok = message([text("ok")]);
const refused = (words: string) => failure(400, "invalid_request_error", words);
const settingsOf = (maxOutputTokens: number | null) =>
  ({ effort: "high", temperature: null, maxOutputTokens }) as const;

describe("the tokens of a reply", () => {
  it.each([
    ["claude-3-5-haiku-20241022", 8192],
    ["claude-3-opus-20240229", 4096],
    ["claude-sonnet-4-6", 64_000],
    ["glm-5", 64_000],
  ])("are no more than %s is known to allow", async (model, sent) => {
    const { provider, standIn } = await connect([ok]);
    await ask(provider, { model, settings: settingsOf(64_000) });
    expect(standIn.requests[0]?.body.max_tokens).toBe(sent);
  });

  it("are learned for a model that nobody knows", async () => {
    const words = "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for glm-5";
    const { provider, standIn } = await connect([refused(words), ok, ok]);
    for (let n = 0; n < 2; n++) await ask(provider, { model: "glm-5", settings: settingsOf(32_000) });
    expect(standIn.requests.map(({ body }) => body.max_tokens)).toEqual([32_000, 8192, 8192]);
  });

  it("are what the window leaves, for one request alone", async () => {
    const words = "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000";
    const { provider, standIn } = await connect([refused(words), ok, ok]);
    for (let n = 0; n < 2; n++) await ask(provider, { settings: settingsOf(21_333) });
    expect(standIn.requests.map(({ body }) => body.max_tokens)).toEqual([21_333, 11_760, 21_333]);
  });
});

describe("betas that an address is said to take", () => {
  it.each([
    "Unexpected value(s) `inline-tools-2026-09-15` for the `anthropic-beta` header.",
    "invalid beta flag",
    "thinking.adaptive.block_binding: Extra inputs are not permitted",
    "messages.2.role: Input should be 'user' or 'assistant'",
    'messages: Unexpected role "system".',
    "messages.2.content.0: Input tag 'tool_removal' found using 'type' does not match any of the expected tags: 'text'",
  ])("and that it refuses with %j are left out from then on", async (words) => {
    const { provider, standIn } = await connect([refused(words), ok, ok]);
    for (let n = 0; n < 2; n++) await ask(provider);
    expect(standIn.requests.map(({ betas }) => betas.length)).toEqual([3, 0, 0]);
    expect(standIn.requests.map(({ body }) => JSON.stringify(body).includes("block_binding"))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("and that it refuses for ever are asked for once", async () => {
    const { provider, standIn } = await connect(() => refused("invalid beta flag"));
    for (let n = 0; n < 2; n++) expect(await failureOf(ask(provider))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests.map(({ betas }) => betas.length)).toEqual([3, 0, 0]);
  });
});

describe("a gateway", () => {
  it("that knows no effort is asked without it from then on", async () => {
    const { provider, standIn } = await connect([
      refused("output_config.effort: Extra inputs are not permitted"),
      ok,
      ok,
    ]);
    for (let n = 0; n < 2; n++) await ask(provider, { settings: settingsOf(null) });
    expect(standIn.requests.map(({ body }) => "output_config" in body)).toEqual([true, false, false]);
  });

  it("that knows no summaries, and then no thinking, is asked without them", async () => {
    const { provider, standIn } = await connect([
      refused("thinking.display: Extra inputs are not permitted"),
      answer(422, { detail: [{ loc: ["body", "thinking"], msg: "Extra inputs are not permitted" }] }),
      ok,
      ok,
    ]);
    for (let n = 0; n < 2; n++) await ask(provider);
    const [first, ...others] = standIn.requests.map(({ body }) => (body as { readonly thinking?: object }).thinking);
    expect(first).toMatchObject({ display: "summarized" });
    expect(others).toEqual([{ type: "adaptive" }, undefined, undefined]);
  });

  it("that refuses for ever is asked a few times", async () => {
    const words = "thinking.display, thinking, output_config: Extra inputs are not permitted";
    const { provider, standIn } = await connect(() => refused(words));
    expect(await failureOf(ask(provider, { settings: settingsOf(null) }))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests).toHaveLength(4);
  });

  it("that refuses the thinking of a message is not asked without it", async () => {
    const { provider, standIn } = await connect([
      refused("messages.1.content.0.thinking: Extra inputs are not permitted"),
    ]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests).toHaveLength(1);
  });
});
