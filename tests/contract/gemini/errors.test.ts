/** The errors of the Gemini provider for each failure of the vendor or the network. */
import { describe, expect, it } from "vitest";
import { gemini } from "../../../src/providers/gemini/definition.js";
import { modelIdFault } from "../../../src/providers/gemini/model-id.js";
import { createGeminiProvider } from "../../../src/providers/gemini/provider.js";
import { ask, KEY, MODEL, setConnect } from "../../support/gemini-provider.js";
import {
  badJson,
  invalidKey,
  json,
  rateLimited,
  refusal,
  reply,
  reset,
  status,
} from "../../support/gemini-stand-in.js";
import { failureOf } from "../../support/provider-connect.js";
import { setupOf } from "../../support/provider-setup.js";

const connect = setConnect();

describe("an error", () => {
  it.each([
    [400, "invalid_request", "was told to answer 400"],
    [401, "unauthorized", "GEMINI_API_KEY"],
    [402, "out_of_credit", "was told to answer 402"],
    [403, "unauthorized", "GEMINI_API_KEY"],
    [403, "unauthorized", "was told to answer 403"],
    [404, "model_not_found", MODEL],
    [408, "timed_out", "did not answer"],
    [409, "overloaded", "was told to answer 409"],
    [429, "rate_limited", "quota"],
    [500, "server_error", "failed"],
    [502, "server_error", "failed"],
    [503, "overloaded", "overloaded"],
    [504, "timed_out", "did not answer"],
  ])("%i is %s", async (code, expected, text) => {
    const { provider } = await connect([status(code)]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({ code: expected, status: code, retryAfterMs: null });
    expect(error.message).toContain(text);
    expect(error.message).not.toContain("http://");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each([
    [refusal(400, "The input token count (41000) exceeds the maximum number of tokens allowed (32000).")],
    [refusal(400, "Request payload size exceeds the limit: 20971520 bytes.")],
    [status(413)],
  ])("a request that is too long is context_overflow", async (behaviour) => {
    const { provider } = await connect([behaviour]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "context_overflow" });
  });

  it.each([
    ["23s", 23_000],
    ["1.5s", 1_500],
    ["482.9ms", 483],
    [{ seconds: "2", nanos: 500_000_000 }, 2_500],
    ["soon", null],
  ])("429 passes on the request to wait %s", async (delay, retryAfterMs) => {
    const { provider } = await connect([rateLimited(delay)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "rate_limited", status: 429, retryAfterMs });
  });

  it.each([
    ["3", 3_000],
    ["Mon, 30 Nov 2026 10:00:07 GMT", 7_000],
    ["", null],
  ])("passes on Retry-After: %s", async (header, retryAfterMs) => {
    const headers = { "retry-after": header, date: "Mon, 30 Nov 2026 10:00:00 GMT" };
    const { provider } = await connect([{ ...status(503), headers }]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "overloaded", retryAfterMs });
  });

  it.each([
    [429, "rate_limited"],
    [500, "server_error"],
    [503, "overloaded"],
  ])("%s passes on the vendor's own sentence", async (code, expected) => {
    const { provider } = await connect([refusal(code, "Your prepayment credits are depleted.")]);
    expect(await failureOf(ask(provider))).toMatchObject({
      code: expected,
      message: expect.stringContaining("prepayment credits are depleted"),
    });
  });

  it.each([
    [425, "overloaded"],
    [499, "timed_out"],
  ])("%s, as proxies send it, passes", async (code, expected) => {
    const { provider } = await connect([status(code)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: expected, status: code });
  });

  it.each([
    ["a day's quota", { violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }] }],
    ["a quota of none", { violations: [{ quotaId: "GenerateRequestsPerMinute", quotaValue: "0" }] }],
    ["a day's limit", { metadata: { quota_limit: "requests_per_day" } }],
  ])("429 of %s is no passing limit", async (_, detail) => {
    const { provider } = await connect([refusal(429, "You exceeded your quota.", [{ reason: 5 }, detail])]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "quota_exhausted", retryAfterMs: null });
  });

  it("of an invalid key comes with 400 and is recognized by its reason", async () => {
    const { provider } = await connect([invalidKey()]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "unauthorized", status: 400 });
  });

  it("never shows the key, even where the vendor does", async () => {
    const { provider } = await connect(
      [403, 400].map((code) => refusal(code, `Consumer 'api_key:${KEY}' has been suspended.`)),
    );
    for (let n = 1; n <= 2; n++) {
      const error = await failureOf(ask(provider));
      expect(`${error.message} ${error.stack} ${error.cause}`).not.toContain(KEY);
      expect(`${error.cause}`).toContain("has been suspended");
    }
    const crooked = createGeminiProvider(setupOf(gemini, { apiKey: `${KEY}\n` }));
    const error = await failureOf(ask(crooked));
    expect(error.code).toBe("unauthorized");
    expect(`${error.stack} ${error.cause}`).not.toContain(KEY);
  });

  it.each([
    ["broken JSON", badJson()],
    ["JSON of another shape", json({ candidates: "none" })],
    ["null", { kind: "answer", status: 200, body: "null" } as const],
  ])("%s is a bad response", async (_, behaviour) => {
    const { provider } = await connect([behaviour]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "bad_response", status: null });
  });

  it.each([
    ["before the answer", reset()],
    ["within the answer", reset(true)],
  ])("a connection reset %s is a network error", async (_, behaviour) => {
    const { provider, standIn } = await connect([behaviour]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({ code: "network", status: null });
    expect(error.message).toContain(standIn.url);
  });

  it("an unreachable vendor is a network error", async () => {
    const { provider, standIn } = await connect([]);
    await standIn.close();
    expect(await failureOf(ask(provider))).toMatchObject({ code: "network" });
  });

  it.each(["a/b", "../x", "a?b=c", "a b", "", "a%2fb"])(
    "the model name %j is refused before anything is sent",
    async (model) => {
      const { provider, standIn } = await connect([reply([{ text: "never" }])]);
      expect(await failureOf(ask(provider, { model }))).toMatchObject({
        code: "model_not_found",
        message: modelIdFault(model),
      });
      expect(standIn.requests).toEqual([]);
      expect(modelIdFault(MODEL)).toBeNull();
    },
  );
});
