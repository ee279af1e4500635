/** Settings that a model refuses in words: the next request goes without them. */
import { expect, it } from "vitest";
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
