/** The errors of the Anthropic provider for each failure of the vendor or the network, and its replies that cannot be used. */
import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import {
  answer,
  type Behaviour,
  endOf,
  errorEvent,
  failure,
  message,
  startOf,
  text,
  thinking,
} from "../../support/anthropic/behaviours.js";
import { ask, createOn, KEY, MODEL, setConnect } from "../../support/anthropic/provider.js";
import { AT_ONCE_MS } from "../../support/in-time.js";
import { failureOf } from "../../support/provider-connect.js";

const connect = setConnect();

const toolUse = (input: object = {}) => ({ type: "tool_use", id: "toolu_9", name: "s__read", input });

/** A call of which the model has written this input. */
function inputOf(...pieces: readonly string[]): Behaviour {
  const deltas = pieces.map((piece) => ({ type: "input_json_delta", partial_json: piece }));
  return {
    kind: "events",
    events: [
      startOf(),
      { type: "content_block_start", index: 0, content_block: toolUse() },
      ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
      { type: "content_block_stop", index: 0 },
      ...endOf("tool_use"),
    ],
  };
}

describe("an error", () => {
  it.each([
    [400, "invalid_request_error", "invalid_request", "no such field"],
    [401, "authentication_error", "unauthorized", "ANTHROPIC_API_KEY"],
    [402, "billing_error", "out_of_credit", "no such field"],
    [403, "permission_error", "unauthorized", "ANTHROPIC_API_KEY"],
    [404, "not_found_error", "model_not_found", MODEL],
    [408, "timeout_error", "timed_out", "did not answer"],
    [409, "conflict_error", "overloaded", "no such field"],
    [413, "request_too_large", "context_overflow", "no such field"],
    [429, "rate_limit_error", "rate_limited", "no such field"],
    [500, "api_error", "server_error", "no such field"],
    [502, "api_error", "server_error", "no such field"],
    [503, "api_error", "overloaded", "no such field"],
    [504, "timeout_error", "timed_out", "did not answer"],
    [529, "overloaded_error", "overloaded", "no such field"],
  ])("%i %s is %s", async (status, type, code, words) => {
    const { provider, standIn } = await connect([failure(status, type, "no such field.")]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({ code, status, retryAfterMs: null });
    expect(error.message).toContain(words);
    expect(error.cause).toBeInstanceOf(Error);
    expect(standIn.requests).toHaveLength(1);
  });

  it.each([
    [{ type: "error", error: { type: "overloaded_error", message: "It is too much." } }, "overloaded"],
    [{ error: "It is too much." }, "server_error"],
    [{ message: "It is too much." }, "server_error"],
  ])("with status 200, %j is %s", async (body, code) => {
    const events = [startOf(), `event: error\ndata: ${JSON.stringify(body)}\n\n`];
    const { provider } = await connect([answer(200, body), { kind: "events", events }]);
    for (let n = 0; n < 2; n++) {
      const error = await failureOf(ask(provider));
      expect(error).toMatchObject({ code, status: null, message: expect.stringContaining("It is too much") });
    }
  });

  it.each([
    ["overloaded_error", "overloaded"],
    ["api_error", "server_error"],
    ["rate_limit_error", "rate_limited"],
    ["invalid_request_error", "invalid_request"],
    ["billing_error", "out_of_credit"],
    ["a_new_error", "server_error"],
  ])("%s within the stream is %s", async (type, code) => {
    const { provider } = await connect([errorEvent(type, "It is too much.")]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({ code, status: null });
    expect(error.message).toMatch(/It is too much/);
    expect(error.message).not.toMatch(/HTTP \d/); // no such status was sent
  });

  it.each([
    ["prompt is too long: 210000 tokens > 200000 maximum", "context_overflow"],
    ["input length and `max_tokens` exceed context limit: 199840 + 21333 > 200000", "context_overflow"],
    ["Your credit balance is too low to access the Anthropic API.", "out_of_credit"],
    ["You have reached your specified API usage limits.", "out_of_credit"],
    ["messages.0: something else", "invalid_request"],
  ])("400 that says %j is %s", async (words, code) => {
    const { provider } = await connect([failure(400, "invalid_request_error", words)]);
    expect(await failureOf(ask(provider))).toMatchObject({
      code,
      message: expect.stringContaining(words.slice(0, 20)),
    });
  });

  it.each([400, 429])("%i for a spend limit asks for payment, not for patience", async (status) => {
    const headers = { "retry-after": "60" };
    const limit = failure(status, "rate_limit_error", "Limit.", { code: "enforced_spend_limit_reached", headers });
    const { provider } = await connect([limit]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "out_of_credit", status });
  });

  it.each([
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after-ms": "1250" }, 1250],
    [{}, null],
  ])("429 with %j passes on the delay", async (headers, retryAfterMs) => {
    const { provider } = await connect([failure(429, "rate_limit_error", "Slow down.", { headers })]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "rate_limited", retryAfterMs });
  });

  it("never shows the key, even where the vendor does", async () => {
    const { provider } = await connect(
      [400, 403].map((status) => failure(status, "permission_error", `Key ${KEY} is suspended.`)),
    );
    for (let n = 1; n <= 2; n++) {
      const error = await failureOf(ask(provider));
      expect(`${error.message} ${error.stack} ${error.cause}`).not.toContain(KEY);
    }
    const error = await failureOf(ask(createOn("https://api.anthropic.com", { apiKey: `${KEY}\n` })));
    expect(error.code).toBe("unauthorized");
    expect(`${error.stack} ${error.cause}`).not.toContain(KEY);
  });

  it.each([
    ["a page", answer(200, "<html>Sign in</html>", { "content-type": "text/html" })],
    ["JSON of another shape", answer(200, { ok: true })],
    ["a message without its content", answer(200, { type: "message", role: "assistant" })],
    ["a part of a message in JSON", answer(200, '{"type":"message","content":[{"type":"text","text":"Hel')],
    ["broken JSON in an event", { kind: "events", events: [startOf(), 'event: message_delta\ndata: {"type": \n\n'] }],
    ["null in an event", { kind: "events", events: ["event: message_start\ndata: null\n\n"] }],
    [
      "a delta of nothing",
      { kind: "events", events: [startOf(), { type: "content_block_delta", index: 4, delta: {} }] },
    ],
    ["a message without a beginning", { kind: "events", events: endOf() }],
  ] satisfies readonly [string, Behaviour][])("%s instead of a reply is a bad response", async (_, behaviour) => {
    const { provider } = await connect([behaviour]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "bad_response", status: null });
  });

  it.each([
    ["a page", answer(502, "<html>Bad gateway</html>", { "content-type": "text/html" }), "server_error"],
    ["a gateway's own form", answer(400, { error: "model is gone" }), "invalid_request"],
    ["nothing", answer(529, ""), "overloaded"],
  ])("with %s as its body goes by its status", async (_, behaviour, code) => {
    const { provider } = await connect([behaviour]);
    const error = await failureOf(ask(provider));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain("<html>");
  });

  it.each([
    ["before the answer", { kind: "reset" }],
    ["within the answer", { kind: "events", events: [startOf()], end: "reset" }],
    ["by an end too early", { kind: "events", events: [startOf(), endOf()[0] ?? {}] }],
    ["by an end at once", { kind: "events", events: [] }],
  ] satisfies readonly [string, Behaviour][])("of a connection lost %s is one of the network", async (_, behaviour) => {
    const { provider, standIn } = await connect([behaviour]);
    const error = await failureOf(ask(provider));
    expect(error).toMatchObject({ code: "network", status: null });
    expect(error.message).toContain(standIn.url);
  });

  it("of a vendor that is not there is one of the network", async () => {
    const { provider, standIn } = await connect([]);
    await standIn.close();
    expect(await failureOf(ask(provider))).toMatchObject({ code: "network" });
  });

  it("of a redirect says where it leads, and nothing goes there", async () => {
    const other = await connect([message([text("never")])]);
    const { provider } = await connect([answer(307, "", { location: `${other.standIn.url}/v1/messages` })]);
    expect(await failureOf(ask(provider))).toMatchObject({ code: "redirected" });
    expect(other.standIn.requests).toEqual([]);
  });

  it.each(["", " ", "a\nb", "a\u0000"])("of the model name %j comes before anything is sent", async (model) => {
    const { provider, standIn } = await connect([message([text("never")])]);
    expect(await failureOf(ask(provider, { model }))).toMatchObject({ code: "model_not_found" });
    expect(standIn.requests).toEqual([]);
  });
});

