/** Agents that start agents of their own: what these may do, and what becomes of them. */
import { expect, it } from "vitest";
import { EFFECT_SERVER, until, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";

function nestingBench(depth: number): Workbench {
  const bench = setBench();
  bench.configure(`
limits: { max_depth: ${depth} }
mcpServers:
  effects: { command: ${process.execPath}, args: [${EFFECT_SERVER}], env: { EFFECT_FILE: ${bench.root}/effects.txt } }
  workspace: { disabled: true }`);
  return bench;
}

const spawn = (model: string, more: object = {}) => ({
  tool: "spawn_agent",
  arguments: { prompt: `be ${model}`, provider: "rehearsal", model, ...more },
});

it("an agent starts two of its own, waits for both and uses what they found", async () => {
  const bench = nestingBench(2);
  rehearse(bench, "parent", [
    { calls: [spawn("child"), spawn("child")] },
    { calls: [{ tool: "wait_for_runs" }] },
    { text: "both are done" },
  ]);
  rehearse(bench, "child", [{ calls: [{ tool: "effects__read_lines" }] }, { text: "found" }]);
  const host = await setHost(bench);
  const run = await runScript(host, "parent");
  expect(run).toMatchObject({ status: "success", result: "both are done" });
  const texts = await toolTexts(host, run.run_id);
  expect(JSON.parse(texts[2] ?? "")).toMatchObject({
    pending: [],
    runs: [
      { status: "success", result: "found" },
      { status: "success", result: "found" },
    ],
  });
  const { structured } = await host.call("list_runs", { parent_run_id: run.run_id });
  expect(structured.runs).toHaveLength(2);
});

it("a child may use at most its parent's tools, and go no deeper than max_depth", async () => {
  const bench = nestingBench(2);
  rehearse(bench, "parent", [
    { calls: [spawn("child", { tools: ["effects__add_line"] }), spawn("child", { tools: ["*"] })] },
    { calls: [{ tool: "wait_for_runs" }] },
    { text: "done" },
  ]);
  rehearse(bench, "child", [
    { calls: [{ tool: "effects__add_line", arguments: { text: "x" } }, spawn("child")] },
    { text: "tried" },
  ]);
  const host = await setHost(bench);
  const run = await runScript(host, "parent", { tools: ["read_only"] });
  const [refused] = await toolTexts(host, run.run_id);
  expect(refused).toEqual(naming("tools", '"effects__add_line"'));
  const { structured } = await host.call("list_runs", { parent_run_id: run.run_id });
  expect(structured.runs).toHaveLength(1);
  const inside = await toolTexts(host, structured.runs[0]?.run_id ?? "");
  expect(inside[0]).toEqual(naming("effects__add_line", "spawn_agent"));
  expect(inside[1]).toEqual(naming("max_depth", /\b2\b/));
});

it("cancelling a run cancels the runs that it has started", async () => {
  const bench = nestingBench(3);
  rehearse(bench, "parent", [{ calls: [spawn("middle")] }, { calls: [{ tool: "wait_for_runs" }] }, { text: "done" }]);
  rehearse(bench, "middle", [{ calls: [spawn("leaf")] }, { calls: [{ tool: "wait_for_runs" }] }, { text: "done" }]);
  rehearse(bench, "leaf", [{ delay_ms: 60_000, text: "late" }]);
  const host = await setHost(bench);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model: "parent" }))
    .structured;
  const all = async () => (await host.call("list_runs")).structured.runs;
  await until(async () => (await all()).length === 3);
  await host.call("cancel_run", { run_id });
  expect((await all()).map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
});

it("the next host resumes a tree whose process was killed, and starts no child twice", async () => {
  const bench = nestingBench(2);
  rehearse(bench, "parent", [
    { calls: [spawn("child"), spawn("child"), spawn("child")] },
    { calls: [{ tool: "wait_for_runs" }] },
    { text: "all three" },
  ]);
  rehearse(bench, "child", [{ delay_ms: 2_000, text: "found" }]);
  const host = await setHost(bench);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model: "parent" }))
    .structured;
  await until(async () => (await host.call("list_runs", { parent_run_id: run_id })).structured.runs.length === 3);
  process.kill(host.pid, "SIGKILL");
  const other = await setHost(bench);
  const { structured } = await other.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 30 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "all three" });
  expect((await other.call("list_runs", { parent_run_id: run_id })).structured.runs).toHaveLength(3);
});
