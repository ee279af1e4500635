/** `legwork runs` as a user runs it: the runs of a project, and one with all it did and what it was allowed to do. */
import { describe, expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { playFencedRun } from "../support/fenced-run.js";
import { rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

describe("legwork runs", () => {
  it("lists the project's runs, newest first", async () => {
    const bench = setBench();
    rehearse(bench, "play", [{ text: "done" }]);
    const host = await setHost(bench);
    for (const title of ["one", "two", "three"]) await runScript(host, "play", { title });
    const { code, stdout } = await legwork(bench, ["runs"]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(": ").at(-1))).toEqual(["three", "two", "one"]);
    expect(lines[0]).toMatch(/^run_\w+ {2}success +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}default: three$/);
    const json = await legwork(bench, ["runs", "list", "--limit", "2", "--json"]);
    expect(JSON.parse(json.stdout).runs).toMatchObject([{ title: "three", status: "success" }, { title: "two" }]);

    const elsewhere = await legwork(bench, ["runs", "--project", bench.root]);
    expect(elsewhere).toMatchObject({ code: 0, stdout: "there are no runs of this project yet\n" });
  });

  it("shows a run and each of its events in one line, with nothing that acts on the terminal", async () => {
    const { bench, run_id } = await playFencedRun();
    const { code, stdout } = await legwork(bench, ["runs", "show", run_id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${run_id} {2}success\n {2}title +fenced .u.1b.\\[31mrun\n`));
    expect(stdout).toContain('default in fence, step "change"\n');
    expect(stdout).toContain("\n\n  wrote\\u{1b}[2J it\n\n");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^ *\d+ {2}[\d:]+Z {2}step_entered +look$/m);
    expect(stdout).toMatch(/^ *\d+ {2}[\d:]+Z {2}transition_taken +look -> change, as the agent asked$/m);
    expect(stdout).toMatch(
      /^ *\d+ {2}\S+ {2}tool_call_refused +effects__add_line is not allowed: rule "short lines"$/m,
    );
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}tool_call_finished +effects__add_line answered in \d+ ms: /m);
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}tools_resolved +tools: 1 allowed, \d+ refused$/m);
    expect(stdout).toMatch(/^ *\d+ {2}\S+ {2}run_finished +success: wrote/m);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(160);

    const shown = JSON.parse((await legwork(bench, ["runs", "show", run_id, "--json"])).stdout);
    expect(shown.run).toMatchObject({ run_id, status: "success", workflow: "fence", step: "change" });
    expect(shown.events[0]).toMatchObject({ seq: 1, type: "run_created" });
    const numbers = shown.events.map(({ seq }: { seq: number }) => seq);
    expect(numbers).toEqual(numbers.map((_: number, index: number) => index + 1));
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^ *${numbers.length} `));
  });

  it("ends with 1 for a run that did not succeed, and says why", async () => {
    const bench = setBench();
    rehearse(bench, "short", [{ calls: [{ tool: "complete", arguments: { status: "blocked", result: "no\nway" } }] }]);
    const { run_id } = await runScript(await setHost(bench), "short");
    const { code, stdout } = await legwork(bench, ["runs", "show", run_id]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${run_id} {2}blocked\n`));
    expect(stdout).toContain("\n\n  no\n  way\n\n");
    expect((await legwork(bench, ["runs", "list"])).code).toBe(0);
  });
});

describe("legwork runs show --access", () => {
  it("names the rule that decides each tool, at the end and at an event before it", async () => {
    const { bench, run_id } = await playFencedRun();
    const end = await legwork(bench, ["runs", "show", run_id, "--access"]);
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(
      new RegExp(`^${run_id} {2}success, as of event \\d+, in step "change" of workflow fence\n`),
    );
    expect(end.stdout).toMatch(/^ {2}effects__add_line +allowed {2}"effects__add_line" is in tools of step "change"/m);
    expect(end.stdout).toMatch(/^ {2}effects__slow +refused {2}"effects__slow" is in blocked_tools of step "change"/m);
    expect(end.stdout).toContain('\n  block by "short lines" when args.text.size() > 5\n');

    const { events } = JSON.parse((await legwork(bench, ["runs", "show", run_id, "--json"])).stdout);
    const first = events.find(({ type }: { type: string }) => type === "tool_call_finished").seq;
    const at = ["runs", "show", run_id, "--access", "--at", String(first)];
    const { stdout } = await legwork(bench, at);
    expect(stdout).toContain('in step "look" of workflow fence\n');
    expect(stdout).toMatch(/^ {2}effects__add_line +refused {2}no entry in tools of step "look"/m);
    expect(stdout).toContain('\n  block by "not too often" when step_action_count >= 5: Enough is read.\n');
    expect(stdout).toContain('\n  warn by "gently" always\n');
    const json = JSON.parse((await legwork(bench, [...at, "--json"])).stdout);
    expect(json).toMatchObject({
      run: { run_id },
      step: "look",
      rules: [{ name: "not too often" }, { name: "gently" }],
    });
    expect(json.access).toContainEqual({
      tool: "effects__read_lines",
      allowed: true,
      rule: '"effects__read_lines" is in tools of step "look" of workflow fence',
    });

    const beyond = await legwork(bench, ["runs", "show", run_id, "--access", "--at", "9999"]);
    expect(beyond).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("has no event 9999") });
  });
});

describe("the command line", () => {
  it.each([
    [["runs", "shwo"], /there is no "legwork runs shwo": use list, show, watch, cancel, resume, respond or prune/],
    [["runs", "show"], /name one run: legwork runs show ID/],
    [["runs", "show", "run_x"], /there is no run "run_x": "legwork runs list" shows/],
    [["runs", "list", "run_x"], /unexpected argument "run_x": "legwork runs list --help"/],
    [["runs", "show", "run_x", "--at", "3"], /--at belongs to legwork runs show ID --access/],
    [["runs", "show", "run_x", "--access", "--at", "0"], /--at is "0": use a whole number from 1/],
    [["runs", "show", "run_x", "--limit", "3"], /--limit belongs to legwork runs list/],
    [["runs", "--access"], /--access belongs to legwork runs show ID/],
    [["runs", "--limit", "many"], /--limit is "many": use a whole number from 1 to 1000/],
    [["--json"], /legwork has no option --json: "legwork --help"/],
  ])("refuses %j in one sentence", async (args, says) => {
    const { code, stdout, stderr } = await legwork(setBench(), args);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