describe("an unusable reply", () => {
  it.each([
    ["nothing said", message([]), "empty_reply", "end_turn", true],
    ["only thoughts", message([thinking("Hmm")]), "empty_reply", "without text", true],
    ["a pause without anything", message([], { stopReason: "pause_turn" }), "empty_reply", "pause_turn", true],
    ["a cut reply", message([text("Half")], { stopReason: "max_tokens" }), "truncated_reply", "max_tokens", true],
    [
      "a full window",
      message([text("Half")], { stopReason: "model_context_window_exceeded" }),
      "context_overflow",
      "model_context_window_exceeded",
      false,
    ],
    ["an unknown end", message([text("Half")], { stopReason: "compaction" }), "refused_reply", "compaction", true],
    ["input that is no JSON", inputOf('{"path": ', "oops}"), "malformed_reply", "s__read", true],
    ["input that is a list", inputOf("[1,", "2]"), "malformed_reply", "s__read", true],
    ["input that is a text", inputOf('"x"'), "malformed_reply", "s__read", true],
    ["a call without a name", message([{ ...toolUse(), name: "" }]), "malformed_reply", "content.0", true],
  ] as const)("%s", async (_, behaviour, code, reason, askAgain) => {
    const { provider } = await connect([behaviour]);
    const reply = await ask(provider);
    expect(reply).toMatchObject({ ok: false, code, askAgain, reason: expect.stringContaining(reason) });
    expect(reply.usage).toMatchObject({ output: 5 });
  });

  it.each([
    ["before it began", [], false],
    ["within", [text("I will")], true],
  ])("that the vendor refused %s names the category", async (_, content, askAgain) => {
    const stopDetails = { type: "refusal", category: "cyber", explanation: `No: ${KEY}` };
    const { provider } = await connect([message(content, { stopReason: "refusal", stopDetails })]);
    const reply = await ask(provider);
    const reason = "Anthropic ended its reply with refusal (cyber: No: [API key])";
    expect(reply).toMatchObject({ ok: false, code: "refused_reply", askAgain, reason });
  });

  it.each([
    ["none", inputOf()],
    ["an empty one", inputOf("", "")],
    ["an empty object", inputOf("{}")],
    [
      "an empty text",
      {
        kind: "events",
        events: [
          startOf(),
          { type: "content_block_start", index: 0, content_block: { ...toolUse(), input: "" } },
          ...endOf("tool_use"),
        ],
      },
    ],
  ] satisfies readonly [string, Behaviour][])("is not a call with %s as its input", async (_, behaviour) => {
    const { provider } = await connect([behaviour]);
    expect(await ask(provider)).toMatchObject({ ok: true, raw: { content: [{ type: "tool_use", input: {} }] } });
  });

  it("is not one without a reason for its end", async () => {
    const { provider } = await connect([message([text("Done")], { stopReason: null })]);
    expect(await ask(provider)).toMatchObject({ ok: true });
  });
});

