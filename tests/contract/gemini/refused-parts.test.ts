/** Settings that a model refuses in words: the next request goes without them. */
import { describe, expect, it } from "vitest";
import { ask, setConnect } from "../../support/gemini-provider.js";
import { refusal, reply } from "../../support/gemini-stand-in.js";
import { failureOf } from "../../support/provider-connect.js";

const connect = setConnect();
const WORDS = "Thinking level is not supported for this model.";
const settings = { effort: "high", temperature: 0.5, maxOutputTokens: null } as const;

it("a model without levels of thinking is asked without one from then on", async () => {
  const ok = reply([{ text: "ok" }]);
  const { provider, standIn } = await connect([refusal(400, WORDS), ok, ok]);
  for (let n = 0; n < 2; n++) await ask(provider, { settings });
  const thinkingConfig = { thinkingLevel: "HIGH" };
  expect(standIn.requests.map(({ body }) => "generationConfig" in body && body.generationConfig)).toEqual([
    { temperature: 0.5, thinkingConfig },
    { temperature: 0.5 },
    { temperature: 0.5 },
  ]);
});

it("a model that refuses for ever is asked twice", async () => {
  const { provider, standIn } = await connect([refusal(400, WORDS), refusal(400, WORDS), refusal(400, WORDS)]);
  expect(await failureOf(ask(provider, { settings }))).toMatchObject({ code: "invalid_request" });
  expect(standIn.requests).toHaveLength(2);
});

describe("the tokens of a reply", () => {
  const ok = reply([{ text: "ok" }]);
  const asking = (maxOutputTokens: number) => ({ settings: { effort: null, temperature: null, maxOutputTokens } });
  type Standing = Awaited<ReturnType<typeof connect>>["standIn"];
  const sentTo = ({ requests }: Standing) =>
    requests.map(
      ({ body }) =>
        (body as { readonly generationConfig?: { readonly maxOutputTokens?: number } }).generationConfig
          ?.maxOutputTokens,
    );

  it.each([
    ["maxOutputTokens must be at most 8192", 8192],
    ["Invalid value at 'generation_config.max_output_tokens': 64000 is greater than 8,192", 8192],
    [
      "Unable to submit request because it has a maxOutputTokens value of 64000 but the supported range is from 1 (inclusive) to 8193 (exclusive). Update the value and try again.",
      8192,
    ],
    ["max_output_tokens is too large", undefined],
  ])("are learned from %j", async (words, most) => {
    const { provider, standIn } = await connect([refusal(400, words), ok, ok, ok]);
    for (const tokens of [64_000, 64_000, 1000]) await ask(provider, asking(tokens));
    expect(sentTo(standIn)).toEqual([64_000, most, most, most === undefined ? undefined : 1000]);
  });

  it("are learned beside the settings of thinking", async () => {
    const { provider, standIn } = await connect([refusal(400, WORDS), refusal(400, "maxOutputTokens <= 4096"), ok]);
    await ask(provider, { settings: { effort: "high", temperature: null, maxOutputTokens: 64_000 } });
    expect(standIn.requests.at(-1)?.body).toMatchObject({ generationConfig: { maxOutputTokens: 4096 } });
    expect(sentTo(standIn)).toEqual([64_000, 64_000, 4096]);
  });

  it("that are refused for ever are asked for a few times", async () => {
    const { provider, standIn } = await connect((_, n) => refusal(400, `maxOutputTokens must be at most ${9000 - n}`));
    expect(await failureOf(ask(provider, asking(64_000)))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests).toHaveLength(5);
  });

  it("that were not named have nothing to do with a refusal", async () => {
    const { provider, standIn } = await connect([refusal(400, "maxOutputTokens must be at most 8192"), ok]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "invalid_request" });
    expect(standIn.requests).toHaveLength(1);
  });
});
