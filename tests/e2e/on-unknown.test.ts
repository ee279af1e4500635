/** What the configuration says of calls whose outcome nobody knows: `on_unknown` and `probe`. */
import { describe, expect, it } from "vitest";
import { call, type Sandbox, says, setSandbox, text } from "../support/agents.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { answerTextIn, endOf, eventTypes, resumeToEnd, spawnRun } from "../support/resuming.js";
import { shareHome } from "../support/shared-home.js";

const CUT = [says(call("effects__slow_add_line", { text: "once", ms: 60_000 })), says(text("I see."))];

/** Kills the first host in the middle of the call and has another one go on. */
async function cutRun({ host, slowStages, anotherHost }: Sandbox, args: Record<string, unknown> = {}) {
  const runId = await spawnRun(host, args);
  await until(() => slowStages().includes("started"));
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  return { other, run: await endOf(other, runId) };
}

const effectsWith = (keys: string) => ({ effectsKeys: keys });

describe("probe", () => {
  it("names the tool to the agent together with the in-doubt call", async () => {
    const sandbox = await setSandbox(CUT, effectsWith('probe: { "slow_*": read_lines }'));
    const { run } = await cutRun(sandbox);
    expect(run).toMatchObject({ status: "success", result: "I see." });
    expect(answerTextIn(sandbox.standIn.requests.at(-1))).toEqual(
      naming("effects__slow_add_line", "effects__read_lines"),
    );
    expect(JSON.stringify(run.warnings)).not.toContain("probe");
  });

  it("names no tool that the agent may not use", async () => {
    const sandbox = await setSandbox(CUT, effectsWith('probe: { "*": effects__read_lines }'));
    await cutRun(sandbox, { blocked_tools: ["effects__read_lines"] });
    const told = answerTextIn(sandbox.standIn.requests.at(-1));
    expect(told).toEqual(naming("effects__slow_add_line", "unknown"));
    expect(told).not.toContain("read_lines");
  });

  it("names no tool that does more than read, and the run warns of it", async () => {
    const sandbox = await setSandbox(CUT, effectsWith('probe: { "*": echo }'));
    const { run } = await cutRun(sandbox);
    expect(answerTextIn(sandbox.standIn.requests.at(-1))).not.toContain("effects__echo");
    expect(run.warnings).toEqual([naming("probe", '"effects"', "effects__echo", "idempotent")]);
  });
});

describe("on_unknown: stop", () => {
  it("ends the run as blocked for its server, and resume_run tells the agent of the in-doubt call", async () => {
    const sandbox = await setSandbox(CUT, { ...effectsWith("on_unknown: stop"), config: "on_unknown: tell" });
    const { other, run } = await cutRun(sandbox);
    expect(run).toMatchObject({ status: "blocked", error: { code: "outcome_unknown" } });
    expect(run.error.message).toContain("effects__slow_add_line");
    expect(sandbox.standIn.requests).toHaveLength(1);
    expect(await resumeToEnd(other, run.run_id)).toMatchObject({ status: "success", result: "I see." });
    expect(answerTextIn(sandbox.standIn.requests[1])).toEqual(naming("effects__slow_add_line", "unknown"));
    expect(sandbox.slowStages()).toEqual(["started"]);
    expect(await eventTypes(other, run.run_id)).toContain("run_resumed");
  });

  it("at the top of the configuration applies to each server without a value of its own", async () => {
    const sandbox = await setSandbox(CUT, { ...effectsWith("on_unknown: tell"), config: "on_unknown: stop" });
    expect((await cutRun(sandbox)).run).toMatchObject({ status: "success", result: "I see." });
  });
});

describe("spawn_agent refuses a configuration that it does not understand, and names the place", () => {
  const home = shareHome(); // it reads a configuration that it has refused once more

  it.each<[string, readonly (string | RegExp)[]]>([
    ["on_unknown: wait", ["config.yaml:1:1:", "on_unknown", "tell", "stop", "ask"]],
    ["resume: never", ["config.yaml:1:1:", "resume", "auto", "manual"]],
    [
      "mcpServers:\n  a: { command: x, on_unknown: no }",
      ["config.yaml:2:20:", "mcpServers.a.on_unknown", "tell", "stop", "ask"],
    ],
    [
      'mcpServers:\n  a: { command: x, probe: { "*": "read_*" } }',
      [/config\.yaml:2:\d+:/, "mcpServers.a.probe", '"*"'],
    ],
    ["mcpServers:\n  a: { command: x, probe: read }", ["config.yaml:2:20:", "mcpServers.a.probe"]],
  ])("%s", async (config, facts) => {
    home.bench.configure(config);
    const { isError, structured } = await home.host.call("spawn_agent", { prompt: "go" });
    expect(isError).toBe(true);
    expect(structured.error).toMatchObject({ code: "configuration", message: naming(...facts) });
  });
});