describe("the SDK", () => {
  it("writes nothing to stdout, not even where its own variable asks for all", async () => {
    const written = vi.spyOn(process.stdout, "write");
    const logs = (["log", "info", "debug"] as const).map((level) => vi.spyOn(console, level));
    process.env.ANTHROPIC_LOG = "debug";
    try {
      const { provider } = await connect([message([text("ok")]), failure(503, "api_error", "Down.")]);
      await ask(provider);
      await failureOf(ask(provider));
      expect(written.mock.calls).toEqual([]);
      for (const log of logs) expect(log.mock.calls).toEqual([]);
    } finally {
      delete process.env.ANTHROPIC_LOG;
      vi.restoreAllMocks();
    }
  });
});

describe("an abort", () => {
  it("before the call sends nothing and rejects with the reason", async () => {
    const { provider, standIn } = await connect([message([text("never")])]);
    const reason = new Error("cancelled by the user");
    await expect(ask(provider, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(standIn.requests).toEqual([]);
  });

  it.each([
    ["before headers", { kind: "hang" }],
    ["in the body", { kind: "events", events: [startOf()], end: "hang" }],
  ] satisfies readonly [string, Behaviour][])(
    "of a hang %s rejects at once and closes the connection",
    async (_, hang) => {
      const { provider, standIn } = await connect([hang]);
      const controller = new AbortController();
      const reason = new Error("deadline");
      const pending = ask(provider, {}, controller.signal);
      const request = await standIn.arrived(1);
      const outcome = expect(pending).rejects.toBe(reason);
      const start = performance.now();
      controller.abort(reason);
      await outcome;
      expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
      await request.closed;
    },
  );

  it("after the call does nothing, and no listener is left behind", async () => {
    const { provider } = await connect([message([text("ok")]), failure(503, "api_error", "Down."), answer(200, "{}")]);
    const controller = new AbortController();
    await ask(provider, {}, controller.signal);
    await failureOf(ask(provider, {}, controller.signal));
    await failureOf(ask(provider, {}, controller.signal));
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort();
  });
});
