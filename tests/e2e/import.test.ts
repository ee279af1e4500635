/** Servers of other hosts' files, from the wire: nothing of a project's before it is trusted, and the process table as proof. */
import { appendFileSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { legwork } from "../support/command.js";
import { BIN, EFFECT_SERVER, type Workbench } from "../support/host.js";
import { json, startHostileHttpServer } from "../support/hostile-http-server.js";
import { processesOf } from "../support/leftovers.js";
import { naming } from "../support/naming.js";
import { NO_SERVERS, rehearseCalls, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";

const MCP = ".mcp.json";
const GEMINI = ".gemini/settings.json";
const ENV = { TEAM: "builders", BIN_FOLDER: dirname(BIN), PROJECT_KEY: "project-key-4711", USER_KEY: "user-key-4711" };
const dollar = (name: string) => `\${${name}}`;

/** The counted server, with its name on its command line so that the process table tells who runs. */
const stdio = (bench: Workbench, name: string, env: object = {}) => ({
  command: process.execPath,
  args: [EFFECT_SERVER, `--${name}`],
  env: { EFFECT_FILE: join(bench.root, `${name}.txt`), ...env },
});

/**
 * Servers of the user for both hosts, and of the project, one of them behind a URL; the user exposes TEAM only.
 * `more` is more of the user's configuration.
 */
async function setImports(more = NO_SERVERS) {
  const bench = setBench();
  const remote = await startHostileHttpServer({
    "tools/list": json({ tools: [{ name: "plain", inputSchema: { type: "object" } }] }),
  });
  onTestFinished(() => remote.close());
  bench.configure(`${more}import: [claude, gemini]\nexpose_env: [TEAM]\n`);
  const inHome = (file: string, value: object) => bench.write(join("..", file), JSON.stringify(value));
  inHome(".claude.json", {
    numStartups: 12,
    mcpServers: { "claude-user": stdio(bench, "claude-user", { A: dollar("USER_KEY") }) },
  });
  inHome(".gemini/settings.json", { theme: "x", mcpServers: { "gemini-user": stdio(bench, "gemini-user") } });
  const project = {
    claude: {
      "claude-project": stdio(bench, "claude-project", { A: dollar("TEAM") }),
      "claude-remote": { type: "http", url: remote.url, headers: { "X-Team": dollar("TEAM") } },
    },
    gemini: { "gemini-project": stdio(bench, "gemini-project", { A: "$TEAM" }) },
  };
  const write = () => {
    bench.write(MCP, JSON.stringify({ mcpServers: project.claude }));
    bench.write(GEMINI, `// the team's\n${JSON.stringify({ mcpServers: project.gemini })}`);
  };
  write();
  const lines = ["claude-user", "gemini-user", "claude-project", "gemini-project"].map((name) => ({
    tool: `${name}__add_line`,
    arguments: { text: name },
  }));
  rehearseCalls(bench, "all", [...lines, { tool: "claude-remote__plain" }]);
  return { bench, remote, project, write };
}

/** Plays the script on a host of its own, with every tool granted, and tells what there was and what ran. */
async function play(bench: Workbench) {
  const host = await setHost(bench, { env: ENV });
  const run = await runScript(host, "all", { tools: ["*"] });
  const { structured } = await host.call("list_agents");
  const { servers } = structured as unknown as { servers: readonly { readonly name: string }[] };
  const seen = {
    notices: run.notices ?? [],
    warnings: run.warnings,
    servers: servers.map(({ name }) => name),
    running: running(bench),
    texts: await toolTexts(host, run.run_id),
  };
  await host.close();
  expect(processesOf(bench)).toEqual([]);
  return seen;
}

/** Those of the counted servers that are running. */
function running(bench: Workbench): readonly string[] {
  const named = processesOf(bench).map((row) => /effect-server\.mjs --([\w-]+)/.exec(row)?.[1]);
  return named.filter((name) => name !== undefined).sort();
}

const trust = async (bench: Workbench) => expect((await legwork(bench, ["trust"], ENV)).code).toBe(0);

const USERS = ["claude-user", "gemini-user"];
const ALL = ["claude-project", "claude-user", "gemini-project", "gemini-user"];

describe("import: [claude, gemini]", () => {
  it("starts and reads nothing of a project that is not trusted, and names the command that trusts it", async () => {
    const { bench, remote, project, write } = await setImports("");
    // A variable that is not set would be told, if it were looked at.
    project.claude["claude-project"].env.EFFECT_FILE = dollar("NOBODY_SETS_THIS");
    write();
    const { notices, warnings, servers, running, texts } = await play(bench);
    expect(running).toEqual(USERS);
    expect(remote.seen).toEqual([]);
    expect(servers).toEqual([...USERS, "workspace"]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toEqual(naming(MCP, GEMINI, "trusted", `node ${BIN} trust`, bench.project));
    expect(warnings.join()).not.toContain("NOBODY_SETS_THIS");
    expect(texts.slice(0, 2)).toEqual(["added claude-user", "added gemini-user"]);
    for (const text of texts.slice(2)) expect(text).toMatch(/^(claude|gemini)-(project|remote)__\w+ /);
  });

  it("uses all of them once it is trusted, with the variables that the user exposes", async () => {
    const { bench, remote } = await setImports();
    await trust(bench);
    const { notices, warnings, running, texts } = await play(bench);
    expect({ notices, warnings }).toEqual({ notices: [], warnings: [] });
    expect(running).toEqual(ALL);
    expect(texts).toEqual([...USERS, "claude-project", "gemini-project"].map((name) => `added ${name}`).concat("ok"));
    for (const name of ALL) expect(readFileSync(join(bench.root, `${name}.txt`), "utf8")).toBe(`${name}\n`);
    expect(remote.seen.map(({ headers }) => headers["x-team"])).toEqual(remote.seen.map(() => "builders"));
    expect(remote.seen.length).toBeGreaterThan(2);
  });

  it.each([
    ["changed", MCP, (file: string) => appendFileSync(file, " ")],
    ["changed", GEMINI, (file: string) => appendFileSync(file, " ")],
    ["gone", MCP, (file: string) => rmSync(file)],
  ])("starts nothing of the project when a file of it is %s: %s", async (_how, name, change) => {
    const { bench, remote } = await setImports();
    await trust(bench);
    change(join(bench.project, name));
    const { notices, running } = await play(bench);
    expect(running).toEqual(USERS);
    expect(remote.seen).toEqual([]);
    expect(notices).toEqual([naming(name, "trusted")]);
    await trust(bench);
    expect((await play(bench)).notices).toEqual([]);
  });

  it("gives a project no variable that its user does not expose, and no other server suffers", async () => {
    const { bench, project, write } = await setImports();
    project.claude["claude-project"].env.EFFECT_FILE = dollar("PROJECT_KEY");
    project.gemini["gemini-project"].env.EFFECT_FILE = "$PROJECT_KEY";
    write();
    await trust(bench);
    const { warnings, running, texts } = await play(bench);
    expect(running).toEqual(USERS);
    for (const [name, file] of [
      ["claude-project", MCP],
      ["gemini-project", GEMINI],
    ])
      expect(warnings.join("\n")).toContain(
        `${join(bench.project, file ?? "")}: mcpServers.${name}.env.EFFECT_FILE: ${dollar("PROJECT_KEY")}`,
      );
    expect(texts.join("\n") + warnings.join("\n")).not.toContain(ENV.PROJECT_KEY);
    expect(texts.at(-1)).toBe("ok");
  });
});

describe("legwork among the imported servers", () => {
  it("is left out however it is spelled, with a notice for each, and is not started", async () => {
    const { bench, project, write } = await setImports();
    const link = join(bench.root, "lw");
    symlinkSync(BIN, link);
    const spellings: Record<string, object> = {
      name: { command: "legwork" },
      npx: { command: "npx", args: ["-y", "legwork@latest"] },
      node: { command: "node", args: [BIN] },
      quiet: { command: process.execPath, args: ["--no-warnings", BIN, "--project", "."] },
      link: { command: link },
      linked: { command: "node", args: [link] },
      shell: { command: "sh", args: ["-c", `cd / && exec node '${BIN}'`] },
      env: { command: "env", args: ["X=1", "node", BIN] },
      variable: { command: "node", args: [`${dollar("BIN_FOLDER")}/legwork.js`] },
    };
    Object.assign(project.claude, spellings);
    bench.configure(`${NO_SERVERS}import: [claude, gemini]\nexpose_env: [TEAM, BIN_FOLDER]\n`);
    write();
    await trust(bench);
    const { notices, servers, running } = await play(bench);
    expect(running).toEqual(ALL);
    const ours = (name: string) => naming(`mcpServers.${name}`, join(bench.project, MCP), /\blegwork\b(?!-)/);
    expect(notices).toEqual(Object.keys(spellings).map(ours));
    for (const name of Object.keys(spellings)) expect(servers).not.toContain(name);
  });

  it("is refused where its entry hides it, by its answer to initialize", async () => {
    const { bench, project, write } = await setImports();
    // A program that nobody can see through before it runs.
    const code = `import(["file:/", ${JSON.stringify(BIN)}].join("/"))`;
    Object.assign(project.claude, { hidden: { command: process.execPath, args: ["-e", code] } });
    write();
    await trust(bench);
    const { warnings, servers, running } = await play(bench);
    expect(servers).toContain("hidden");
    expect(warnings).toEqual([naming('"hidden"', "legwork")]);
    expect(running).toEqual(ALL);
  });
});
