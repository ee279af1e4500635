/** Agent definitions: legwork's own, and those of other hosts. */
import { describe, expect, it } from "vitest";
import { definitionsIn, faultOf, NO_SETTINGS, writeFiles } from "../../support/definitions.js";
import { mentions } from "../../support/mentions.js";

function agent(name: string, files: Readonly<Record<string, string | Uint8Array>>) {
  const found = definitionsIn(writeFiles(files)).agent(name);
  if (!found) throw new Error("there is no such agent");
  return found.definition;
}

const OWN = "project/.legwork/agents";
const CLAUDE = "user/.claude/agents";
const GEMINI = "user/.gemini/agents";

const FIELDS = `name: a
description: Does it
provider: gemini
model: gemini-x
effort: high
temperature: 0.5
max_output_tokens: 4096
tools: [workspace__*, read_only]
blocked_tools: [workspace__write_file]
servers: [workspace]
workflow: w
variables: {topic: tea}
max_turns: 7
timeout_seconds: 90.5
max_cost_usd: 0.5
max_tokens: 90000
max_depth: 2
output_schema: {type: object}
`;

describe("legwork's own definition", () => {
  it.each([
    ["YAML", "a.yaml", `${FIELDS}prompt: Be brief\n`],
    ["YAML by its other ending", "a.yml", `${FIELDS}prompt: Be brief\n`],
    ["Markdown", "a.md", `---\n${FIELDS}---\n\nBe brief\n`],
    ["Markdown with a prompt above", "a.md", `---\n${FIELDS}prompt: Be brief\n---\n`],
    ["Markdown of Windows", "a.md", `\uFEFF---\n${FIELDS}---\nBe brief\n`.replaceAll("\n", "\r\n")],
  ])("passes each field to the agent from %s", (_, file, text) => {
    const files = { [`${OWN}/${file}`]: text, "shipped/w.yaml": "steps: [{name: a}]" };
    expect(agent("a", files)).toEqual({
      name: "a",
      from: expect.stringContaining(`${OWN}/${file}`),
      origin: "project",
      isImported: false,
      description: "Does it",
      prompt: "Be brief",
      provider: "gemini",
      model: "gemini-x",
      effort: "high",
      temperature: 0.5,
      maxOutputTokens: 4096,
      tools: ["workspace__*", "read_only"],
      blockedTools: ["workspace__write_file"],
      servers: ["workspace"],
      workflow: "w",
      variables: { topic: "tea" },
      maxTurns: 7,
      timeoutSeconds: 90.5,
      maxCostUsd: 0.5,
      maxTokens: 90000,
      maxDepth: 2,
      outputSchema: { type: "object" },
      notes: [],
    });
  });

  it("needs no field", () => {
    expect(agent("a", { [`${OWN}/a.yaml`]: "" })).toMatchObject(NO_SETTINGS);
    expect(agent("a", { [`${OWN}/a.md`]: "---\n---\nA prompt" })).toMatchObject({ ...NO_SETTINGS, prompt: "A prompt" });
  });

  it("keeps the text under the front matter as it is", () => {
    const body = "# Title\n\n---\n\nname: not a field {{ braces }}\n---";
    expect(agent("a", { [`${OWN}/a.md`]: `---\nmax_turns: 3\n---\n${body}\n\n` }).prompt).toBe(body);
  });

  it.each([
    ["a misspelt key", "a.yaml", "tols: []", ["a.yaml:1:1", "tols", "tools"]],
    ["a misspelt key in Markdown", "a.md", "---\nname: a\ntols: []\n---\n", ["a.md:3:1", "tols", "tools"]],
    ["another host's key", "a.md", "---\nmaxTurns: 3\n---\n", ["a.md:2:1", "maxTurns", "max_turns"]],
    ["another name", "a.yaml", "name: b", ["a.yaml:1:1", "name", '"b"', "a"]],
    ["two prompts", "a.md", "---\nprompt: x\n---\ny", ["a.md:2:1", "front matter"]],
    ["tools that are no list", "a.yaml", "tools: workspace__*", ["a.yaml:1:1", "tools", "array"]],
    ["a pattern that is none", "a.yaml", "tools:\n  - a\n  - b c", ["a.yaml:3:5", "tools.1", "b c", "pattern"]],
    ["no turns", "a.yaml", "max_turns: 0", ["a.yaml:1:1", "max_turns", " 1"]],
    ["endless time", "a.yaml", "timeout_seconds: 1e9", ["a.yaml:1:1", "timeout_seconds", " 604800"]],
    ["no money", "a.yaml", "max_cost_usd: -1", ["a.yaml:1:1", "max_cost_usd", " 0"]],
    ["a workflow that is not there", "a.yaml", "tools: []\nworkflow: plan", ["a.yaml:2:1", "workflow", "plan", "plam"]],
    ["a workflow with a path", "a.yaml", "workflow: ../w", ["a.yaml:1:1", "workflow", "name"]],
    ["no front matter", "a.md", "Be brief", ["a.md:1:1", '"---"']],
    ["front matter without end", "a.md", "---\nname: a\n", ["a.md:1:1", "front matter"]],
    ["front matter that is a list", "a.md", "---\n- a\n---\n", ["a.md:2:1", "map"]],
    ["bad YAML", "a.md", "---\nname: [\n---\n", ["a.md:3:1", "YAML"]],
    ["code for front matter", "a.md", "---js\n{}\n---\n", ["a.md:1:1", '"---"']],
    ["a variable of legwork's", "a.yaml", "variables: {agent_depth: 1}", ["a.yaml:1:13", "variables.agent_depth"]],
  ])("is refused with %s", (_, file, text, expected) => {
    const files = { [`${OWN}/${file}`]: text, "shipped/plam.yaml": "steps: [{name: a}]" };
    expect(faultOf(() => agent("a", files))).toMatch(mentions(...expected));
  });

  it("is refused where two files have one name", () => {
    const files = { [`${OWN}/a.yaml`]: "", [`${OWN}/a.md`]: "---\n---\n" };
    expect(faultOf(() => agent("a", files))).toMatch(mentions("a.md", "a.yaml", "name"));
  });
});

