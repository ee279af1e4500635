/** Agents and workflows that come with a project: left out until they are trusted, and then they only narrow. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork } from "../support/command.js";
import type { TestHost, Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { effectServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";
import { calls, completes, eventsOf, tell } from "../support/workflows.js";

const WIDE_AGENT = JSON.stringify({ description: "Wants all.", tools: ["*"] });
const WIDE_WORKFLOW = JSON.stringify({ steps: [{ name: "only", allowed_tools: ["effects__*"] }] });

/** The counted server only. */
const serversOf = (bench: Workbench) =>
  `mcpServers: { effects: ${effectServer({ EFFECT_FILE: join(bench.root, "effects.txt") })}, workspace: { disabled: true } }\n`;

/** A bench with the counted server and a script that reads and writes; the user grants what `tools` says. */
async function setProject(files: Readonly<Record<string, string>>, tools: string | null = null) {
  const bench = setBench();
  const granted = tools === null ? "" : `tools: ${tools}\n`;
  bench.configure(`${serversOf(bench)}${granted}`);
  for (const [name, content] of Object.entries(files)) bench.write(name, content);
  rehearse(bench, "both", [calls(["effects__read_lines"], ["effects__add_line", { text: "x" }]), completes()]);
  return { bench, host: await setHost(bench) };
}

async function trust(bench: Workbench) {
  expect(await legwork(bench, ["trust"])).toMatchObject({ code: 0, stderr: "" });
}

async function playBoth(host: TestHost, args: Record<string, unknown>) {
  const run = await runScript(host, "both", args);
  const led = await tell(host, run);
  return { run, refusals: eventsOf(led, "tool_call_refused").map(({ reason }) => String(reason)) };
}

async function refusalOf(host: TestHost, args: Record<string, unknown>) {
  const { isError, structured } = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", ...args });
  expect(isError).toBe(true);
  expect((await host.call("list_runs", { scope: "all" })).structured.runs).toEqual([]);
  return structured.error;
}

describe("a project's definitions that are not trusted", () => {
  it("are unknown, and the refusal names the command that trusts them", async () => {
    const { bench, host } = await setProject({
      ".legwork/agents/mine.yaml": WIDE_AGENT,
      ".claude/agents/theirs.md": "---\nname: theirs\ndescription: d\n---\nHello.\n",
      ".legwork/workflows/steps.yaml": WIDE_WORKFLOW,
    });
    const how = naming(/^.*\b3\b/, "trusted", "legwork.js trust", bench.project);
    for (const [args, code] of [
      [{ agent: "mine" }, "unknown_agent"],
      [{ agent: "theirs" }, "unknown_agent"],
      [{ workflow: "steps" }, "unknown_workflow"],
    ] as const) {
      const error = await refusalOf(host, args);
      expect(error.code).toBe(code);
      expect(error.message).toEqual(how);
    }
    const { run } = await playBoth(host, {});
    expect(run.notices).toEqual([how]);
  });

  it("count after `legwork trust`, and a changed one is left out again, alone", async () => {
    const { bench, host } = await setProject({
      ".legwork/agents/mine.yaml": WIDE_AGENT,
      ".legwork/workflows/steps.yaml": WIDE_WORKFLOW,
    });
    await trust(bench);
    const { run } = await playBoth(host, { agent: "mine", workflow: "steps" });
    expect(run).toMatchObject({ status: "success", agent: "mine", workflow: "steps" });
    expect(run).not.toHaveProperty("notices");
    bench.write(".legwork/agents/mine.yaml", `${WIDE_AGENT}\n# changed\n`);
    const changed = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", agent: "mine" });
    expect(changed.structured.error.message).toEqual(naming(/\b1\b/, "trusted", "legwork.js trust"));
    const still = await playBoth(host, { workflow: "steps" });
    expect(still.run).toMatchObject({ status: "success", workflow: "steps" });
    await trust(bench);
    expect((await playBoth(host, { agent: "mine" })).run).toMatchObject({ agent: "mine" });
  });
});

