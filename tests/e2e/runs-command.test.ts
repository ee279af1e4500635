/** `legwork runs` as a user runs it: the runs of a project, and one with all it did and what it was allowed to do. */
import { describe, expect, it } from "vitest";
import { legwork, legworkHere } from "../support/command.js";
import { playFencedRun } from "../support/fenced-run.js";
import { messageOf, naming } from "../support/naming.js";
import { rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const NO_SERVERS = "mcpServers: { workspace: { disabled: true } }\n";

describe("legwork runs", () => {
  it("lists the project's runs, newest first", async () => {
    const bench = setBench();
    bench.configure(NO_SERVERS);
    rehearse(bench, "play", [{ text: "done" }]);
    const host = await setHost(bench);
    for (const title of ["one", "two", "three"]) await runScript(host, "play", { title });
    const { code, stdout } = await legwork(bench, ["runs"]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["three", "two", "one"]);
    expect(lines[0]).toMatch(/^three {2}success +\d{4}-\d\d-\d\d \d\d:\d\dZ {2}run_\w+ {2}default$/);
    const json = await legworkHere(bench, ["runs", "list", "--limit", "2", "--json"]);
    expect(JSON.parse(json.stdout).runs).toMatchObject([{ title: "three", status: "success" }, { title: "two" }]);

    const elsewhere = await legworkHere(bench, ["runs", "--project", bench.root]);
    expect(elsewhere).toMatchObject({ code: 0, stdout: expect.stringMatching(/^.*\bruns\b.*\n$/) });
    expect(elsewhere.stdout).not.toContain("run_");
    const all = await legworkHere(bench, ["runs", "list", "--all", "--project", bench.root]);
    expect(all.stdout).toMatch(/^.*\/project\nthree .*\ntwo .*\none .*\n$/);
    const everywhere = await legworkHere(bench, ["runs", "--all", "--json", "--project", bench.root]);
    expect(JSON.parse(everywhere.stdout).runs).toMatchObject(
      [1, 2, 3].map(() => ({ project: /^.*\n/.exec(all.stdout)?.[0].trim() })),
    );
    const ids: string[] = JSON.parse(everywhere.stdout).runs.map(({ run_id }: { run_id: string }) => run_id);
    const [three = "", two = "", one = ""] = ids;
    const shown = async (name: string, ...more: string[]) =>
      (await legworkHere(bench, ["runs", "show", name, ...more])).stdout;
    expect(await shown("last")).toMatch(new RegExp(`^${three} `));
    expect(await shown(two, "--project", bench.root)).toMatch(/^ {2}project +\/.*\/project$/m);
    expect(await shown(one.slice(0, -1))).toMatch(new RegExp(`^${one} `));
    expect(await shown(one.slice("run_".length, -1).toUpperCase())).toMatch(new RegExp(`^${one} `));
    const several = await legworkHere(bench, ["runs", "show", "run_0"]);
    expect(several).toMatchObject({ code: 2, stdout: "", stderr: naming('"run_0"', one, two, three) });
    const none = await legworkHere(bench, ["runs", "cancel", "last", "--project", bench.root]);
    expect(none).toMatchObject({ code: 2, stdout: "", stderr: naming("project", "--all") });

    const count = async (...options: string[]) =>
      JSON.parse((await legworkHere(bench, ["runs", "--json", ...options])).stdout).runs.length;
    expect(await count("--status", "success,error", "--agent", "default")).toBe(3);
    expect(await count("--status", "running, error")).toBe(0);
    expect(await count("--agent", "reviewer")).toBe(0);
    expect((await legworkHere(bench, ["runs", "--agent", "reviewer"])).stdout).toMatch(/^.*\brun\b.*\n$/);
  });

  it("shows a run and each of its events in one line, with nothing that acts on the terminal", async () => {
    const { bench, run_id } = await playFencedRun();
    const { code, stdout } = await legworkHere(bench, ["runs", "show", run_id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${run_id} {2}success\n {2}title +fenced .u.1b.\\[31mrun\n`));
    expect(stdout).toMatch(/^ {2}.*\bdefault\b.*\bfence\b.*"change"$/m);
    expect(stdout).toContain("\n\n  wrote\\u{1b}[2J it\n\n");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^ *\d+ {2}[\d:]+Z {2}step_entered +look$/m);
    expect(stdout).toMatch(/^ *\d+ {2}[\d:]+Z {2}transition_taken +look -> change\b/m);
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}tool_call_refused +.*effects__add_line.*"short lines"/m);
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}tool_call_finished +.*effects__add_line.* \d+ ms\b/m);
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}tools_resolved +.*\b1\b.*\b\d+\b/m);
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}run_finished +success: wrote/m);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(160);

    const shown = JSON.parse((await legworkHere(bench, ["runs", "show", run_id, "--json"])).stdout);
    expect(shown.run).toMatchObject({ run_id, status: "success", workflow: "fence", step: "change" });
    expect(shown.events[0]).toMatchObject({ seq: 1, type: "run_created" });
    const numbers = shown.events.map(({ seq }: { seq: number }) => seq);
    expect(numbers).toEqual(numbers.map((_: number, index: number) => index + 1));
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^ *${numbers.length} `));
  });

  it("ends with 1 for a run that did not succeed, and shows its result", async () => {
    const bench = setBench();
    bench.configure(NO_SERVERS);
    rehearse(bench, "short", [{ calls: [{ tool: "complete", arguments: { status: "blocked", result: "no\nway" } }] }]);
    const { run_id } = await runScript(await setHost(bench), "short");
    const { code, stdout } = await legwork(bench, ["runs", "show", run_id]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${run_id} {2}blocked\n`));
    expect(stdout).toContain("\n\n  no\n  way\n\n");
    expect((await legworkHere(bench, ["runs", "list"])).code).toBe(0);
  });
});

describe("legwork runs show --access", () => {
  it("names the rule that decides each tool, at the end and at an event before it", async () => {
    const { bench, run_id } = await playFencedRun();
    const end = await legworkHere(bench, ["runs", "show", run_id, "--access"]);
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(new RegExp(`^${run_id} {2}success\\b.*\\b\\d+\\b.*"change".*\\bfence\\b`));
    expect(end.stdout).toMatch(/^ {2}effects__add_line +allowed {2}.*"change"/m);
    expect(end.stdout).toMatch(/^ {2}effects__slow +refused {2}.*blocked_tools.*"change"/m);
    expect(end.stdout).toMatch(/^ {2}block\b.*"short lines".*args\.text\.size\(\) > 5$/m);

    const { events } = JSON.parse((await legworkHere(bench, ["runs", "show", run_id, "--json"])).stdout);
    const first = events.find(({ type }: { type: string }) => type === "tool_call_finished").seq;
    const at = ["runs", "show", run_id, "--access", "--at", String(first)];
    const { stdout } = await legworkHere(bench, at);
    expect(stdout).toMatch(new RegExp(`^${run_id} {2}.*\\b\\d+\\b.*"look".*\\bfence\\b`));
    expect(stdout).toMatch(/^ {2}effects__add_line +refused {2}.*"look"/m);
    expect(stdout).toMatch(/^ {2}block\b.*"not too often".*step_action_count >= 5.*Enough is read\.$/m);
    expect(stdout).toMatch(/^ {2}warn\b.*"gently"/m);
    const json = JSON.parse((await legworkHere(bench, [...at, "--json"])).stdout);
    expect(json).toMatchObject({
      run: { run_id },
      step: "look",
      rules: [{ name: "not too often" }, { name: "gently" }],
    });
    expect(json.access).toContainEqual({
      tool: "effects__read_lines",
      allowed: true,
      rule: naming('"effects__read_lines"', '"look"', "fence"),
    });

    const beyond = await legworkHere(bench, ["runs", "show", run_id, "--access", "--at", "9999"]);
    expect(beyond).toMatchObject({ code: 2, stdout: "", stderr: naming(run_id, "9999") });
  });
});

describe("the command line", () => {
  it.each<[string[], readonly (string | RegExp)[]]>([
    [
      ["runs", "shwo"],
      ["shwo", "list", "show", "watch", "cancel", "resume", "respond", "prune"],
    ],
    [["runs", "show"], ["runs show"]],
    [
      ["runs", "show", "run_x"],
      ['"run_x"', "runs list"],
    ],
    [
      ["runs", "list", "run_x"],
      ['"run_x"', "runs list"],
    ],
    [
      ["runs", "show", "run_x", "--access", "--at", "0"],
      ["--at", '"0"', /\b1\b/],
    ],
    [
      ["runs", "show", "run_x", "--limit", "3"],
      ["--limit", "runs list"],
    ],
    [
      ["runs", "--access"],
      ["--access", "runs show"],
    ],
    [
      ["runs", "--limit", "many"],
      ["--limit", '"many"', /\b1\b/, "1000"],
    ],
    [
      ["runs", "--status", "success,sucess"],
      ["--status", '"sucess"', "interrupted", 'did you mean "success"'],
    ],
    [
      ["runs", "show", "last", "--status", "success"],
      ["--status", "runs list"],
    ],
    [["--json"], ["--json", "legwork --help"]],
  ])("refuses %j in one sentence", async (args, facts) => {
    const { code, stdout, stderr } = await legworkHere(setBench(), args);
    expect(messageOf({ stderr })).toEqual(naming(...facts));
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
