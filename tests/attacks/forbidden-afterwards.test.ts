/** The user forbids a tool after a run has begun: no process that takes the run up makes another call of it. */
import { expect, it } from "vitest";
import { answersIn, call, type Sandbox, says, setSandbox, text } from "../support/agents.js";
import { hang, type Script } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { endOf, resumeToEnd, spawnRun, toolsIn } from "../support/resuming.js";

/** Adds to the user's configuration. */
function forbid({ bench }: Sandbox, lines = 'blocked_tools: ["effects__add_line"]'): void {
  bench.configure(`${bench.read("config.yaml")}\n${lines}\n`);
}

/** A sandbox whose first process was killed when the model had been asked `asked` times. */
async function killedAt(asked: number, script: Script, args: Record<string, unknown> = {}) {
  const sandbox = await setSandbox(script);
  const runId = await spawnRun(sandbox.host, args);
  await sandbox.standIn.arrived(asked);
  process.kill(sandbox.host.pid, "SIGKILL");
  return { ...sandbox, runId };
}

const addLine = (line: string) => says(call("effects__add_line", { text: line }));

it("a run that is recovered after a kill is refused the call, with the file that blocks it", async () => {
  const sandbox = await killedAt(2, [addLine("before"), hang(), addLine("after"), says(text("Stopped."))]);
  const { standIn, runId } = sandbox;
  forbid(sandbox);
  const other = await sandbox.anotherHost();
  expect(await endOf(other, runId)).toMatchObject({ status: "success", result: "Stopped." });
  expect(sandbox.effects()).toEqual(["before"]);
  expect(toolsIn(standIn.requests[1])).toContain("effects__add_line");
  expect(toolsIn(standIn.requests[2])).not.toContain("effects__add_line");
  const [refused] = answersIn(standIn.requests[3]);
  expect(JSON.stringify(refused?.response)).toEqual(naming("effects__add_line", "blocked_tools", "config.yaml", "now"));
  const access = await other.call("get_run", { run_id: runId, view: "access" });
  expect(access.structured.access).toContainEqual({
    tool: "effects__add_line",
    allowed: false,
    rule: naming("config.yaml", "now"),
  });
});

it("a call that only read and was in flight is not made again", async () => {
  const sandbox = await setSandbox([says(call("effects__slow", { ms: 60_000 })), says(text("Stopped."))]);
  const runId = await spawnRun(sandbox.host);
  await until(() => sandbox.slowStages().includes("started"));
  process.kill(sandbox.host.pid, "SIGKILL");
  forbid(sandbox, 'blocked_tools: ["effects__slow"]');
  expect(await endOf(await sandbox.anotherHost(), runId)).toMatchObject({ status: "success" });
  expect(sandbox.slowStages().filter((stage) => stage === "started")).toHaveLength(1);
});

it("a run that is resumed by request, or continued after its success, is refused the call", async () => {
  const sandbox = await setSandbox([
    addLine("one"),
    says(text("Half.")),
    addLine("two"),
    says(text("Whole.")),
    addLine("three"),
    says(text("More.")),
  ]);
  const runId = await spawnRun(sandbox.host, { max_turns: 1 });
  expect(await endOf(sandbox.host, runId)).toMatchObject({ status: "partial" });
  await sandbox.host.close();
  forbid(sandbox);
  const other = await sandbox.anotherHost();
  expect(await resumeToEnd(other, runId, { more_turns: 5 })).toMatchObject({ status: "success", result: "Whole." });
  expect(await resumeToEnd(other, runId, { message: "Once more." })).toMatchObject({ result: "More." });
  expect(sandbox.effects()).toEqual(["one"]);
});

it("an approval that is given afterwards does not make the call", async () => {
  const sandbox = await setSandbox([addLine("asked"), says(text("Stopped."))]);
  const step = {
    name: "only",
    rules: [{ name: "ask", when: 'tool == "effects__add_line"', action: "require_approval" }],
  };
  sandbox.bench.writeHome("workflows/asks.yaml", JSON.stringify({ name: "asks", type: "step", steps: [step] }));
  const runId = await spawnRun(sandbox.host, { workflow: "asks" });
  const { question } = await endOf(sandbox.host, runId);
  await sandbox.host.close();
  forbid(sandbox);
  const other = await sandbox.anotherHost();
  await other.call("respond_to_run", { run_id: runId, question_id: question?.id, approve: true });
  await sandbox.standIn.arrived(2);
  const [refused] = answersIn(sandbox.standIn.requests[1]);
  expect(JSON.stringify(refused?.response)).toEqual(naming("blocked_tools", "config.yaml", "now"));
  expect(sandbox.effects()).toEqual([]);
});

it("grants of afterwards do not count", async () => {
  const sandbox = await killedAt(1, [hang(), addLine("more"), says(text("Stopped."))], { tools: ["read_only"] });
  forbid(sandbox, 'tools: ["*"]');
  expect(await endOf(await sandbox.anotherHost(), sandbox.runId)).toMatchObject({ status: "success" });
  expect(sandbox.effects()).toEqual([]);
});
