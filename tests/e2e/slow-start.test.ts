/** A server whose start takes longer than a run waits, from the wire. */
import { expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { HOSTILE_SERVER, rehearse, setBench, setHost } from "../support/rehearsals.js";

it("a server that is up after more than 10 s joins the run, a message tells the agent, and blocks hold for its tools", {
  timeout: 90_000,
}, async () => {
  const bench = setBench();
  const slow = { command: process.execPath, args: [HOSTILE_SERVER, "slow-start", "14000"] };
  bench.configure(`mcpServers: ${JSON.stringify({ slow })}\n`);
  const look = [{ tool: "workspace__list_directory", arguments: { path: "." } }];
  rehearse(bench, "patient", [
    { text: "I look around.", calls: look, delay_ms: 8_000 },
    { text: "Now it is there.", calls: [{ tool: "slow__plain", arguments: {} }] },
    { text: "done" },
  ]);
  bench.write("../.claude/agents/kept.md", "---\nname: kept\ndisallowedTools: slow__plain\n---\nDo it.");
  const host = await setHost(bench);
  const ask = { prompt: "go", provider: "rehearsal", model: "patient", tools: ["workspace__*", "slow__*"] };
  const run = (await host.call("spawn_agent", ask)).structured;
  const kept = (await host.call("spawn_agent", { ...ask, agent: "kept" })).structured;
  const events = async ({ run_id } = run) =>
    (await host.call("get_run", { run_id, view: "events", limit: 200 })).structured.events;
  await until(async () => (await events()).some(({ type }) => type === "turn_started"));
  const { structured } = await host.call("list_agents", { server: "slow" });
  expect(structured).toMatchObject({ server: { state: "starting", problem: null } });
  await host.call("wait_for_runs", { run_ids: [run.run_id, kept.run_id], wait_seconds: 50 });
  const seen = await events();
  const messages = seen.flatMap(({ type, text }) => (type === "message_injected" ? [text] : []));
  expect(messages).toEqual([naming('"slow"', "starting"), naming("slow__plain")]);
  expect(seen).toContainEqual(
    expect.objectContaining({ type: "tool_call_finished", tool: "slow__plain", is_error: false }),
  );
  const ofKept = await events(kept);
  expect(ofKept).toContainEqual(
    expect.objectContaining({
      type: "tools_resolved",
      warnings: expect.arrayContaining([naming("slow__plain", "yet")]),
    }),
  );
  expect(ofKept).toContainEqual(
    expect.objectContaining({
      type: "tool_call_refused",
      tool: "slow__plain",
      reason: naming("blocked_tools", "kept"),
    }),
  );
});

it("a start that goes on is no fault to the doctor, and start_timeout_seconds ends it", {
  timeout: 90_000,
}, async () => {
  const bench = setBench();
  const silent = { command: process.execPath, args: [HOSTILE_SERVER, "silent"] };
  bench.configure(`mcpServers: ${JSON.stringify({ silent, short: { ...silent, start_timeout_seconds: 1 } })}\n`);
  const { stdout, code } = await legwork(bench, ["doctor", "--json"]);
  const { findings } = JSON.parse(stdout) as { findings: readonly { area: string; level: string; message: string }[] };
  const servers = findings.filter(({ area }) => area === "server");
  expect(servers).toContainEqual({ area: "server", level: "warning", message: naming("silent", "starting", "60 s") });
  expect(servers).toContainEqual({ area: "server", level: "fault", message: naming('"short"', "1 s") });
  expect(code).toBe(1);
});
