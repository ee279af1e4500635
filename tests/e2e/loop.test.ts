/** The loop from the wire: limits, grace, order of calls, what is no answer, what is refused. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import {
  blockedPrompt,
  emptyCandidates,
  hang,
  malformedFunctionCall,
  rateLimited,
  refusal,
  reply,
  status,
} from "../support/gemini-stand-in.js";
import { AT_ONCE_MS } from "../support/in-time.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

const shared = shareHome();
const { effects, play } = shared;
const parents = shareHome({ config: "limits: { max_depth: 2 }" });
const hasty = shareHome({ config: "limits: { tool_timeout_seconds: 0.5 }" });

const errorOf = (answer: object | undefined) => JSON.stringify((answer as { response?: object } | undefined)?.response);

it("a grace reply after the last turn ends the run as partial", async () => {
  const { spawn, requests } = play([
    says(text("one"), call("effects__echo", { n: 1 })),
    says(text("two"), call("effects__echo", { n: 2 })),
    says(text("what I have so far")),
  ]);
  const { structured } = await spawn({ tools: ["*"], max_turns: 2 });
  expect(structured).toMatchObject({
    status: "partial",
    result: "what I have so far",
    error: { code: "max_turns" },
    turns_used: 2,
    tool_calls_count: 2,
  });
  const declared = JSON.stringify(requests()[2]?.body.tools);
  expect(declared).toContain('"complete"');
  expect(declared).not.toContain("effects__echo");
});

it("the grace turn never refuses complete, and the run records the unmet condition", async () => {
  const { spawn } = play([
    says(call("effects__echo", { n: 1 })),
    says(call("complete", { result: "half", status: "success", data: { count: "many" } })),
  ]);
  const output_schema = { type: "object", properties: { count: { type: "integer" } }, required: ["count"] };
  const { structured } = await spawn({ tools: ["*"], max_turns: 1, output_schema });
  expect(structured).toMatchObject({ status: "partial", result: "half", data: { count: "many" } });
  expect(structured.error).toMatchObject({ code: "max_turns" });
  expect(structured.error.message).toEqual(naming("count", "integer"));
});

it("turns of 20 waits and of 200 calls at once are nothing that Node warns of", async () => {
  const child = parents.play([{ ...says(text("Found.")), delayMs: 1_000 }]);
  const many = (count: number, name: string, args = {}) => Array.from({ length: count }, () => call(name, args));
  const { spawn, requests } = parents.play([
    says(call("spawn_agent", { prompt: child.prompt })),
    says(...many(20, "wait_for_runs", { wait_seconds: 30 })),
    says(...Array.from({ length: 200 }, (_, n) => call("effects__slow", { ms: 100, n }))),
    says(text("done")),
  ]);
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(JSON.stringify(answersIn(requests()[2]))).toMatch(/^(.*Found\.){20}/);
  expect(answersIn(requests()[3])).toHaveLength(200);
  expect(parents.host.stderr()).not.toContain("Warning");
});

it("the deadline ends the run as timeout and keeps its text", async () => {
  const { spawn, requests } = play([says(text("Begun."), call("effects__add_line", { text: "x" })), hang()]);
  const begun = Date.now();
  const { structured } = await spawn({ tools: ["*"], timeout_seconds: 3 });
  expect(Date.now() - begun).toBeLessThan(AT_ONCE_MS);
  expect(structured).toMatchObject({ status: "timeout", result: null, partial_text: "Begun.", tool_calls_count: 1 });
  expect(structured.error.message).toContain("timeout_seconds");
  await requests()[1]?.closed;
});

it("a silent tool call within its own limit is no stall, nor is the wait before the next try of a request", async () => {
  const script = [says(call("effects__slow", { ms: 6_000 })), rateLimited("5s"), says(text("built"))];
  const { host } = await setSandbox(script, { config: "limits: { stall_seconds: 4, tool_timeout_seconds: 30 }" });
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 40 });
  expect(structured).toMatchObject({ status: "success", result: "built" });
});

it("the run gives up a tool call after tool_timeout_seconds, cancels it downstream and continues", async () => {
  const { spawn, requests } = hasty.play([says(call("effects__slow", { ms: 30_000 })), says(text("went on"))]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", result: "went on" });
  expect(errorOf(answersIn(requests()[1])[0])).toContain("error");
  expect(hasty.slowStages()).toEqual(["started", "cancelled"]);
  expect(hasty.bench.read("logs/legwork.log")).toMatch(
    /"effects__slow","code":"call_timeout","remedy":".*timeout_seconds.*config\.yaml/,
  );
});

it("the outcome of an effectful call is unknown after its time-out", async () => {
  const { spawn, requests } = hasty.play([
    says(call("effects__slow_add_line", { text: "x", ms: 30_000 })),
    says(text("careful")),
  ]);
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured.effects).toEqual([{ tool: "effects__slow_add_line", about: "x", turn: 1, outcome: "unknown" }]);
  expect(errorOf(answersIn(requests()[1])[0])).toMatch(/unknown/);
});

it("neighbouring read-only calls run together, and effectful ones in order, one at a time", async () => {
  const { spawn } = play([
    reply([
      call("effects__slow", { ms: 400 }),
      call("effects__slow", { ms: 401 }),
      call("effects__slow_add_line", { text: "first", ms: 150 }),
      call("effects__add_line", { text: "second" }),
      call("effects__read_lines"),
    ]),
    says(text("done")),
  ]);
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured.status).toBe("success");
  expect(effects()).toEqual(["first", "second"]);
  expect(shared.slowStages()).toEqual(["started", "started", "finished", "finished", "started", "finished"]);
  const { events } = (await shared.host.call("get_run", { run_id: structured.run_id, view: "events" })).structured;
  const order = events
    .filter(({ type }) => type.startsWith("tool_call"))
    .map(({ type, index }) => `${type.slice(10)} ${index}`);
  expect(order).toEqual([
    "started 0",
    "started 1",
    "finished 0",
    "finished 1",
    "started 2",
    "finished 2",
    "started 3",
    "finished 3",
    "started 4",
    "finished 4",
  ]);
  expect(events.findLast(({ type }) => type === "tool_call_finished")?.text).toBe("first\nsecond\n");
});

it("legwork checks arguments against the tool's own schema before the call", async () => {
  const { spawn, requests } = play([
    says(call("effects__add_line", { text: 7 })),
    says(call("effects__add_line", { text: "right" })),
    says(text("done")),
  ]);
  await spawn({ tools: ["*"] });
  expect(effects()).toEqual(["right"]);
  expect(errorOf(answersIn(requests()[1])[0])).toEqual(naming("effects__add_line", /\btext\b/, "string"));
});

it("an unknown or withheld tool is refused with its rule", async () => {
  const { spawn, requests } = play([
    says(
      call("effects__add_line", { text: "x" }),
      call("effects__add_lime"),
      call("spawn_agent", { prompt: "x" }),
      call("add_line", { text: "x" }),
    ),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", tool_calls_count: 0, effects: [] });
  const [withheld, ...unknown] = answersIn(requests()[1]).map(errorOf);
  expect(withheld).toEqual(naming("effects__add_line", "policy"));
  expect(unknown).toEqual([
    naming('"error"', "effects__add_lime"),
    naming('"error"', "spawn_agent", "max_depth", /\b1\b/),
    naming('"error"', "add_line"),
  ]);
  expect(effects()).toEqual([]);
});

it("blocked_tools win over tools", async () => {
  const { spawn, requests } = play([says(call("effects__add_line", { text: "x" })), says(text("done"))]);
  await spawn({ tools: ["*"], blocked_tools: ["effects__add_*"] });
  expect(effects()).toEqual([]);
  expect(errorOf(answersIn(requests()[1])[0])).toEqual(naming('\\"effects__add_*\\"', "blocked_tools", "spawn_agent"));
});

it("a failed result reaches the model as an error", async () => {
  const { spawn, requests } = play([says(call("effects__fail")), says(text("done"))]);
  await spawn();
  expect(errorOf(answersIn(requests()[1])[0])).toMatch(/"error":/);
});

it("legwork shortens a large result and lets the agent read on in it", async () => {
  const { spawn, requests } = play([
    says(call("effects__big", { n: 45_000 })),
    says(call("read_result", { id: "r1.0", offset: 10_000 }), call("read_result", { id: "r1.0", offset: 40_000 })),
    says(call("read_result", { id: "r9.9", offset: 0 })),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", tool_calls_count: 1 });
  const outputs = (n: number) =>
    answersIn(requests()[n]).map((answer) => String(Object.values(answer.response ?? {})[0]));
  expect(outputs(1)[0]).toMatch(/^.{10000}\n\[.*\b35000\b.*\b45000\b.*read_result\(id: "r1\.0", offset: 10000\)\]$/);
  expect(outputs(2)[0]).toMatch(/^.{10000}\n\[.*\b25000\b.*\boffset 20000\]$/);
  expect(outputs(2)[1]).toMatch(/^.{5000}\n\[end\]$/);
  expect(outputs(3)[0]).toMatch(/\bresult\b/);
});

it("legwork warns an agent that repeats a call, then blocks it", async () => {
  const { spawn, requests } = play(() => says(call("effects__echo", { same: true })));
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured).toMatchObject({ status: "blocked", error: { code: "repeated_call" }, tool_calls_count: 5 });
  expect(errorOf(answersIn(requests()[6])[0])).toMatch(/\b5\b/);
});

it.each([
  ["an empty reply", emptyCandidates(), "empty_reply"],
  ["a malformed call", malformedFunctionCall(), "malformed_reply"],
  ["a truncated reply", reply([text("half a sen")], { finishReason: "MAX_TOKENS" }), "truncated_reply"],
  ["a withheld reply", reply([], { finishReason: "SAFETY" }), "refused_reply"],
])("the model is asked again twice after %s, then the run ends with the reason", async (_name, behaviour, code) => {
  const { spawn, requests } = play([behaviour, behaviour, says(text("third time lucky"))]);
  const lucky = await spawn();
  expect(lucky.structured).toMatchObject({ status: "success", result: "third time lucky", turns_used: 1 });
  expect(lucky.structured.usage.input_tokens).toBe(30); // rejected replies cost as well
  expect(requests()).toHaveLength(3);

  const stubborn = play(() => behaviour);
  const { structured } = await stubborn.spawn();
  const cut = code === "truncated_reply" ? "half a sen" : null;
  expect(structured).toMatchObject({ status: "error", error: { code }, turns_used: 0, partial_text: cut });
  expect(stubborn.requests()).toHaveLength(3);
});

it.each([
  ["429 with a delay that its time does not allow", rateLimited("123s"), "rate_limited", /123 s/],
  [
    "403",
    refusal(403, "Enable the API at https://console.example/enable."),
    "unauthorized",
    /console\.example\/enable/,
  ],
  ["a blocked prompt", blockedPrompt(), "refused_reply", /SAFETY/],
  ["404", status(404), "model_not_found", /gemini-3\.8-flash/],
])("the run ends on %s in a typed error and keeps its text and effects", async (_name, behaviour, code, message) => {
  const { spawn, requests } = play([says(text("First."), call("effects__add_line", { text: "x" })), behaviour]);
  const { structured } = await spawn({ tools: ["*"], timeout_seconds: 100 });
  expect(requests()).toHaveLength(2);
  expect(structured).toMatchObject({
    status: "error",
    error: { code },
    partial_text: "First.",
    effects: [{ tool: "effects__add_line", outcome: "done" }],
  });
  expect(structured.error.message).toMatch(message);
});

it("success, partial and blocked are stored as such", async () => {
  const ends = ["success", "partial", "blocked"];
  const { spawn } = play((n) => says(call("complete", { result: "r", status: ends[n - 1] })));
  for (const end of ends) {
    const { structured } = await spawn();
    expect(structured).toMatchObject({ status: end, result: "r" });
  }
});

it("complete ends the run after the other calls of its turn", async () => {
  const { spawn, requests } = play([
    says(
      call("complete", { result: "done", status: "success" }),
      call("effects__add_line", { text: "still made" }),
      call("complete", { result: "twice", status: "blocked" }),
    ),
  ]);
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(effects()).toEqual(["still made"]);
  expect(requests()).toHaveLength(1);
});

it("legwork refuses complete until data satisfies output_schema, three times at most", async () => {
  const output_schema = { type: "object", properties: { count: { type: "integer" } }, required: ["count"] };
  const bad = says(call("complete", { result: "r", status: "success", data: { count: "three" } }));
  const good = says(call("complete", { result: "r", status: "success", data: { count: 3 } }));
  const ask = { output_schema };
  const mended = play([bad, good]);
  expect((await mended.spawn(ask)).structured).toMatchObject({
    status: "success",
    data: { count: 3 },
  });
  expect(errorOf(answersIn(mended.requests()[1])[0])).toEqual(naming("data", "count", "integer"));

  const stubborn = play(() => bad);
  const { structured } = await stubborn.spawn(ask);
  expect(structured).toMatchObject({ status: "blocked", error: { code: "complete_refused" } });
  expect(stubborn.requests()).toHaveLength(3);
});

it("a text in place of data is answered with guidance three times, then blocks the run", async () => {
  const { spawn, requests } = play(() => says(text("I am done, I think.")));
  const { structured } = await spawn({ output_schema: { type: "object" } });
  expect(structured).toMatchObject({ status: "blocked", error: { code: "premature_stop" } });
  expect(requests()).toHaveLength(4);
});

it("the run continues when a downstream server crashes in the middle of a call", async () => {
  const { host, standIn } = await setSandbox([says(call("effects__die")), says(text("went on"))]);
  const { structured } = await host.call("spawn_agent", { prompt: "go", tools: ["*"], wait_seconds: 20 });
  expect(structured).toMatchObject({ status: "success", result: "went on", effects: [{ outcome: "unknown" }] });
  expect(errorOf(answersIn(standIn.requests[1])[0])).toMatch(/unknown/);
});
