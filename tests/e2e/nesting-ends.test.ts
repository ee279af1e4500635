/** How trees of runs end: with their root, whoever ends it and why, and never by waiting for each other. */
import { expect, it } from "vitest";
import { answersIn, call, says, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { type RunAnswer, type TestHost, until, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";
import { shareHome } from "../support/shared-home.js";

const spawn = (model: string, more: object = {}) => ({
  tool: "spawn_agent",
  arguments: { prompt: `be ${model}`, model, ...more },
});
const wait = { tool: "wait_for_runs" };

/** Trees of three, one below the other, of which the last is at work for a minute. */
function putTree(bench: Workbench): void {
  rehearse(bench, "top", [{ calls: [spawn("middle"), wait] }, { text: "done" }]);
  rehearse(bench, "middle", [{ calls: [spawn("leaf"), wait] }, { text: "done" }]);
  rehearse(bench, "leaf", [{ delay_ms: 60_000, text: "late" }]);
}

/** For the tests that close nothing. */
const home = shareHome({ config: "limits: { max_depth: 3 }", before: putTree });

/** A home of its own for one test. */
async function setTree(slots = 8) {
  const bench = setBench();
  bench.configure(`
limits: { max_depth: 3, max_concurrent_runs: ${slots} }
mcpServers: { workspace: { disabled: true } }`);
  putTree(bench);
  return { bench, host: await setHost(bench) };
}

async function begin(host: TestHost, model: string, args: object = {}): Promise<string> {
  return (await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model, ...args })).structured.run_id;
}

/** The runs of a tree, the oldest first. */
async function treeOf(host: TestHost, rootId: string) {
  const { runs } = (await host.call("list_runs", { limit: 100 })).structured;
  const tree = new Set([rootId]);
  const isBelow = (run: RunAnswer) => tree.has(Reflect.get(run, "parent_run_id") ?? "");
  const found = runs.toReversed().filter((run) => tree.has(run.run_id) || (isBelow(run) && tree.add(run.run_id)));
  return found.map(({ status, error }) => [status, error?.code ?? null]);
}

const working = async (host: TestHost, rootId: string, count: number) =>
  until(async () => (await treeOf(host, rootId)).filter(([status]) => status === "running").length === count);

it("a run whose time is up ends the runs that it started", async () => {
  const { bench, host } = home;
  rehearse(bench, "slow", [{ calls: [spawn("leaf")] }, { delay_ms: 60_000, text: "late" }]);
  const run = await runScript(host, "slow", { timeout_seconds: 3 });
  expect(run.status).toBe("timeout");
  const [root, child] = await treeOf(host, run.run_id);
  expect(root).toEqual(["timeout", "timeout"]);
  // The child has what was left of that, in whole seconds: its own time is up first, or its parent's.
  expect(["timeout", "cancelled"]).toContain(child?.[0]);
});

it("a run that waits has time left to finish when the time of its own runs is up", async () => {
  const { host } = home;
  const run = await runScript(host, "top", { timeout_seconds: 5 });
  expect(run).toMatchObject({ status: "success", result: "done" });
  expect((await toolTexts(host, run.run_id))[1]).toMatch(/"status":"(success|timeout)"/);
});

it("a root that ends without waiting ends the runs that it started", async () => {
  const { bench, host } = home;
  rehearse(bench, "hasty", [{ calls: [spawn("leaf")] }, { text: "I did not wait" }]);
  const { run_id } = await runScript(host, "hasty");
  expect(await treeOf(host, run_id)).toEqual([
    ["success", null],
    ["cancelled", "parent_ended"],
  ]);
});

it("cancel_run on a run in the middle ends the runs below it, and the run above continues", async () => {
  const { host } = home;
  const runId = await begin(host, "top");
  await working(host, runId, 3);
  const [, middle] = (await host.call("list_runs")).structured.runs;
  await host.call("cancel_run", { run_id: middle?.run_id, reason: "not needed" });
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 30 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "done" });
  expect((await treeOf(host, runId)).map(([status]) => status)).toEqual(["success", "cancelled", "cancelled"]);
  expect((await toolTexts(host, runId))[1]).toContain('"status":"cancelled"');
});

