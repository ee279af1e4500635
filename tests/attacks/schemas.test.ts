/** Schemas and values that would hang or fill a process that judges them: the server answers, and each run ends. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { answersIn, call, says, text } from "../support/agents.js";
import { type Attack, LINEAR, SLOW, SWELLING } from "../support/hostile-schemas.js";
import { naming } from "../support/naming.js";
import { whilePinged } from "../support/pings.js";
import { shareHome } from "../support/shared-home.js";

const ODD_SERVER = join(import.meta.dirname, "../support/odd-tools.mjs");
const TEXT = `${"a".repeat(60)}!`;

const attackOf = (name: string): Attack => {
  const found = SLOW.find((attack) => attack.name === name);
  if (!found) throw new Error(`there is no attack "${name}"`);
  return found;
};
const DOUBLING = attackOf("references that double 40 times");
/** Whose harm shows only where they are used. */
const AT_CALLS = [
  attackOf("arguments whose every level is checked twice"),
  attackOf("unique items that are objects"),
  attackOf("a pattern that looks ahead"),
];

const tools = [
  { name: "doubling", schema: DOUBLING.schema },
  ...AT_CALLS.map(({ schema }, n) => ({ name: `slow${n}`, schema })),
  ...LINEAR.map(({ schema }, n) => ({ name: `linear${n}`, schema })),
  { name: "swelling", schema: SWELLING.schema },
  { name: "safe", schema: { type: "object", properties: { n: { type: "integer" } } } },
];
const server = { command: process.execPath, args: [ODD_SERVER], env: { ODD_TOOLS: JSON.stringify(tools) } };
const shared = shareHome({ config: `  odd: ${JSON.stringify(server)}\nlimits: { max_depth: 2 }\n` });

const responses = (request: Parameters<typeof answersIn>[0]) =>
  answersIn(request).map(({ response }) => JSON.stringify(response));
const complete = (data: unknown) => says(call("complete", { status: "success", result: "done", data }));

