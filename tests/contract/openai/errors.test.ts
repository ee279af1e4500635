/** The errors of the openai provider for each failure of a host or the network, on both wires. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { modelIdFault } from "../../../src/providers/openai/names.js";
import { AT_ONCE_MS } from "../../support/in-time.js";
import { naming } from "../../support/naming.js";
import { reply } from "../../support/openai/chat-stand-in.js";
import { ask, failureOf, KEY, MODEL, setConnect } from "../../support/openai/provider.js";
import { message, response } from "../../support/openai/responses-stand-in.js";
import { answer, hang, refusal, reset, type Script } from "../../support/openai/stand-in.js";

const connect = setConnect();

describe.each([
  ["chat", (script: Script) => connect.chat("groq", script), reply({ text: "ok" })],
  [
    "responses",
    (script: Script) => connect.responses(script, { name: "mine", keyVariable: "MINE_KEY" }),
    response([message("ok")]),
  ],
] as const)("an error of %s", (_wire, open, ok) => {
  it.each([
    [400, "invalid_request", "told to answer 400"],
    [401, "unauthorized", "MINE_KEY"],
    [402, "out_of_credit", "told to answer 402"],
    [403, "unauthorized", "told to answer 403"],
    [404, "model_not_found", MODEL],
    [408, "timed_out", "mine"],
    [409, "overloaded", "told to answer 409"],
    [413, "invalid_request", "told to answer 413"],
    [422, "invalid_request", "told to answer 422"],
    [429, "rate_limited", "told to answer 429"],
    [500, "server_error", "told to answer 500"],
    [502, "server_error", "told to answer 502"],
    [503, "overloaded", "told to answer 503"],
    [504, "timed_out", "mine"],
    [529, "overloaded", "told to answer 529"],
  ])("%i is %s", async (status, code, text) => {
    const { provider } = await open([refusal(status, `told to answer ${status}`)]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({ code, status, retryAfterMs: null, message: naming("mine", text) });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each([
    [429, { code: "insufficient_quota" }, "out_of_credit"],
    [429, { type: "exceeded_current_quota_error" }, "out_of_credit"],
    [429, { code: "1113" }, "out_of_credit"],
    [429, { type: "engine_overloaded_error" }, "overloaded"],
    [400, { code: "invalid_api_key" }, "unauthorized"],
    [400, { code: "model_not_found" }, "model_not_found"],
    [400, { code: "context_length_exceeded" }, "context_overflow"],
    [400, { type: "exceed_context_size_error" }, "context_overflow"],
    [413, { code: "rate_limit_exceeded" }, "quota_exhausted"],
    [503, { type: "server_error" }, "overloaded"],
    [403, { metadata: { reasons: ["violence"], flagged_input: "…" } }, "invalid_request"],
  ])("%i with %j is %s", async (status, more, code) => {
    const { provider } = await open([refusal(status, "The host's words.", more)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code, status });
  });

  it.each([
    "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens.",
    "Your input exceeds the context window of this model.",
    "Invalid request: Your request exceeded model token limit: 262144",
    "the request exceeds the available context size, try increasing it",
    "The number of tokens to keep from the initial prompt is greater than the context length.",
    "prompt too long; exceeded max context length by 12 tokens",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "Please reduce the length of the messages or completion.",
    "Prompt exceeds max length",
    "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
    "`inputs` tokens + `max_new_tokens` must be <= 32769: the prompt is too long",
  ])("knows an overflow by %j", async (words) => {
    const { provider } = await open([refusal(400, words), refusal(429, `Rate limit reached. ${words}`)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "context_overflow" });
    expect(await failureOf(ask(provider))).toMatchObject({ code: "rate_limited" });
  });

  it.each([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after-ms": "1200", "x-ratelimit-reset-requests": "9s" }, 1_200],
    [{ "x-ratelimit-reset-requests": "6s" }, 6_000],
    [
      {
        "x-ratelimit-reset-requests": "1m30s",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-tokens": "2s",
      },
      90_000,
    ],
    [
      {
        "x-ratelimit-reset-requests": "1h",
        "x-ratelimit-remaining-requests": "5",
        "x-ratelimit-reset-tokens": "120ms",
      },
      120,
    ],
    [{ "x-ratelimit-reset-tokens": "soon" }, null],
    [{}, null],
  ])("429 with %j asks to wait %s ms", async (headers, retryAfterMs) => {
    const { provider } = await open([refusal(429, "Slow down.", {}, headers)]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "rate_limited", retryAfterMs });
  });

  it.each([
    [{ error: { message: "Provider returned error", code: 502 } }, "server_error"],
    [{ error: { message: "Slow down", code: 429 } }, "rate_limited"],
    [{ error: { message: "No credit", code: 402 } }, "out_of_credit"],
    [{ error: { message: "bad", type: "invalid_request_error" } }, "invalid_request"],
    [{ error: "model runner has stopped" }, "server_error"],
  ])("within an answer of 200, %j is %s", async (body, code) => {
    const { provider } = await open([answer(200, body), { kind: "events", events: [body] }]);
    for (let n = 0; n < 2; n++) {
      const error = await failureOf(ask(provider));
      expect(error).toMatchObject({ code, status: null });
      expect(error.message).not.toMatch(/HTTP \d/); // no such status was sent
    }
  });

  it.each([
    ["broken JSON", answer(200, '{"choices": [')],
    [
      "broken JSON in the stream",
      answer(200, 'data: {"choices": [\n\ndata: [DONE]\n\n', { "content-type": "text/event-stream" }),
    ],
    ["a page", answer(200, "<!doctype html>\n<title>Welcome</title>")],
    ["null", answer(200, "null")],
    ["JSON of another shape", answer(200, { hello: "world" })],
  ])("%s is a bad response", async (_, behaviour) => {
    const { provider } = await open([behaviour]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "bad_response", status: null });
  });

  it.each([
    ["a reset before the answer", reset()],
    ["a reset within the answer", reset(true)],
    [
      "an end in the middle",
      { kind: "events", events: [{ type: "response.created", choices: [{ delta: { content: "Half" } }] }] } as const,
    ],
    ["an empty answer", answer(200, "")],
  ])("%s is a network error", async (_, behaviour) => {
    const { provider, standIn } = await open([behaviour]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({
      code: "network",
      status: null,
      message: naming("mine", new URL(standIn.url).origin),
    });
  });

  it("an unreachable host is a network error", async () => {
    const { provider, standIn } = await open([]);
    await standIn.close();
    expect(await failureOf(ask(provider))).toMatchObject({ code: "network" });
  });

  it("a redirect is refused before the key goes there", async () => {
    const { provider } = await open([answer(307, "", { location: "http://127.0.0.1:45321/v1" })]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "redirected", message: naming("127.0.0.1:45321") });
  });

  it("a wrong base URL differs from an unknown model", async () => {
    const { again, standIn } = await open([]);
    const lost = again({ baseUrl: standIn.url.replace("/v1", "") });
    expect(await failureOf(ask(lost))).toMatchObject({ code: "invalid_request", message: naming("/v1") });
  });

  it("never shows the key, even where the host does", async () => {
    const words = `Incorrect API key provided: ${KEY}.`;
    const { provider, again } = await open([refusal(401, words), refusal(400, words), answer(200, { error: words })]);
    for (let n = 0; n < 3; n++) {
      const error = await failureOf(ask(provider));
      const { cause } = error;
      expect(`${error.message} ${error.stack} ${cause} ${JSON.stringify(cause)}`).not.toContain(KEY);
    }
    const crooked = await failureOf(ask(again({ apiKey: `${KEY}\n` })));
    expect(crooked.code).toBe("unauthorized");
    expect(`${crooked.stack} ${crooked.cause}`).not.toContain(KEY);
  });

  it.each(["", "  ", "a\nb", "a\u0000"])("the model name %j is refused before anything is sent", async (model) => {
    const { provider, standIn } = await open([ok]);
    expect(await failureOf(ask(provider, { model }))).toMatchObject({
      code: "model_not_found",
      message: modelIdFault(model),
    });
    expect(standIn.requests).toEqual([]);
  });

  it("after an abort before the call nothing is sent", async () => {
    const { provider, standIn } = await open([ok]);
    await expect(ask(provider, {}, AbortSignal.abort("stop"))).rejects.toBe("stop");
    expect(standIn.requests).toEqual([]);
  });

  it.each([
    ["while the model thinks", false],
    ["within the answer", true],
  ])("an abort %s rejects at once and closes the socket", async (_, inBody) => {
    const { provider, standIn } = await open([hang(inBody)]);
    const controller = new AbortController();
    const reason = new Error("deadline");
    let heard = () => {};
    const hearing = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const pending = ask(provider, { onActivity: () => heard() }, controller.signal);
    const request = await standIn.arrived(1);
    if (inBody && _wire === "chat") await hearing;
    const outcome = expect(pending).rejects.toBe(reason);
    const start = performance.now();
    controller.abort(reason);
    await outcome;
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    await request.closed;
  });

  it("no listener stays, whether the call succeeded or failed, and an abort after it changes nothing", async () => {
    const { provider } = await open([ok, refusal(503, "busy")]);
    const controller = new AbortController();
    const done = await ask(provider, {}, controller.signal);
    await failureOf(ask(provider, {}, controller.signal));
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort("late");
    expect(done.ok).toBe(true);
  });
});
