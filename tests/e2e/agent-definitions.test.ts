/** What an agent definition says takes effect, field by field and form by form; what stands above it does so too. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import type { Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse } from "../support/rehearsals.js";
import { shareHome } from "../support/shared-home.js";
import { calls, completes, eventsOf, type Led, shareSandbox } from "../support/workflows.js";

const sandbox = shareSandbox('tools: ["effects__echo"]\nlimits: { max_turns: 7 }');

const look = ["effects__read_lines"] as const;
const add = (line: string) => ["effects__add_line", { text: line }] as const;
const refusalsIn = (led: Led) => eventsOf(led, "tool_call_refused").map(({ reason }) => reason);
const finishedIn = (led: Led) => eventsOf(led, "tool_call_finished").map(({ tool }) => tool);

/** For the tests that look at what the model is sent. */
const home = shareHome({ workspace: true });

let count = 0;

/** Writes an agent of the user and returns its name. */
function agent(definition: object): string {
  const name = `a${++count}`;
  sandbox.write(`agents/${name}.yaml`, JSON.stringify(definition));
  return name;
}

function putInHome(bench: Workbench, name: string, content: string): void {
  const file = join(bench.root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** What a definition is refused with. */
async function refusalOf(args: Record<string, unknown>): Promise<string> {
  const { isError, structured } = await sandbox.spawn({ provider: "rehearsal", ...args });
  expect(isError, JSON.stringify(structured)).toBe(true);
  return structured.error.message;
}

describe("tools, blocked_tools and servers", () => {
  it("tools stand above the configuration's, and a caller's above them", async () => {
    const named = agent({ tools: ["effects__read_lines"] });
    const replies = [calls(look, ["effects__echo"], ["effects__fail"]), completes()];
    const own = await sandbox.lead({ workflow: null, replies, args: { agent: named } });
    expect(finishedIn(own)).toEqual(["effects__read_lines", "complete"]);
    expect(refusalsIn(own)[0]).toEqual(naming("effects__echo", /\btools\b/, named));
    const callers = await sandbox.lead({ workflow: null, replies, args: { agent: named, tools: ["effects__fail"] } });
    expect(finishedIn(callers)).toEqual(["effects__fail", "complete"]);
    const configured = await sandbox.lead({ workflow: null, replies, args: { agent: agent({}) } });
    expect(finishedIn(configured)).toEqual(["effects__echo", "complete"]);
  });

  it("blocked_tools win over every grant", async () => {
    const named = agent({ tools: ["*"], blocked_tools: ["add_line"] });
    const replies = [calls(add("blocked by agent"), look), completes()];
    const led = await sandbox.lead({ workflow: null, replies, args: { agent: named, tools: ["*"] } });
    expect(refusalsIn(led)).toEqual([naming("effects__add_line", '"add_line"', "blocked_tools", named)]);
    expect(finishedIn(led)).toEqual(["effects__read_lines", "complete"]);
  });

  it("an agent gets tools of its listed servers only, under any grant", async () => {
    sandbox.bench.write("notes.txt", "Oats.");
    const replies = [calls(look, ["workspace__read_text_file", { path: "notes.txt" }]), completes()];
    const named = agent({ servers: ["workspace"] });
    const led = await sandbox.lead({ workflow: null, replies, args: { agent: named, tools: ["*"] } });
    expect(finishedIn(led)).toEqual(["workspace__read_text_file", "complete"]);
    expect(refusalsIn(led)).toEqual([naming("effects__read_lines")]);
  });
});

describe("workflow and variables", () => {
  it("lead the run, with the agent's variables over the workflow's, and a caller may name another", async () => {
    const own = sandbox.put({
      variables: { who: "nobody", what: "oats" },
      steps: [{ name: "own", instructions: "{{ who }}: {{ what }}" }],
    });
    const other = sandbox.put({ steps: [{ name: "other" }] });
    const named = agent({ workflow: own, variables: { who: "Ada" } });
    const led = await sandbox.lead({ workflow: null, replies: [completes()], args: { agent: named } });
    expect(led.run).toMatchObject({ agent: named, workflow: own, step: "own" });
    expect(led.said).toContainEqual(naming(/^user: /, '"own"', /\nAda: oats$/));
    const elsewhere = await sandbox.lead({
      workflow: null,
      replies: [completes()],
      args: { agent: named, workflow: other },
    });
    expect(elsewhere.run).toMatchObject({ workflow: other, step: "other" });
  });
});

describe("provider, model, limits and output_schema", () => {
  const settings = (name: string) => {
    rehearse(sandbox.bench, name, [{ ...calls(look), repeat: 2 }, completes({ result: name, data: { by: name } })]);
    return { provider: "rehearsal", model: name };
  };
  const schema = (by: string) => ({ type: "object", properties: { by: { const: by } }, required: ["by"] });

  it("stand above the workflow's, under the caller's", async () => {
    const workflow = sandbox.put({
      settings: { ...settings("workflows"), max_turns: 1, output_schema: schema("workflows") },
      steps: [{ name: "only", allowed_tools: ["read_only"] }],
    });
    const tools = ["read_only"];
    const agents = agent({ ...settings("agents"), tools, workflow, max_turns: 3, output_schema: schema("agents") });
    const unlike = agent({ tools, workflow });
    expect((await sandbox.spawn({ agent: agents })).structured).toMatchObject({
      status: "success",
      model: "agents",
      result: "agents",
    });
    expect((await sandbox.spawn({ agent: unlike })).structured).toMatchObject({
      status: "partial",
      model: "workflows",
      turns_used: 1,
    });
    expect((await sandbox.spawn({ agent: agents, max_turns: 2 })).structured).toMatchObject({
      status: "partial",
      turns_used: 2,
    });
    const callers = { ...settings("callers"), output_schema: schema("callers") };
    expect((await sandbox.spawn({ agent: agents, ...callers })).structured).toMatchObject({
      status: "success",
      model: "callers",
      data: { by: "callers" },
    });
  });

  it("timeout_seconds ends its runs, and the caller's in its place", async () => {
    const named = agent({ timeout_seconds: 0.3 });
    const replies = [{ text: "Late.", delay_ms: 1_000 }];
    const led = await sandbox.lead({ workflow: null, replies, args: { agent: named } });
    expect(led.run).toMatchObject({ status: "timeout" });
    const long = await sandbox.lead({ workflow: null, replies, args: { agent: named, timeout_seconds: 20 } });
    expect(long.run).toMatchObject({ status: "success", result: "Late." });
  });

  it("a model without a provider belongs to the provider that is chosen after it", async () => {
    settings("lonely");
    const workflow = sandbox.put({
      settings: { provider: "rehearsal", model: "nothing-such" },
      steps: [{ name: "only" }],
    });
    const named = agent({ model: "lonely", workflow, tools: ["read_only"] });
    expect((await sandbox.spawn({ agent: named })).structured).toMatchObject({ status: "success", model: "lonely" });
  });

  it.each([
    ["an unknown provider", { provider: "gemni" }, /:1:\d+: .*"gemni"/],
    ["an unknown model", { provider: "rehearsal", model: "nothing" }, /:1:\d+: .*"nothing"/],
    ["a schema that is none", { output_schema: { type: "objekt" } }, /:1:\d+: .*output_schema/],
    ["an unknown workflow", { workflow: "plan-exekute" }, /:1:\d+: .*"plan-exekute".*"plan-execute"/],
    ["more money than anybody means", { max_cost_usd: 2_000_000 }, /:1:\d+: .*max_cost_usd/],
    ["an unknown key", { toolz: ["*"] }, /:1:\d+: .*"toolz".*"tools"/],
    ["a tool that is no pattern", { tools: ["Bash(git *)"] }, /:1:\d+: .*Bash\(git \*\)/],
    ["a variable of legwork's", { variables: { agent_depth: 9 } }, /:1:\d+: .*agent_depth/],
    ["another name than the file's", { name: "somebody" }, /:1:\d+: .*"somebody"/],
  ])("%s is refused with its place", async (_what, definition, says_) => {
    const named = agent(definition);
    expect(await refusalOf({ agent: named, ...("provider" in definition ? { provider: undefined } : {}) })).toMatch(
      says_,
    );
  });

  it("max_depth says whether its agents may start others, which the configuration leaves at 1", async () => {
    const replies = [calls(["spawn_agent", { prompt: "go on" }]), completes()];
    const led = async (definition: object) =>
      (await sandbox.lead({ workflow: null, replies, args: { agent: agent(definition) } })).said[1];
    expect(await led({ max_depth: 2 })).toMatch(/^spawn_agent: \{"run_id":"run_/);
    const refusal = naming(/^spawn_agent: /, "max_depth", /\b1\b/);
    expect([await led({ max_depth: 1 }), await led({})]).toEqual([refusal, refusal]);
  });
});

describe("prompt", () => {
  it("is the system prompt, with variables filled in; a caller's stands in its place", async () => {
    const { host, bench } = home;
    const { prompt, requests } = home.play(() => says(text("ok")));
    putInHome(
      bench,
      "home/agents/polite.yaml",
      JSON.stringify({ prompt: "Greet {{ who }}.", variables: { who: "Ada" } }),
    );
    putInHome(
      bench,
      "home/agents/written.md",
      "---\ndescription: d\nvariables: { who: Bob }\n---\n\nYou greet {{ who }}.\n\nTwice.\n",
    );
    const systemOf = async (args: object) => {
      await host.call("spawn_agent", { prompt, wait_seconds: 20, ...args });
      return requests().at(-1)?.body.systemInstruction?.parts[0]?.text ?? "";
    };
    expect(await systemOf({ agent: "polite" })).toMatch(/^Greet Ada\.\n\n/);
    expect(await systemOf({ agent: "polite", variables: { who: "Eve" } })).toMatch(/^Greet Eve\.\n\n/);
    expect(await systemOf({ agent: "polite", system_prompt: "Be brief." })).toMatch(/^Be brief\.\n\n/);
    expect(await systemOf({ agent: "written" })).toMatch(/^You greet Bob\.\n\nTwice\.\n\n/);
  });
});

describe("definitions of other hosts", () => {
  const CLAUDE = `---
name: claude-style
description: Reads: with a colon, which is no YAML
tools: Read, mcp__effects__read_lines, Bash(git add, git commit)
disallowedTools: mcp__effects__fail
model: sonnet
maxTurns: 2
color: blue
---

You are Claude's.
`;

  it("Claude Code's: name, tools, disallowedTools, maxTurns and text count, and a note names the rest", async () => {
    const { host, bench } = home;
    const { prompt, requests } = home.play(() =>
      says(call("effects__read_lines"), call("effects__fail"), call("effects__add_line", { text: "x" })),
    );
    putInHome(bench, ".claude/agents/any-file.md", CLAUDE);
    bench.write("notes.txt", "Oats.");
    const { structured } = await host.call("spawn_agent", { prompt, agent: "claude-style", wait_seconds: 20 });
    expect(structured).toMatchObject({
      status: "partial",
      agent: "claude-style",
      turns_used: 2,
      model: "gemini-3.8-flash",
    });
    expect(requests()[0]?.body.systemInstruction?.parts[0]?.text).toMatch(/^You are Claude's\.\n\n/);
    const offered = requests()[0]?.body.tools?.[0]?.functionDeclarations?.map(({ name }) => name) ?? [];
    expect(offered).toContain("workspace__read_text_file");
    expect(offered).toContain("effects__read_lines");
    expect(offered).not.toContain("effects__fail");
    expect(offered).not.toContain("workspace__write_file");
    const told = structured.notices.join("\n");
    for (const note of [/read.* line/, /\bcolor\b/, /"sonnet"/, /Bash\(git add, git commit\)/])
      expect(told).toMatch(note);
  });

  it("Gemini CLI's: name, tools, model, max_turns, timeout_mins and text count", async () => {
    const { host, bench } = home;
    const { prompt, requests } = home.play(() => says(call("effects__read_lines")));
    const file = (more: string) =>
      `---\nname: gemini-style\nkind: local\ndescription: d\ntools: [mcp_effects_read_lines, read_file]\nmodel: gemini-3-pro\n${more}\n---\nYou are Gemini's.\n`;
    putInHome(bench, ".gemini/agents/g.md", file("max_turns: 1"));
    const { structured } = await host.call("spawn_agent", { prompt, agent: "gemini-style", wait_seconds: 20 });
    expect(structured).toMatchObject({
      status: "partial",
      turns_used: 1,
      model: "gemini-3-pro",
      error: { code: "max_turns" },
    });
    const offered = requests()[0]?.body.tools?.[0]?.functionDeclarations?.map(({ name }) => name) ?? [];
    expect(offered).toEqual(expect.arrayContaining(["effects__read_lines", "workspace__read_text_file"]));
    expect(offered.filter((name) => /write|edit|add|echo/.test(name))).toEqual([]);
    expect(requests()[0]?.body.systemInstruction?.parts[0]?.text).toMatch(/^You are Gemini's\.\n\n/);
    putInHome(bench, ".gemini/agents/g.md", file("timeout_mins: 0.01").replace("local", "remote"));
    const remote = await host.call("spawn_agent", { prompt, agent: "gemini-style" });
    expect(remote.isError).toBe(true);
    putInHome(bench, ".gemini/agents/g.md", file("timeout_mins: 0.00001"));
    const late = await host.call("spawn_agent", { prompt, agent: "gemini-style", wait_seconds: 20 });
    expect(late.structured).toMatchObject({ status: "timeout" });
  });
});
