/** The lengths that vendors' refusals name, in the words of each. */
import { expect, it } from "vitest";
import { namedLengths, windowIn } from "../../../../src/core/run/context-window.js";

it.each([
  ["The input token count (41000) exceeds the maximum number of tokens allowed (32000).", 32_000, 41_000],
  ["prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000],
  [
    "This model's maximum context length is 128000 tokens. However, you requested 130024 tokens (126024 in the messages, 4000 in the completion).",
    128_000,
    130_024,
  ],
  ["the request exceeds the available context size (4096 tokens), try increasing it", 4_096, null],
  [
    "the conversation is longer than the context window of gemini-3.8-flash: 41,000 tokens exceed the limit of 32,000",
    32_000,
    41_000,
  ],
  ["This model's maximum context length is 128000 tokens.", 128_000, null],
  ["This model's maximum prompt length is 131072 but the request contains 150000 tokens.", 131_072, 150_000],
  ["Prompt contains 40000 tokens, too large for model with 32768 maximum context length", 32_768, 40_000],
  ["Your request exceeded model token limit: 131072 (requested: 140000)", 131_072, 140_000],
  ["input length and `max_tokens` exceed context limit: 150000 + 64000 > 200000, decrease it", 200_000, 214_000],
  ["Range of input length should be [1, 129024]", 129_024, null],
  ["Your input exceeds the context window of this model.", null, null],
])("%s", (sentence, limit, sent) => {
  expect(namedLengths(sentence, 20_000)).toEqual({ limit, sent });
});

it("takes no small number for a limit", () => {
  expect(namedLengths("the limit of 3 retries is used up", 20_000)).toEqual({ limit: null, sent: null });
});

it("finds a model by its name before a pattern", () => {
  const list = [
    { models: "m-*", tokens: 1 },
    { models: "m-2", tokens: 2 },
  ];
  expect([windowIn(list, "m-1"), windowIn(list, "m-2"), windowIn(list, "n")]).toEqual([1, 2, null]);
});
