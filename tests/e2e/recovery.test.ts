/** Runs that outlive their process: what the next one does with what was finished, begun and not begun. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { type Structured, type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";

async function spawn(host: TestHost, args: Record<string, unknown> = {}): Promise<string> {
  return (await host.call("spawn_agent", { prompt: "go", tools: ["*"], ...args })).structured.run_id;
}

async function ended(host: TestHost, runId: string): Promise<Structured["runs"][number]> {
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 20 });
  const [run] = structured.runs;
  if (!run) throw new Error(`no answer about ${runId}`);
  return run;
}

async function eventTypes(host: TestHost, runId: string): Promise<readonly string[]> {
  const { structured } = await host.call("get_run", { run_id: runId, view: "events", limit: 100 });
  return structured.events.map(({ type }) => type);
}

it("after kill -9 during a model request the next process repeats the request byte for byte", async () => {
  const { host, standIn, effects, anotherHost } = await setSandbox([
    says(text("First a line."), call("effects__add_line", { text: "x" })),
    hang(),
    says(text("All done.")),
  ]);
  const runId = await spawn(host);
  const cut = await standIn.arrived(2);
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  expect(await ended(other, runId)).toMatchObject({ status: "success", result: "All done.", turns_used: 2 });
  expect(standIn.requests).toHaveLength(3);
  expect(standIn.requests[2]?.body).toEqual(cut.body);
  expect(effects()).toEqual(["x"]);
  expect(await eventTypes(other, runId)).toEqual(expect.arrayContaining(["run_interrupted", "run_resumed"]));
});

it("after kill -9 during a call that changes something the next process does not repeat it, and tells the agent", async () => {
  const { host, standIn, effects, slowStages, anotherHost } = await setSandbox([
    says(call("effects__slow_add_line", { text: "once", ms: 60_000 }), call("effects__add_line", { text: "after" })),
    says(text("I looked.")),
  ]);
  const runId = await spawn(host);
  await until(() => slowStages().includes("started"));
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  const run = await ended(other, runId);
  expect(run).toMatchObject({ status: "success", result: "I looked." });
  expect(run.effects).toMatchObject([
    { tool: "effects__slow_add_line", outcome: "unknown" },
    { tool: "effects__add_line", outcome: "done" },
  ]);
  expect(slowStages().filter((stage) => stage === "started")).toHaveLength(1);
  expect(effects()).toEqual(["after"]);
  const [unknown, after] = answersIn(standIn.requests.at(-1));
  expect(JSON.stringify(unknown)).toEqual(naming("effects__slow_add_line", "unknown"));
  expect(JSON.stringify(unknown)).toContain('\\"text\\":\\"once\\"');
  expect(JSON.stringify(after)).toContain("added after");
});

it("after kill -9 during a call that only reads the next process repeats it, and the agent notices nothing", async () => {
  const { host, standIn, slowStages, anotherHost } = await setSandbox([
    says(call("effects__slow", { ms: 3_000 })),
    says(text("Read.")),
  ]);
  const runId = await spawn(host);
  await until(() => slowStages().includes("started"));
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  expect(await ended(other, runId)).toMatchObject({ status: "success", result: "Read." });
  expect(slowStages().filter((stage) => stage === "started")).toHaveLength(2);
  expect(JSON.stringify(answersIn(standIn.requests.at(-1)))).not.toContain("unknown");
});

it("an open process resumes the runs of a host that was closed properly, without being asked", async () => {
  const { host, slowStages, anotherHost } = await setSandbox([
    says(call("effects__slow", { ms: 2_000 })),
    says(text("Went on.")),
  ]);
  const runId = await spawn(host);
  const other = await anotherHost();
  await other.call("list_runs");
  await until(() => slowStages().includes("started"));
  await host.close();
  expect(await ended(other, runId)).toMatchObject({ status: "success", result: "Went on." });
});

it("a host that calls nothing resumes interrupted runs 10 s after its greeting, and not before", async () => {
  const { host, standIn, anotherHost, slowStages } = await setSandbox([
    says(call("effects__slow", { ms: 500 })),
    hang(),
    says(text("Found it.")),
  ]);
  await spawn(host);
  await standIn.arrived(2);
  process.kill(host.pid, "SIGKILL");
  const begun = Date.now();
  await anotherHost();
  await until(() => standIn.requests.length === 3);
  expect(Date.now() - begun).toBeGreaterThan(9_000);
  expect(slowStages()).toEqual(["started", "finished"]);
}, 40_000);

it("legwork gives up a run that takes its process down each time after three more attempts", async () => {
  const { host, standIn, anotherHost } = await setSandbox(() => hang());
  const runId = await spawn(host);
  let current = host;
  for (const attempt of [1, 2, 3, 4]) {
    await standIn.arrived(attempt);
    process.kill(current.pid, "SIGKILL");
    current = await anotherHost();
    await current.call("list_runs");
  }
  const run = await ended(current, runId);
  expect(run).toMatchObject({ status: "error", error: { code: "recovery_exhausted" } });
  expect(standIn.requests).toHaveLength(4);
}, 40_000);