describe("a project's definitions that are trusted", () => {
  const files = { ".legwork/agents/wide.yaml": WIDE_AGENT, ".legwork/workflows/wide.yaml": WIDE_WORKFLOW };

  it("grant nothing that the user does not", async () => {
    const { bench, host } = await setProject(files);
    await trust(bench);
    for (const args of [{ agent: "wide" }, { workflow: "wide" }, { agent: "wide", workflow: "wide" }]) {
      const { refusals } = await playBoth(host, args);
      expect(refusals, JSON.stringify(args)).toEqual([naming("effects__add_line", "policy")]);
    }
  });

  it("grant within the user's configuration, or within what the caller grants", async () => {
    const { bench, host } = await setProject(
      { ...files, ".legwork/agents/narrow.yaml": JSON.stringify({ tools: ["effects__read_lines"] }) },
      '["effects__*"]',
    );
    await trust(bench);
    for (const args of [{ agent: "wide" }, { workflow: "wide" }])
      expect((await playBoth(host, args)).refusals).toEqual([]);
    for (const args of [{ agent: "narrow" }, { agent: "narrow", tools: ["*"] }])
      expect((await playBoth(host, args)).refusals).toEqual([naming("effects__add_line", /\btools\b/, "narrow")]);
    expect((await playBoth(host, { agent: "wide", tools: ["effects__read_lines"] })).refusals).toEqual([
      naming("effects__add_line", /\btools\b/, "spawn_agent"),
    ]);
    const blocked = await playBoth(host, { workflow: "wide", tools: ["effects__read_lines"] });
    expect(blocked.refusals).toHaveLength(1);
  });

  it("may spend less than the user's configuration says, and not more", async () => {
    const { bench, host } = await setProject({
      ".legwork/agents/wide.yaml": JSON.stringify({ max_cost_usd: 9 }),
      ".legwork/agents/thrifty.yaml": JSON.stringify({ max_cost_usd: 1 }),
      ".legwork/workflows/wide.yaml": JSON.stringify({ settings: { max_cost_usd: 9 }, steps: [{ name: "only" }] }),
    });
    const prices = "prices: { rehearsal: { pays: { input: 1000000, output: 0 } } }\n";
    bench.configure(`${serversOf(bench)}limits: { max_cost_usd: 2 }\n${prices}`);
    const looks = calls(["effects__read_lines"]);
    rehearse(bench, "pays", [{ ...looks, usage: { input: 1, output: 0 }, repeat: 4 }, { text: "done" }]);
    await trust(bench);
    for (const [args, most] of [
      [{ agent: "wide" }, 2],
      [{ workflow: "wide" }, 2],
      [{ agent: "thrifty" }, 1],
      [{ agent: "wide", max_cost_usd: 3 }, 3],
    ] as const) {
      const { error } = await runScript(host, "pays", args);
      const spentAndLimit = new RegExp(`\\b${most} USD\\b.*\\b${most} USD\\b`);
      expect(error, JSON.stringify(args)).toMatchObject({ code: "max_cost_usd", message: naming(spentAndLimit) });
    }
  });

  it("that a user's workflow extends grant nothing through it either", async () => {
    const { bench, host } = await setProject(files);
    await trust(bench);
    const file = join(bench.home, "workflows", "child.yaml");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "extends: wide\n");
    expect((await playBoth(host, { workflow: "child" })).refusals).toEqual([naming("effects__add_line", "policy")]);
  });

  it("that hide the general agent are named in a notice", async () => {
    const { bench, host } = await setProject({
      ".legwork/agents/default.yaml": JSON.stringify({ description: "Mine." }),
    });
    await trust(bench);
    const { run } = await playBoth(host, {});
    expect(run.notices).toEqual([naming(join(bench.project, ".legwork/agents/default.yaml"))]);
  });

  it("that hide a user's or a shipped one are named in a notice", async () => {
    const { bench, host } = await setProject({
      ".legwork/agents/summarizer.yaml": JSON.stringify({ description: "Mine." }),
      ".legwork/agents/helper.yaml": JSON.stringify({ description: "Mine." }),
      ".legwork/workflows/plan-execute.yaml": WIDE_WORKFLOW,
    });
    mkdirSync(join(bench.home, "agents"), { recursive: true });
    writeFileSync(join(bench.home, "agents", "helper.yaml"), JSON.stringify({ description: "The user's." }));
    await trust(bench);
    for (const [args, mine, hidden] of [
      [{ agent: "summarizer" }, "agents/summarizer.yaml", /workflows\/agents\/summarizer\.md$/],
      [{ agent: "helper" }, "agents/helper.yaml", /home\/agents\/helper\.yaml$/],
      [{ workflow: "plan-execute" }, "workflows/plan-execute.yaml", /workflows\/plan-execute\.yaml$/],
    ] as const) {
      const { run } = await playBoth(host, args);
      expect(run.notices).toHaveLength(1);
      expect(run.notices[0]).toContain(join(bench.project, ".legwork", mine));
      expect(run.notices[0]).toMatch(hidden);
    }
  });
});
