/** `legwork workflows` and `legwork agents` as a user runs them: what there is, whether it is sound, how it looks. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork } from "../support/command.js";
import type { Workbench } from "../support/host.js";
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
  const end = await legwork(bench, [...args, "--json"]);
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code, stderr: "" });
  return JSON.parse(end.stdout) as T;
}

describe("legwork workflows list", () => {
  it("shows each workflow with its origin and description, and a broken file with its place", async () => {
    const bench = setBench();
    bench.writeHome("workflows/mine.yaml", SOUND);
    bench.writeHome("workflows/broken.yaml", BROKEN);
    const { code, stdout } = await legwork(bench, ["workflows"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mine +user +Looks\.$/m);
    expect(stdout).toMatch(/^research +shipped +Gather facts/m);
    expect(stdout).toMatch(/^broken +user +cannot be used:\n {2}\S+broken\.yaml:4:5: .*"transitons".*"transitions"/m);
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
    const before = await legwork(bench, ["workflows"]);
    expect(before.stdout).not.toMatch(/^own /m);
    expect(before.stdout).toContain("1 agent or workflow file of this project is not trusted");
    await legwork(bench, ["trust"]);
    expect((await legwork(bench, ["workflows"])).stdout).toMatch(/^own +project +Looks\.$/m);
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
      const { stdout, stderr } = await legwork(bench, args);
      expect(stdout + stderr).not.toContain("\u001b");
      expect(stdout + stderr).toMatch(/\\u(\{1b\}|001b)\[2J/);
    }
  });
});

describe("legwork workflows check", () => {
  it("ends with 0 and says nothing was found where nothing is", async () => {
    const bench = setBench();
    bench.writeHome("workflows/mine.yaml", SOUND);
    const { code, stdout } = await legwork(bench, ["workflows", "check", "mine", "research"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 workflows checked: nothing found\n/);
  });

  it("ends with 0 where there are only warnings, each with its place", async () => {
    const bench = setBench();
    bench.configure(`mcpServers: { effects: ${effectServer()} }`);
    await legwork(bench, ["tools"]);
    bench.writeHome("workflows/sloppy.yaml", SLOPPY);
    const file = join(bench.home, "workflows/sloppy.yaml");
    const { code, stdout } = await legwork(bench, ["workflows", "check", "sloppy"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      `${file}:5:21: warning: "effects__reed_lines" matches no known tool; did you mean "effects__read_lines"?`,
      `${file}:2:13: warning: the variable "unused" is set and never read`,
      "1 workflow checked: 2 warnings",
      "",
    ]);
    const { workflows, unseen_servers } = await json<Checked>(bench, ["workflows", "check", "sloppy"]);
    expect(unseen_servers).toEqual([]);
    expect(workflows).toMatchObject([{ name: "sloppy", from: file, error: null }]);
    expect(workflows[0]?.warnings.map(({ place }) => place)).toEqual([`${file}:5:21`, `${file}:2:13`]);
  });

  it("starts no server, and says whose tools it does not know", async () => {
    const bench = setBench();
    const mark = join(bench.root, "started");
    bench.configure(`mcpServers: { effects: ${markingServer(mark)} }`);
    bench.writeHome("workflows/sloppy.yaml", SLOPPY);
    const { code, stdout } = await legwork(bench, ["workflows", "check"]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("matches no known tool");
    expect(stdout).toContain("not held against the tools of effects, workspace, which were never seen");
    expect(existsSync(mark)).toBe(false);
  });

  it("warns of a pattern that no configured server can match, even where no tools are known", async () => {
    const bench = setBench();
    bench.writeHome("workflows/far.yaml", "steps: [{name: a, allowed_tools: [github__*, read_text_file]}]\n");
    const { stdout } = await legwork(bench, ["workflows", "check", "far"]);
    expect(stdout).toContain('warning: "github__*" matches no known tool');
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
    expect(stdout).toContain(`${folder}/schema.yaml:2:3: output_schema is not a JSON Schema: `);
    expect(stdout).toContain(`${folder}/sloppy.yaml:2:13: warning: `);
    expect(stdout).toContain("3 workflows checked: 2 cannot be used, 2 warnings\n");
    const { workflows } = await json<Checked>(bench, ["workflows", "check"], 2);
    expect(workflows.map(({ name, error }) => [name, error === null])).toEqual([
      ["broken", false],
      ["schema", false],
      ["sloppy", true],
    ]);
  });

  it("checks the project's own before anybody trusts them, and never the shipped ones unasked", async () => {
    const bench = setBench();
    bench.write(".legwork/workflows/own.yaml", BROKEN);
    const { code, stdout } = await legwork(bench, ["workflows", "check"]);
    expect(code).toBe(2);
    expect(stdout).toContain(`${join(bench.project, ".legwork/workflows/own.yaml")}:4:5: `);
    expect(stdout).toContain("1 workflow checked: 1 cannot be used\n");
    const none = await legwork(setBench(), ["workflows", "check"]);
    expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining("there is no workflow of the project") });
  });

  it("checks a file in any folder, with what it extends", async () => {
    const bench = setBench();
    bench.writeHome("workflows/mine.yaml", SOUND);
    bench.write("drafts/draft.yaml", "extends: mine\nvariables: {unused: 1}\n");
    const good = await json<Checked>(bench, ["workflows", "check", "drafts/draft.yaml"]);
    const place = `${join(bench.project, "drafts/draft.yaml")}:2:13`;
    expect(good.workflows).toEqual([
      {
        name: "draft",
        from: "drafts/draft.yaml",
        error: null,
        warnings: [{ place, message: expect.stringContaining('"unused"') }],
      },
    ]);
    bench.write("drafts/orphan.yaml", "extends: nobody\n");
    const bad = await legwork(bench, ["workflows", "check", "drafts/orphan.yaml"]);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toMatch(/drafts\/orphan\.yaml:1:1: there is no workflow "nobody" to extend/);
  });

  it.each([
    ["that is not there", "no/such.yaml", /such\.yaml: cannot be read: ENOENT/],
    ["with another ending", "notes.txt", /notes\.txt: a workflow's file ends in \.yaml or \.yml/],
    ["whose name is none", "two words.yaml", /two words\.yaml: a definition is named after its file/],
    ["that is no text", "bytes.yaml", /bytes\.yaml: not UTF-8 text/],
    ["that is a folder", "folder.yaml", /folder\.yaml: is no file/],
  ])("ends with 2 for a file %s", async (_, file, says) => {
    const bench = setBench();
    for (const name of ["notes.txt", "two words.yaml", "folder.yaml/in.yaml"]) bench.write(name, SOUND);
    writeFileSync(join(bench.project, "bytes.yaml"), Buffer.from([0xff, 0xfe, 0xff]));
    const { code, stdout } = await legwork(bench, ["workflows", "check", file]);
    expect(stdout).toMatch(says);
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
  it("shows each with its origin, workflow and tools, what was not taken over, and a broken one with its place", async () => {
    const bench = setBench();
    bench.writeHome(
      "agents/mine.md",
      "---\ndescription: Mine.\nworkflow: research\ntools: [read_only, a__*]\n---\nWork.\n",
    );
    bench.writeHome("agents/lost.md", "---\ndescription: Lost.\nworkflow: nobody\n---\nWork.\n");
    const claude = "---\nname: helper\ndescription: Helps.\ncolor: red\ntools: Read\n---\nHelp.\n";
    bench.writeHome("../.claude/agents/helper.md", claude);
    const { code, stdout } = await legwork(bench, ["agents"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mine +user +Mine\.\n {2}workflow: research\n {2}tools: read_only, a__\*\n/m);
    expect(stdout).toMatch(/^lost +user +cannot be used:\n {2}\S+lost\.md:3:1: there is no workflow "nobody"/m);
    expect(stdout).toMatch(
      /^helper +user +Helps\.\n(.*\n)* {2}not taken over from \S+helper\.md:\n {4}color of the file has no meaning here$/m,
    );
    expect(stdout).toMatch(/^researcher +shipped +/m);
    const { agents } = await json<{ agents: (Entry & { workflow: string; tools: string[]; notes: string[] })[] }>(
      bench,
      ["agents"],
    );
    const mine = { workflow: "research", tools: ["read_only", "a__*"], notes: [], error: null };
    expect(agents.find(({ name }) => name === "mine")).toMatchObject(mine);
    expect(agents.find(({ name }) => name === "lost")?.error).toContain("lost.md:3:1: ");
    expect(agents.find(({ name }) => name === "helper")?.notes).toEqual(["color of the file has no meaning here"]);
  });
});

describe("the command line", () => {
  it.each([
    [["workflows", "chek"], /there is no "legwork workflows chek": use list, check or graph/],
    [["workflows", "list", "mine"], /unexpected argument "mine"/],
    [["workflows", "check", "reserch"], /there is no workflow "reserch"; did you mean "research"\?/],
    [["workflows", "check", "no name"], /"no name" is no workflow's name/],
    [["workflows", "graph"], /name one workflow to draw/],
    [["workflows", "graph", "research", "review"], /name one workflow to draw/],
    [["workflows", "graph", "research", "--cached"], /legwork workflows graph has no option --cached/],
    [["workflows", "--cached"], /--cached belongs to legwork tools/],
    [["agents", "mine"], /unexpected argument "mine"/],
  ])("refuses %j in one sentence", async (args, says) => {
    const { code, stdout, stderr } = await legwork(setBench(), args);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