it("an agent cancels one of its runs and all below it, with a reason", async () => {
  let leafIsAtWork = () => {};
  const atWork = new Promise<void>((settle) => {
    leafIsAtWork = settle;
  });
  const { host } = home;
  home.play(async (_n, body) => {
    const prompt = JSON.stringify(body.contents?.[0]);
    const [answer] = answersIn({ body });
    if (prompt.includes("be the leaf")) {
      leafIsAtWork();
      return hang();
    }
    if (prompt.includes("be the middle")) return answer ? hang() : says(call("spawn_agent", { prompt: "be the leaf" }));
    if (!answer) return says(call("spawn_agent", { prompt: "be the middle" }));
    if (answer.name === "cancel_run") return says(text("stopped"));
    await atWork;
    const [, runId] = /(run_[0-9a-z]{20,})/.exec(JSON.stringify(answer.response)) ?? [];
    return says(call("cancel_run", { run_id: runId, reason: "too slow" }));
  }, "be the ");
  const { structured } = await host.call("spawn_agent", { prompt: "be the top", wait_seconds: 30 });
  expect(structured).toMatchObject({ status: "success", result: "stopped" });
  expect(await treeOf(host, structured.run_id)).toEqual([
    ["success", null],
    ["cancelled", "cancelled"],
    ["cancelled", "parent_ended"],
  ]);
  const { runs } = (await host.call("list_runs")).structured;
  expect(runs[1]?.error.message).toEqual(naming("run", "too slow"));
});

it("another process cancels the root: the whole tree is cancelled at once, and its owner stops", async () => {
  const { host } = home;
  const runId = await begin(host, "top");
  await working(host, runId, 3);
  const other = await home.open();
  await other.call("cancel_run", { run_id: runId });
  expect((await treeOf(other, runId)).map(([status]) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 30 });
  expect(structured.runs[0]?.status).toBe("cancelled");
});

it("eight parents that wait for their own runs in one slot all end", async () => {
  const { bench, host } = await setTree(1);
  rehearse(bench, "parent", [{ calls: [spawn("brief"), spawn("brief"), wait] }, { text: "both" }]);
  rehearse(bench, "brief", [{ delay_ms: 100, text: "found" }]);
  const ids = await Promise.all(Array.from({ length: 8 }, () => begin(host, "parent")));
  const { structured } = await host.call("wait_for_runs", { run_ids: ids, wait_seconds: 50 }, { timeout: 60_000 });
  expect(structured.runs.map(({ status, result }) => [status, result])).toEqual(ids.map(() => ["success", "both"]));
});

it("a child asks a person while its parent waits for it", async () => {
  const { bench, host } = home;
  rehearse(bench, "parent", [{ calls: [spawn("asks"), wait] }, { text: "thanks" }]);
  rehearse(bench, "asks", [
    { calls: [{ tool: "ask", arguments: { question: "Red or blue?" } }] },
    { text: "so be it" },
  ]);
  const runId = await begin(host, "parent");
  const child = await until(async () => {
    const { runs } = (await host.call("list_runs", { parent_run_id: runId })).structured;
    return runs.find(({ status }) => status === "waiting");
  });
  expect((await host.call("get_run", { run_id: runId })).structured.run.status).toBe("running");
  await host.call("respond_to_run", { run_id: child.run_id, answer: "blue" });
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 30 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "thanks" });
  expect((await toolTexts(host, child.run_id))[0]).toContain("blue");
  expect((await toolTexts(host, runId))[1]).toContain('"result":"so be it"');
});

it("the next host resumes the whole tree of a host that was closed", async () => {
  const { bench, host } = await setTree();
  rehearse(bench, "leaf", [{ delay_ms: 1_500, text: "found" }]);
  const runId = await begin(host, "top");
  await working(host, runId, 3);
  await host.close();
  const other = await setHost(bench);
  const { structured } = await other.call("wait_for_runs", { run_ids: [runId], wait_seconds: 40 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "done" });
  expect(await treeOf(other, runId)).toEqual([
    ["success", null],
    ["success", null],
    ["success", null],
  ]);
});
