/** `legwork workflows` and `legwork agents` as a user runs them: what there is, whether it is sound, how it looks. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork, legworkHere } from "../support/command.js";
import type { Workbench } from "../support/host.js";
import { messageOf, naming } from "../support/naming.js";
import { effectServer, markingServer, setBench } from "../support/rehearsals.js";

const SOUND = "description: Looks.\nsteps: [{name: look, allowed_tools: [read_only]}]\n";
const BROKEN = "description: Broken.\nsteps:\n  - name: a\n    transitons: []\n";
const SLOPPY = `
variables: {unused: 1}
steps:
  - name: a
    allowed_tools: [effects__reed_lines]
    transitions: [{to: b, when: turn > 1}]
  - name: b
`;

interface Entry {
  readonly name: string;
  readonly origin: string;
  readonly from: string;
  readonly description: string | null;
  readonly error: string | null;
}

interface Checked {
  readonly workflows: readonly {
    readonly name: string;
    readonly from: string;
    readonly error: string | null;
    readonly warnings: readonly { readonly place: string; readonly message: string }[];
  }[];
  readonly unseen_servers: readonly string[];
}

async function json<T>(bench: Workbench, args: readonly string[], code = 0): Promise<T> {
  const end = await legworkHere(bench, [...args, "--json"]);
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code, stderr: "" });
  return JSON.parse(end.stdout) as T;
}

describe("legwork workflows list", () => {
  it("shows each workflow with its origin and description, and a broken file with its place", async () => {
    const bench = setBench();
    bench.writeHome("workflows/mine.yaml", SOUND);
    bench.writeHome("workflows/broken.yaml", BROKEN);
    const { code, stdout, stderr } = await legwork(bench, ["workflows"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^mine +user +Looks\.$/m);
    expect(stdout).toMatch(/^research +shipped +\S/m);
    expect(stdout).toMatch(/^broken +user +.*\n {2}\S+broken\.yaml:4:5: .*"transitons".*"transitions"/m);
    const { workflows } = await json<{ workflows: Entry[] }>(bench, ["workflows", "list"]);
    expect(workflows.find(({ name }) => name === "mine")).toEqual({
      name: "mine",
      origin: "user",
      from: join(bench.home, "workflows/mine.yaml"),
      description: "Looks.",
      error: null,
    });
    expect(workflows.find(({ name }) => name === "broken")?.error).toContain("broken.yaml:4:5: ");
  });

  it("shows a project's workflows once it is trusted, and says so before", async () => {
    const bench = setBench();
    bench.write(".legwork/workflows/own.yaml", SOUND);
    const before = await legworkHere(bench, ["workflows"]);
    expect(before.stdout).not.toMatch(/^own /m);
    expect(before.stdout).toEqual(naming(/\b1\b.*\bfile\b.*\btrusted\b/));
    await legworkHere(bench, ["trust"]);
    expect((await legworkHere(bench, ["workflows"])).stdout).toMatch(/^own +project +Looks\.$/m);
  });

  it("lets nothing of a file act on the terminal", async () => {
    const bench = setBench();
    bench.writeHome("workflows/wild.yaml", 'description: "clears \\e[2J all"\nsteps: [{name: a}]\n');
    bench.writeHome("workflows/worse.yaml", '"key \\e[2J": 1\nsteps: [{name: a}]\n');
    for (const args of [
      ["workflows"],
      ["workflows", "--json"],
      ["workflows", "check"],
      ["workflows", "graph", "worse"],
    ]) {
      const { stdout, stderr } = await legworkHere(bench, args);
      expect(stdout + stderr).not.toContain("\u001b");
      expect(stdout + stderr).toMatch(/\\u(\{1b\}|001b)\[2J/);
    }
  });
});

describe("legwork workflows check", () => {
  it("ends with 0 and no warning for sound workflows", async () => {
    const bench = setBench();
    bench.writeHome("workflows/mine.yaml", SOUND);
    const { code, stdout } = await legwork(bench, ["workflows", "check", "mine", "research"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 workflows\b.*\n/);
    expect(stdout).not.toContain("warning");
  });

  it("ends with 0 where there are only warnings, each with its place", async () => {
    const bench = setBench();
    bench.configure(`mcpServers: { workspace: { disabled: true }, effects: ${effectServer()} }`);
    await legworkHere(bench, ["tools"]);
    bench.writeHome("workflows/sloppy.yaml", SLOPPY);
    const file = join(bench.home, "workflows/sloppy.yaml");
    const { code, stdout } = await legworkHere(bench, ["workflows", "check", "sloppy"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      naming(`${file}:5:21: warning: `, '"effects__reed_lines"', '"effects__read_lines"'),
      naming(`${file}:2:13: warning: `, '"unused"'),
      naming(/^1 workflow\b.*\b2 warnings$/),
      "",
    ]);
    const { workflows, unseen_servers } = await json<Checked>(bench, ["workflows", "check", "sloppy"]);
    expect(unseen_servers).toEqual([]);
    expect(workflows).toMatchObject([{ name: "sloppy", from: file, error: null }]);
    expect(workflows[0]?.warnings.map(({ place }) => place)).toEqual([`${file}:5:21`, `${file}:2:13`]);
  });

  it("starts no server, and names the servers whose tools it does not know", async () => {
    const bench = setBench();
    const mark = join(bench.root, "started");
    bench.configure(`mcpServers: { effects: ${markingServer(mark)} }`);
    bench.writeHome("workflows/sloppy.yaml", SLOPPY);
    const { code, stdout } = await legworkHere(bench, ["workflows", "check"]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("effects__reed_lines");
    expect(stdout).toContain("effects, workspace");
    expect(existsSync(mark)).toBe(false);
  });

  it("warns of a pattern that no configured server can match, even where no tools are known", async () => {
    const bench = setBench();
    bench.writeHome("workflows/far.yaml", "steps: [{name: a, allowed_tools: [github__*, read_text_file]}]\n");
    const { stdout } = await legworkHere(bench, ["workflows", "check", "far"]);
    expect(stdout).toMatch(/ warning: .*"github__\*"/);
    expect(stdout).not.toContain("read_text_file");
  });

  it("ends with 2 where one cannot be used, and checks the others all the same", async () => {
    const bench = setBench();
    bench.writeHome("workflows/broken.yaml", BROKEN);
    bench.writeHome("workflows/sloppy.yaml", SLOPPY);
    bench.writeHome("workflows/schema.yaml", "settings:\n  output_schema: {type: objekt}\nsteps: [{name: a}]\n");
    const { code, stdout, stderr } = await legwork(bench, ["workflows", "check"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    const folder = join(bench.home, "workflows");
    expect(stdout).toMatch(/^\S+broken\.yaml:4:5: .*transitons/m);
    expect(stdout).toMatch(new RegExp(`^${folder}/schema\\.yaml:2:3: .*output_schema.*JSON Schema`, "m"));
    expect(stdout).toContain(`${folder}/sloppy.yaml:2:13: warning: `);
    expect(stdout).toMatch(/^3 workflows\b.*\b2\b.*\b2 warnings$/m);
    const { workflows } = await json<Checked>(bench, ["workflows", "check"], 2);
    expect(workflows.map(({ name, error }) => [name, error === null])).toEqual([
      ["broken", false],
      ["schema", false],
      ["sloppy", true],
    ]);
  });

  it("checks the project's workflows before it is trusted, and the shipped ones only by name", async () => {
    const bench = setBench();
    bench.write(".legwork/workflows/own.yaml", BROKEN);
    const { code, stdout } = await legworkHere(bench, ["workflows", "check"]);
    expect(code).toBe(2);
    expect(stdout).toContain(`${join(bench.project, ".legwork/workflows/own.yaml")}:4:5: `);
    expect(stdout).toMatch(/^1 workflow\b.*\b1\b.*$/m);
    const none = await legworkHere(setBench(), ["workflows", "check"]);
    expect(none).toMatchObject({ code: 0, stderr: "", stdout: naming(/^.*\bno workflow\b/) });
  });

  it("checks a file in any folder, with the workflow that it extends", async () => {
    const bench = setBench();
    bench.writeHome("workflows/mine.yaml", SOUND);
    bench.write("drafts/draft.yaml", "extends: mine\nvariables: {unused: 1}\n");
    const { code, stdout, stderr } = await legwork(bench, ["workflows", "check", "drafts/draft.yaml", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const good = JSON.parse(stdout) as Checked;
    const place = `${join(bench.project, "drafts/draft.yaml")}:2:13`;
    expect(good.workflows).toEqual([
      {
        name: "draft",
        from: "drafts/draft.yaml",
        error: null,
        warnings: [{ place, message: expect.stringContaining('"unused"') }],
      },
    ]);
    bench.write("orphan.yaml", "extends: nobody\n");
    const bad = await legwork(bench, ["workflows", "check", "orphan.yaml"]);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toEqual(naming(`${bench.project}/orphan.yaml:1:1: `, 'workflow "nobody"'));
  });

  it.each([
    ["that is not there", "no/such.yaml", ["such.yaml: ", "ENOENT"]],
    ["with another ending", "notes.txt", ["notes.txt: ", ".yaml", ".yml"]],
    ["whose name is none", "two words.yaml", ["two words.yaml: ", '"two words"', "A-Z"]],
    ["that is no text", "bytes.yaml", ["bytes.yaml: ", "UTF-8"]],
    ["that is a folder", "folder.yaml", ["folder.yaml: ", /: .*\bfile\b/]],
  ])("ends with 2 for a file %s", async (_, file, facts) => {
    const bench = setBench();
    for (const name of ["notes.txt", "two words.yaml", "folder.yaml/in.yaml"]) bench.write(name, SOUND);
    writeFileSync(join(bench.project, "bytes.yaml"), Buffer.from([0xff, 0xfe, 0xff]));
    const { code, stdout } = await legworkHere(bench, ["workflows", "check", join(bench.project, file)]);
    expect(stdout).toEqual(naming(...facts));
    expect(code).toBe(2);
  });
});

describe("legwork workflows graph", () => {
  it("draws a workflow as Mermaid and nothing else", async () => {
    const bench = setBench();
    const { code, stdout, stderr } = await legwork(bench, ["workflows", "graph", "plan-execute"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^stateDiagram-v2\n {4}state "plan" as s0\n/);
    expect(stdout).toMatch(/\[\*\] --> s0\n/);
  });
});

describe("legwork agents", () => {
  it("shows each with its origin, workflow and tools, notes on its file, and a broken one with its place", async () => {
    const bench = setBench();
    bench.writeHome(
      "agents/mine.md",
      "---\ndescription: Mine.\nworkflow: research\ntools: [read_only, a__*]\n---\nWork.\n",
    );
    bench.writeHome("agents/lost.md", "---\ndescription: Lost.\nworkflow: nobody\n---\nWork.\n");
    const claude = "---\nname: helper\ndescription: Helps.\ncolor: red\ntools: Read\n---\nHelp.\n";
    bench.writeHome("../.claude/agents/helper.md", claude);
    const { code, stdout, stderr } = await legwork(bench, ["agents"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^mine +user +Mine\.\n {2}workflow: research\n {2}tools: read_only, a__\*\n/m);
    expect(stdout).toMatch(/^lost +user +.*\n {2}\S+lost\.md:3:1: .*workflow "nobody"/m);
    expect(stdout).toMatch(/^helper +user +Helps\.\n(.*\n)* {2}.*\/helper\.md\b.*\n {4}.*\bcolor\b.*$/m);
    expect(stdout).toMatch(/^researcher +shipped +/m);
    const { agents } = await json<{ agents: (Entry & { workflow: string; tools: string[]; notes: string[] })[] }>(
      bench,
      ["agents"],
    );
    const mine = { workflow: "research", tools: ["read_only", "a__*"], notes: [], error: null };
    expect(agents.find(({ name }) => name === "mine")).toMatchObject(mine);
    expect(agents.find(({ name }) => name === "lost")?.error).toContain("lost.md:3:1: ");
    expect(agents.find(({ name }) => name === "helper")?.notes).toEqual([naming("color")]);
  });
});

describe("the command line", () => {
  it.each([
    [
      ["workflows", "chek"],
      ["chek", "list", "check", "graph"],
    ],
    [["workflows", "list", "mine"], ['"mine"']],
    [
      ["workflows", "check", "reserch"],
      ['"reserch"', '"research"'],
    ],
    [["workflows", "check", "no name"], ['"no name"']],
    [["workflows", "graph"], ["legwork workflows graph"]],
    [["workflows", "graph", "research", "review"], ["legwork workflows graph"]],
    [
      ["workflows", "graph", "research", "--cached"],
      ["--cached", "workflows graph"],
    ],
    [
      ["workflows", "--cached"],
      ["--cached", "legwork tools"],
    ],
    [["agents", "mine"], ['"legwork agents mine"']],
  ])("refuses %j in one sentence", async (args, facts) => {
    const { code, stdout, stderr } = await legworkHere(setBench(), args);
    expect(messageOf({ stderr })).toEqual(naming(...facts));
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
