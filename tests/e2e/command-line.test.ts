/** The command line as a whole: help, refusals, completion, terminals and readers that go away. */
import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork, legworkHere } from "../support/command.js";
import { BIN, baseEnv, type Workbench } from "../support/host.js";
import { rehearseCalls, runScript, setBench, setHost } from "../support/rehearsals.js";

/** A bench with one ended run. */
async function setRun(): Promise<{ bench: Workbench; runId: string }> {
  const bench = setBench();
  bench.configure("mcpServers: { workspace: { disabled: true } }\n");
  rehearseCalls(bench, "look", []);
  const host = await setHost(bench);
  const { run_id } = await runScript(host, "look");
  await host.close();
  return { bench, runId: run_id };
}

describe("help", () => {
  it.each([[["help"]], [["--help"]], [["-h"]]])("%j lists the commands", async (args) => {
    const { code, stdout, stderr } = await legworkHere(setBench(), args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const name of ["trust", "tools", "agents", "workflows", "runs", "backup", "doctor", "selftest", "completion"])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(stdout).toContain("--project <FOLDER>");
  });

  it("explains a command with an example, by either way to ask", async () => {
    const bench = setBench();
    const { code, stdout } = await legwork(bench, ["help", "runs", "resume"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: legwork runs resume [options] <ID>");
    expect(stdout).toContain("--more-cost-usd <N>");
    expect(stdout).toMatch(/Examples:\n {2}legwork runs resume ID/);
    expect((await legworkHere(bench, ["runs", "resume", "--help"])).stdout).toBe(stdout);
  });

  it("shows no old name of an option", async () => {
    const { stdout } = await legworkHere(setBench(), ["help", "runs", "respond"]);
    expect(stdout).toContain("--comment");
    expect(stdout).not.toMatch(/--rem/);
  });
});

describe("a command line that cannot be read", () => {
  it.each([
    [["rnus"], /there is no command "rnus".*did you mean "runs"\?/],
    [["rnus", "--help"], /there is no command "rnus"/],
    [["help", "rnus"], /there is no command "rnus".*did you mean "runs"\?/],
    [["help", "runs", "lsit"], /there is no "legwork runs lsit"; did you mean "list"\?/],
    [["runs", "shwo"], /there is no "legwork runs shwo".*did you mean "show"\?/],
    [["runs", "--limt", "3"], /legwork runs list has no option --limt; did you mean "--limit"\?/],
    [["runs", "show", "run_x", "--limit", "3"], /has no option --limit: --limit belongs to legwork runs list$/m],
    [["tools", "--cached", "diff"], /legwork tools diff has no option --cached/],
    [["agents", "--json=1"], /--json takes no value/],
    [["runs", "list", "--limit"], /--limit needs a value: --limit N/],
    [["runs", "list", "--limit", "0"], /--limit is "0": use a whole number from 1 to 1000/],
    [["runs", "resume", "run_x", "--more-cost-usd", "-1"], /--more-cost-usd is "-1": use a number above 0/],
    [["backup"], /name one file to write: legwork backup FILE/],
    [["completion", "fish"], /there is no completion for "fish": use bash or zsh/],
    [["--project"], /--project needs a value: --project FOLDER/],
    [["--verbose"], /legwork has no option --verbose/],
  ])("%j is refused in one sentence", async (args, sentence) => {
    const { code, stdout, stderr } = await legworkHere(setBench(), args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

it("ends its process with 2 where it cannot be read", async () => {
  const end = await legwork(setBench(), ["rnus"]);
  expect(end).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(/^legwork: .*"rnus".*\n$/) });
});

describe("JSON", () => {
  it("comes from trust, tools diff, tools accept and workflows graph too", async () => {
    const bench = setBench();
    bench.write(".legwork/config.yaml", "limits: { max_turns: 3 }\n");
    const json = async (...args: string[]) => JSON.parse((await legworkHere(bench, [...args, "--json"])).stdout);
    expect(await json("trust")).toEqual({
      project: bench.project,
      files: [".legwork/config.yaml"],
      changed: [{ file: ".legwork/config.yaml", change: "new_or_changed" }],
    });
    expect(await json("trust")).toMatchObject({ changed: [] });
    expect(await json("tools", "diff")).toEqual({ tools: [], unseen_servers: [] });
    expect(await json("tools", "accept", "workspace")).toEqual({ accepted: [] });
    const graph = await json("workflows", "graph", "research");
    expect(graph).toMatchObject({ name: "research", mermaid: expect.stringContaining("stateDiagram-v2") });
    expect((await legworkHere(bench, ["workflows", "graph", "research"])).stdout).toBe(graph.mermaid);
  });
});

describe("completion", () => {
  /** Of each command line in bash, in one shell, the words that its last one is completed to. */
  function complete(bench: Workbench, lines: readonly string[]): readonly (readonly string[])[] {
    const script = `source <("${process.execPath}" "${BIN}" completion bash)
      for line in "$@"; do
        IFS=' ' read -ra COMP_WORDS <<< "$line"
        [[ $line == *' ' ]] && COMP_WORDS+=("")
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        unset COMPREPLY
        _legwork
        echo "\${COMPREPLY[*]}"
      done`;
    const options = { cwd: bench.project, env: baseEnv(bench), encoding: "utf8" } as const;
    const answers = execFileSync("bash", ["-c", script, "bash", ...lines], options).split("\n");
    return answers.slice(0, -1).map((answer) => answer.split(" ").filter((word) => word !== ""));
  }

  it("completes commands, options and file names in bash", () => {
    const bench = setBench();
    bench.write("copies/one.db", "");
    const expected: Readonly<Record<string, readonly string[]>> = {
      "legwork wo": ["workflows"],
      "legwork runs re": ["resume", "respond"],
      "legwork runs resume run_x --more-": ["--more-turns", "--more-seconds", "--more-cost-usd", "--more-tokens"],
      "legwork runs --project x list --l": ["--limit"],
      "legwork runs list --limit ": [],
      "legwork completion ": expect.arrayContaining(["bash", "zsh"]),
      "legwork backup cop": ["copies"],
      "legwork help do": ["doctor"],
      "legwork tools some-server --c": ["--cached"],
      "legwork nothing ": [],
    };
    expect(complete(bench, Object.keys(expected))).toEqual(Object.values(expected));
  });

  it("defines a function for zsh from the same declarations", async () => {
    const bench = setBench();
    const { code, stdout } = await legwork(bench, ["completion", "zsh"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#compdef legwork\n/);
    expect(stdout).toContain('"runs resume")');
    expect(stdout).toContain("--more-cost-usd");
    if (!hasZsh()) return;
    const file = join(bench.root, "_legwork");
    writeFileSync(file, stdout);
    execFileSync("zsh", ["-n", file]);
    const script = `compdef() {}; compadd() { shift; print -l -- "$@" }; _files() {}
      source "$1"; words=(legwork runs re) CURRENT=3; _legwork`;
    expect(execFileSync("zsh", ["-fc", script, "zsh", file], { encoding: "utf8" }).split("\n")).toContain("resume");
  });

  function hasZsh(): boolean {
    try {
      execFileSync("zsh", ["--version"]);
      return true;
    } catch {
      return false;
    }
  }
});

describe("a reader that has gone", () => {
  it("ends every command without a trace", async () => {
    const { bench, runId } = await setRun();
    const commands = [
      ["help"],
      ["--version"],
      ["trust"],
      ["tools", "--cached"],
      ["tools", "diff"],
      ["agents"],
      ["workflows"],
      ["workflows", "check", "research"],
      ["workflows", "graph", "research"],
      ["runs"],
      ["runs", "show", runId],
      ["runs", "watch", runId],
      ["runs", "cancel", runId],
      ["runs", "prune", "--older-than", "1d"],
      ["backup", join(bench.root, "copy.db")],
      ["doctor"],
      ["completion", "bash"],
    ];
    const ends = await Promise.all(commands.map(async (args) => ({ args, ...(await endWithoutReader(bench, args)) })));
    for (const { args, code, stderr } of ends) expect({ args, code, stderr }).toEqual({ args, code: 130, stderr: "" });
  }, 60_000);

  function endWithoutReader(bench: Workbench, args: readonly string[]) {
    return new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [BIN, ...args], {
        cwd: bench.project,
        env: baseEnv(bench),
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stdout.destroy();
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      child.on("close", (code) => resolve({ code, stderr }));
    });
  }
});

describe.skipIf(process.platform !== "linux")("legwork on a terminal", () => {
  it.each([[""], [" --project ."]])("prints how to start and ends: legwork%s", (args) => {
    const bench = setBench();
    const command = `"${process.execPath}" "${BIN}"${args}`;
    const options = { cwd: bench.project, env: baseEnv(bench), encoding: "utf8", stdio: "pipe" } as const;
    const shown = execFileSync("script", ["-qefc", command, "/dev/null"], options);
    expect(shown).toContain("mcpServers");
    expect(shown).toContain(BIN);
    expect(shown).toContain("legwork help");
    expect(shown).toContain("quickstart");
    expect(shown.trimEnd().split("\n").length).toBeLessThan(12);
  });
});
