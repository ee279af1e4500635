/** on_unknown: ask. A person is asked whether a call that kill -9 interrupted had its effect. */
import { expect, it } from "vitest";
import { answersIn, call, type Sandbox, says, setSandbox, text } from "../support/agents.js";
import { type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { questionOf, settled } from "../support/people.js";
import { tell } from "../support/workflows.js";

const cutCall = (ms: number) => [
  says(call("effects__slow_add_line", { text: "once", ms }), call("effects__add_line", { text: "after" })),
  says(text("I see.")),
];
const CUT = cutCall(60_000);
const ASK = { effectsKeys: "on_unknown: ask" };

/** Kills the process in the middle of the call, and has another one ask the person. */
async function cut({ host, slowStages, anotherHost }: Sandbox, args: object = {}) {
  const { run_id } = (await host.call("spawn_agent", { prompt: "go", tools: ["*"], ...args })).structured;
  return { other: await kill(host, slowStages, 1, anotherHost), runId: run_id };
}

async function kill(
  host: TestHost,
  slowStages: Sandbox["slowStages"],
  nth: number,
  anotherHost: Sandbox["anotherHost"],
) {
  await until(() => slowStages().filter((stage) => stage === "started").length === nth);
  process.kill(host.pid, "SIGKILL");
  return await anotherHost();
}

async function answer(host: TestHost, runId: string, said: object) {
  const { isError, text: told } = await host.call("respond_to_run", { run_id: runId, ...said });
  expect(isError, told).toBe(false);
  return await settled(host, runId);
}

it("'it happened' reaches the agent as the answer of the call, and the calls after it are made", async () => {
  const sandbox = await setSandbox(CUT, ASK);
  const { other, runId } = await cut(sandbox);
  const run = await settled(other, runId);
  expect(questionOf({ run })).toMatchObject({
    kind: "question",
    tool: "effects__slow_add_line",
    text: naming('{"text":"once"'),
    options: ["it happened", "it did not happen", "I cannot tell"],
  });
  expect(run.effects).toMatchObject([{ outcome: "unknown" }]);
  expect(sandbox.effects()).toEqual([]);
  const end = await answer(other, runId, { answer: "it happened", comment: "I have seen the line." });
  expect(end).toMatchObject({ status: "success", result: "I see." });
  expect(end.effects).toMatchObject([{ outcome: "done" }, { tool: "effects__add_line", outcome: "done" }]);
  expect(sandbox.effects()).toEqual(["after"]);
  const last = sandbox.standIn.requests.at(-1);
  expect(JSON.stringify(answersIn(last)[0])).toEqual(naming('"output"', /\beffect\b/));
  expect(JSON.stringify(last?.body.contents)).toContain("I have seen the line.");
  const { said } = await tell(other, end);
  expect(said).toContainEqual(naming(/^user: /, "effects__slow_add_line", "I have seen the line."));
});

it("'it did not happen' makes the call now, and a second kill asks about it again", async () => {
  const sandbox = await setSandbox(cutCall(4_000), ASK); // longer than a killed process's servers live on
  const { other, runId } = await cut(sandbox);
  await settled(other, runId);
  await other.call("respond_to_run", { run_id: runId, answer: "it did not happen" });
  const third = await kill(other, sandbox.slowStages, 2, sandbox.anotherHost);
  const again = await settled(third, runId);
  expect(again).toMatchObject({ status: "waiting", question: { id: "q2" } });
  const end = await answer(third, runId, { answer: "it did not happen" });
  expect(end.status).toBe("success");
  expect(sandbox.effects()).toEqual(["once", "after"]);
  expect(sandbox.slowStages().filter((found) => found === "started")).toHaveLength(3);
  expect(JSON.stringify(answersIn(sandbox.standIn.requests.at(-1))[0])).toContain("added once");
}, 40_000);

it("'I cannot tell' tells the agent that the outcome is unknown", async () => {
  const sandbox = await setSandbox(CUT, { config: "on_unknown: ask" });
  const { other, runId } = await cut(sandbox);
  await settled(other, runId);
  const wrong = await other.call("respond_to_run", { run_id: runId, answer: "maybe" });
  expect(wrong.text).toEqual(naming("q1", "it happened", "it did not happen", "I cannot tell"));
  expect((await answer(other, runId, { answer: "I cannot tell" })).status).toBe("success");
  expect(JSON.stringify(answersIn(sandbox.standIn.requests.at(-1))[0])).toMatch(/\bunknown\b/);
  expect(sandbox.effects()).toEqual(["after"]);
});

it("a call that the workflow makes is asked about too", async () => {
  const sandbox = await setSandbox([says(call("complete", { result: "done", status: "success" }))], ASK);
  sandbox.bench.writeHome(
    "workflows/led.yaml",
    `
steps:
  - name: work
    on_enter:
      - { action: call_tool, tool: effects__slow_add_line, arguments: { text: led, ms: 60000 }, output_as: got }
    exit_conditions: [{ type: tool_succeeded, tool: effects__slow_add_line }]
`,
  );
  const { other, runId } = await cut(sandbox, { workflow: "led" });
  expect(await settled(other, runId)).toMatchObject({
    status: "waiting",
    question: { kind: "question", tool: "effects__slow_add_line" },
  });
  const end = await answer(other, runId, { answer: "it happened" });
  expect(end).toMatchObject({ status: "success", step: "work" });
  expect(sandbox.effects()).toEqual([]);
  const { said } = await tell(other, end);
  expect(said.join("\n")).toMatch(/\bworkflow\b.*\beffect\b/);
});
