/** The tokens of a reply that a host allows: learned from its refusals, on both wires. */
import { describe, expect, it } from "vitest";
import { reply } from "../../support/openai/chat-stand-in.js";
import { ask, contentOf, failureOf, setConnect } from "../../support/openai/provider.js";
import { message, response } from "../../support/openai/responses-stand-in.js";
import { refusal, type Script } from "../../support/openai/stand-in.js";

const connect = setConnect();
const ASKED = 32_000;
const settingsOf = (maxOutputTokens: number) => ({ effort: null, temperature: null, maxOutputTokens });
const sentIn = ({ body }: { readonly body: Readonly<Record<string, unknown>> }) =>
  body.max_tokens ?? body.max_completion_tokens ?? body.max_output_tokens;

describe.each([
  ["chat", (script: Script) => connect.loose(script), reply({ text: "ok" })],
  [
    "responses",
    (script: Script) => connect.responses(script, { name: "mine", keyVariable: "MINE_KEY" }),
    response([message("ok")]),
  ],
] as const)("the limit of a reply on %s", (_, open, ok) => {
  it.each([
    ["Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192],
    [
      "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model",
      8192,
    ],
    [
      "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.",
      16384,
    ],
    ["max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for model-3-5", 8192],
    ["The maximum number of output tokens for gpt-4o-2024-08-06 is 16,384", 16384],
    ["Invalid 'max_output_tokens': Expected a value <= 16384, but got 32000 instead.", 16384],
    ["max_tokens must be between 1 and 4096", 4096],
    ["max_tokens must be less than 8193", 8192],
    ["Max tokens cannot exceed 4096", 4096],
    ["max_tokens has to be from 1 (inclusive) to 8193 (exclusive)", 8192],
  ])("is learned from %j", async (words, cap) => {
    const { provider, standIn } = await open([refusal(400, words), ok, ok, ok]);
    for (const asked of [ASKED, ASKED + 1, 1_000])
      expect(contentOf(await ask(provider, { settings: settingsOf(asked) })).text).toBe("ok");
    expect(standIn.requests.map(sentIn)).toEqual([ASKED, cap, cap, 1_000]);
  });

  it.each([
    [
      "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 8192 tokens and your request has 1000 input tokens (32000 > 8192 - 1000).",
      {},
      7192,
    ],
    [
      "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens (38000 in the messages, 32000 in the completion). Please reduce the length of the messages or completion.",
      { code: "context_length_exceeded" },
      27536,
    ],
    [
      "This endpoint's maximum context length is 40960 tokens. However, you requested about 42000 tokens (9000 of text input, 1000 of tool input, 32000 in the output).",
      {},
      30960,
    ],
    [
      "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 1000 `inputs` tokens and 32000 `max_new_tokens`",
      {},
      3096,
    ],
    [
      "You passed 1001 input tokens and requested 32000 output tokens. However, the model's context length is only 8192 tokens",
      {},
      7191,
    ],
  ])("is what the window leaves, for one request alone: %j", async (words, more, left) => {
    const { provider, standIn } = await open([refusal(400, words, more), ok, ok]);
    for (let n = 0; n < 2; n++) await ask(provider, { settings: settingsOf(ASKED) });
    expect(standIn.requests.map(sentIn)).toEqual([ASKED, left, ASKED]);
  });

  it.each([
    "max_tokens is too large: 32000. This model's maximum context length is 8192 tokens and your request has 8000 input tokens",
    "This model's maximum context length is 8192 tokens. However, you requested 40000 tokens (8000 in the messages, 32000 in the completion).",
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  ])("is too small to be of use: %j", async (words) => {
    const { provider, standIn } = await open([refusal(400, words)]);
    const error = await failureOf(ask(provider, { settings: settingsOf(ASKED) }));
    expect(error).toMatchObject({ code: "context_overflow" });
    expect(standIn.requests).toHaveLength(1);
  });

  it("is left out where the host names none", async () => {
    const { provider, standIn } = await open([refusal(400, "max_tokens is too large for gpt-4-0613"), ok, ok]);
    for (let n = 0; n < 2; n++) await ask(provider, { settings: settingsOf(ASKED) });
    expect(standIn.requests.map(sentIn)).toEqual([ASKED, undefined, undefined]);
  });

  it("is left out of a request for which the host refuses its own number", async () => {
    const words =
      "max_tokens is too large. This model's maximum context length is 8192 tokens and your request has 1000 input tokens";
    const { provider, standIn } = await open([refusal(400, words), refusal(400, words), ok, ok]);
    for (let n = 0; n < 2; n++) await ask(provider, { settings: settingsOf(ASKED) });
    expect(standIn.requests.map(sentIn)).toEqual([ASKED, 7192, undefined, ASKED]);
  });

  it("ends where the host refuses each number", async () => {
    const { provider, standIn } = await open((body) =>
      refusal(400, `at most ${Number(sentIn({ body })) - 1} output tokens`),
    );
    expect(await failureOf(ask(provider, { settings: settingsOf(ASKED) }))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests.length).toBeLessThan(6);
  });

  it("is no reason to call the conversation too long", async () => {
    const words = "`max_tokens` must be less than or equal to `8192`, less than the `context_window` for this model";
    const { provider } = await open([refusal(400, words)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "invalid_request" });
  });

  it.each([
    "some/model:free is not a valid model ID",
    "Invalid model: some/model:free",
    "The model `some/model:free` does not exist or you do not have access to it.",
    'model "some/model:free" not found, try pulling it first',
  ])("has nothing to do with a model that is not there: %j", async (words) => {
    const { provider } = await open([refusal(400, words)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "model_not_found" });
  });
});