describe("a definition of Claude Code", () => {
  it("is read field by field", () => {
    const text = `---
name: code-reviewer
description: Reviews
tools: Read, Grep, mcp__github__*
disallowedTools: [Write, Edit]
maxTurns: "12"
---
You review.
`;
    expect(agent("code-reviewer", { [`${CLAUDE}/any.md`]: text })).toEqual({
      ...NO_SETTINGS,
      name: "code-reviewer",
      from: expect.stringContaining("any.md"),
      origin: "user",
      isImported: true,
      description: "Reviews",
      prompt: "You review.",
      tools: ["Read", "Grep", "mcp__github__*"],
      blockedTools: ["Write", "Edit"],
      maxTurns: 12,
    });
  });

  it("reports each field that legwork cannot use", () => {
    const text = `---
name: a
model: sonnet
effort: high
color: red
permissionMode: plan
tools: Read, Bash(git add, git commit), Task
disallowedTools: Bash(rm:*), Write
---
`;
    expect(agent("a", { [`${CLAUDE}/a.md`]: text })).toMatchObject({
      model: "sonnet",
      effort: "high",
      provider: null,
      tools: ["Read", "Task"],
      blockedTools: ["Bash", "Write"],
      notes: [
        expect.stringMatching(mentions("color", "permissionMode")),
        expect.stringMatching(mentions("tools", "Bash(git add, git commit)", "arguments")),
        expect.stringMatching(mentions("disallowedTools", "Bash(rm:*)", "Bash", "arguments")),
      ],
    });
  });

  it("is read line by line where it is not valid YAML", () => {
    const text = `---
name: a
description: Use this: when <example>user: "x" assistant: "y"</example>
tools: Read, Write
---
Go.
`;
    expect(agent("a", { [`${CLAUDE}/a.md`]: text })).toMatchObject({
      description: 'Use this: when <example>user: "x" assistant: "y"</example>',
      tools: ["Read", "Write"],
      prompt: "Go.",
      notes: [expect.stringMatching(mentions("YAML"))],
    });
  });

  it("grants all tools, or none, as it states", () => {
    expect(agent("a", { [`${CLAUDE}/a.md`]: "---\nname: a\n---\n" }).tools).toBeNull();
    expect(agent("a", { [`${CLAUDE}/a.md`]: "---\nname: a\ntools: []\n---\n" }).tools).toEqual([]);
    expect(agent("a", { [`${CLAUDE}/a.md`]: "---\nname: a\ntools: Bash(ls)\n---\n" }).tools).toEqual([]);
  });

  it("is read in bounded time, also with odd contents", () => {
    const start = performance.now();
    const text = `---\nname: a\ntools: "${"(".repeat(900_000)}"\n---\n`;
    expect(agent("a", { [`${CLAUDE}/a.md`]: text }).tools).toEqual([]);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it.each([
    ["no name", "---\ndescription: x\n---\n", ["a.md:1:1", "name"]],
    ["a name of signs alone", "---\nname: '[..]'\n---\n", ["a.md:2:1", "name"]],
    [
      "blocks that are no names",
      "---\nname: a\ndisallowedTools: {a: 1}\n---\n",
      ["a.md:3:1", "disallowedTools", "commas"],
    ],
    ["a pattern that cannot be forbidden", "---\nname: a\ndisallowedTools: ['(x)']\n---\n", ["a.md:3:1", "(x)"]],
  ])("is refused with %s", (_, text, expected) => {
    expect(faultOf(() => agent("a", { [`${CLAUDE}/a.md`]: text }))).toMatch(mentions(...expected));
  });
});

describe("a definition of Gemini CLI", () => {
  it("is read field by field", () => {
    const text = `---
kind: local
name: reader
display_name: Reader
description: Reads
tools: [read_file, mcp_github_*]
model: gemini-3.6-flash
temperature: 0.2
max_turns: 9
timeout_mins: 2.5
---
You read.
`;
    expect(agent("reader", { [`${GEMINI}/r.md`]: text })).toEqual({
      ...NO_SETTINGS,
      name: "reader",
      from: expect.stringContaining("r.md"),
      origin: "user",
      isImported: true,
      description: "Reads",
      prompt: "You read.",
      model: "gemini-3.6-flash",
      temperature: 0.2,
      tools: ["read_file", "mcp_github_*"],
      maxTurns: 9,
      timeoutSeconds: 150,
      notes: [],
    });
  });

  it("leaves it to the start of a run which model an alias stands for", () => {
    const text = (model: string) => `---\nname: a\nmodel: ${model}\n---\n`;
    expect(agent("a", { [`${GEMINI}/a.md`]: text("inherit") })).toMatchObject({ model: null, notes: [] });
    expect(agent("a", { [`${GEMINI}/a.md`]: text("auto") })).toMatchObject({ model: "auto", notes: [] });
  });

  it("has to be local", () => {
    const text = "---\nname: a\nkind: remote\n---\n";
    expect(faultOf(() => agent("a", { [`${GEMINI}/a.md`]: text }))).toMatch(mentions("kind", "local"));
  });
});
