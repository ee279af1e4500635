/** A host that ends a run by hand: nobody makes a success of a run whose workflow has not come to its end. */
import { expect, it } from "vitest";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { shareSandbox } from "../support/workflows.js";

const sandbox = shareSandbox();

it("a host cannot end a run in success before its workflow allows it, and can afterwards", async () => {
  const workflow = sandbox.put({
    version: 7,
    steps: [
      { name: "look", allowed_tools: ["read_only"], exit_conditions: [{ type: "action_count", min_count: 1 }] },
      { name: "finish", description: "say what you found", allowed_tools: [] },
    ],
  });
  sandbox.write(
    "rehearsals/slow.yaml",
    JSON.stringify({
      replies: [
        {
          calls: [{ tool: "effects__read_lines" }, { tool: "request_step", arguments: { to: "finish" } }],
          delay_ms: 1_000,
        },
        { text: "too late", delay_ms: 60_000 },
      ],
    }),
  );
  const spawned = await sandbox.spawn({ provider: "rehearsal", model: "slow", workflow, wait_seconds: 0 });
  const run_id = spawned.structured.run_id;
  const complete = (status: string) => sandbox.host.call("complete", { run_id, result: "by hand", status });
  const runNow = async () => {
    const { structured } = await sandbox.host.call("get_run", { run_id });
    return structured.run as typeof structured.run & { step: string; workflow_version: string };
  };
  await until(async () => (await runNow()).step === "look");
  const early = await complete("success");
  expect(early.isError).toBe(true);
  expect(early.structured.error.code).toBe("not_done");
  expect(early.structured.error.message).toEqual(naming(/\b0\b/, /\b1\b/));
  expect((await runNow()).status).toBe("running");

  await until(async () => (await runNow()).step === "finish");
  const { said } = await sandbox.told(spawned.structured);
  expect(said).toContainEqual(naming(/^user: /, '"finish"', "say what you found"));
  const late = await complete("success");
  expect(late.isError, late.text).toBe(false);
  expect(await runNow()).toMatchObject({ status: "success", result: "by hand", workflow_version: "7" });
});

it("a host ends a run as partial or blocked at any time", async () => {
  const workflow = sandbox.put({
    steps: [
      { name: "a", allowed_tools: [] },
      { name: "b", allowed_tools: [] },
    ],
  });
  sandbox.write("rehearsals/idle.yaml", JSON.stringify({ replies: [{ text: "too late", delay_ms: 60_000 }] }));
  for (const status of ["partial", "blocked"]) {
    const { structured } = await sandbox.spawn({ provider: "rehearsal", model: "idle", workflow, wait_seconds: 0 });
    const { run_id } = structured;
    await until(async () => (await sandbox.host.call("get_run", { run_id })).structured.run.status === "running");
    const { isError } = await sandbox.host.call("complete", { run_id, result: "by hand", status });
    expect(isError).toBe(false);
    expect((await sandbox.host.call("get_run", { run_id })).structured.run.status).toBe(status);
  }
});