it("a tool whose references unfold without measure is rejected with the reason, and costs no other tool", async () => {
  const { spawn, requests } = shared.play([
    says(call("odd__doubling", DOUBLING.value), call("odd__safe", { n: 1 })),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured.status).toBe("success");
  const [first, second] = responses(requests()[1]);
  expect(first).toEqual(naming("odd__doubling"));
  expect(second).toContain("ok safe");
  const { run_id } = structured;
  const { events } = (await shared.host.call("get_run", { run_id, view: "events" })).structured;
  expect(JSON.stringify(events)).toEqual(naming("doubling", "rejected", "references", "tool_rejected"));
});

it("calls whose check never ends are refused, their tools are rejected, and the run goes on", async () => {
  const calls = AT_CALLS.map(({ value }, n) => call(`odd__slow${n}`, value));
  const { spawn, requests } = shared.play([
    says(...calls, call("odd__slow0", AT_CALLS[0]?.value), call("odd__safe", { n: 1 })),
    says(call("odd__slow0", AT_CALLS[0]?.value), call("odd__safe", { n: "one" })),
    says(text("done")),
  ]);
  const { structured } = await whilePinged(shared.host, spawn({ wait_seconds: 50 }));
  expect(structured).toMatchObject({ status: "success", result: "done" });
  const [...refused] = responses(requests()[1]);
  const safe = refused.pop();
  for (const answer of refused) expect(answer).toEqual(naming("cannot be checked", "judging takes"));
  expect(safe).toContain("ok safe");
  const [again, misfit] = responses(requests()[2]);
  expect(again).toEqual(naming("odd__slow0", "rejected", "judging takes")); // it is not tried again
  expect(misfit).toEqual(naming("odd__safe", "integer"));
  const offered = JSON.stringify(requests()[1]?.body.tools);
  expect(offered).toContain("odd__safe");
  expect(offered).not.toContain("odd__slow0");
  expect(offered).toContain("odd__slow1"); // so many items are the fault of the arguments
});

it("a tool whose schema fills the memory of the process that judges is rejected, and others are judged afterwards", async () => {
  const { spawn, requests } = shared.play([
    says(call("odd__swelling", SWELLING.value)),
    says(call("odd__swelling", SWELLING.value), call("odd__slow0", { a: {} })),
    says(text("done")),
  ]);
  const { structured } = await whilePinged(shared.host, spawn({ wait_seconds: 50 }));
  expect(structured).toMatchObject({ status: "success", result: "done" });
  const reason = /judging takes (more than 128 MB|longer than 2 s)/; // a busy machine is out of time first
  expect(responses(requests()[1])).toEqual([naming("odd__swelling", "cannot be checked", reason)]);
  const [again] = responses(requests()[2]);
  expect(again).toEqual(naming("odd__swelling", "rejected", reason));
  expect(JSON.stringify(requests()[1]?.body.tools)).not.toContain("odd__swelling");
});

it("patterns of tools are kept, and judged at once", async () => {
  const { spawn, requests } = shared.play([
    says(...LINEAR.map(({ value }, n) => call(`odd__linear${n}`, value))),
    says(call("odd__linear0", { a: "aaa" })),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured.status).toBe("success");
  for (const answer of responses(requests()[1])) expect(answer).toContain("do not fit");
  expect(responses(requests()[2])[0]).toContain("ok linear0");
});

it.each(["^(a+)+$", "^(?=a)(a+)+$"])("a host's output_schema with the pattern %s hangs nothing", async (pattern) => {
  const { spawn, requests } = shared.play([complete({ a: TEXT }), complete({ a: "!" }), complete({ a: "aa" })]);
  const output_schema = { type: "object", properties: { a: { type: "string", pattern } } };
  const { structured } = await whilePinged(shared.host, spawn({ output_schema, wait_seconds: 50 }));
  expect(responses(requests()[1])[0]).toEqual(naming("output schema", /pattern|judging takes/));
  expect(structured.status).toMatch(/success|blocked/); // a schema that was given up refuses all data
});

it("a schema that cannot judge any value in time is refused before a run is made", async () => {
  const { spawn, requests } = shared.play([]);
  const { structured } = await whilePinged(shared.host, spawn({ output_schema: DOUBLING.schema }));
  expect(structured.error).toMatchObject({ code: "invalid_arguments" });
  expect(structured.error.message).toEqual(naming("output_schema", "judging takes"));
  expect(requests()).toEqual([]);
});

it("an agent's output_schema for its child hangs nothing, and the agent learns why it is refused", async () => {
  const child = shared.play([complete(TEXT), complete("!"), complete("aa")]);
  const slow = { output_schema: DOUBLING.schema, prompt: child.prompt };
  const linear = { output_schema: { pattern: "^(a+)+$" }, prompt: child.prompt };
  const parent = shared.play([
    says(call("spawn_agent", slow)),
    says(call("spawn_agent", linear)),
    says(call("wait_for_runs", {})),
    says(text("done")),
  ]);
  const { structured } = await whilePinged(shared.host, parent.spawn({ wait_seconds: 50 }));
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(responses(parent.requests()[1])[0]).toEqual(naming("output_schema", "judging takes"));
  expect(child.requests().length).toBe(3);
});

it.each([
  ["arguments", 2_500, "effects__add_line"],
  ["arguments that no JSON writer takes", 20_000, "effects__add_line"],
  ["the data of complete", 2_500, "complete"],
  ["arguments that can be kept", 300, "effects__add_line"],
])("%s nested %d levels deep are refused, and the run goes on", async (_what, levels, name) => {
  const deep = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  const args = name === "complete" ? `{"result":"x","data":${deep}}` : deep;
  const parts = `[{"functionCall":{"name":"${name}","args":${args}}}]`;
  const body = `{"candidates":[{"content":{"role":"model","parts":${parts}},"finishReason":"STOP"}]}`;
  const { spawn, requests } = shared.play([{ kind: "answer", status: 200, body }, says(text("done"))]);
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(JSON.stringify(requests()[1]?.body)).toMatch(/nested more than|malformed/);
  expect(shared.effects()).toEqual([]);
});

it("a host's arguments that are nested without end are refused in a sentence", async () => {
  const deep = JSON.parse(`${'{"a":'.repeat(1_500)}1${"}".repeat(1_500)}`) as object;
  for (const args of [{ variables: deep }, { output_schema: deep }]) {
    const { structured } = await shared.host.call("spawn_agent", { prompt: "go", ...args });
    expect(structured.error).toMatchObject({ code: "invalid_arguments" });
    expect(structured.error.message).toContain("nested");
  }
});

it("an argument named __proto__ is refused, not dropped", async () => {
  const parts = '[{"functionCall":{"name":"effects__add_line","args":{"text":"x","__proto__":{"text":"y"}}}}]';
  const body = `{"candidates":[{"content":{"role":"model","parts":${parts}},"finishReason":"STOP"}]}`;
  const { spawn, requests } = shared.play([{ kind: "answer", status: 200, body }, says(text("done"))]);
  const { structured } = await spawn({ tools: ["*"] });
  expect(structured.status).toBe("success");
  expect(responses(requests()[1])[0]).toContain("__proto__");
  expect(shared.effects()).toEqual([]);
});
