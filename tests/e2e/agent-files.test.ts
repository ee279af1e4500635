/** Agent and server files that people already have, from the wire: their names, their folders, and above all their blocks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork, legworkHere } from "../support/command.js";
import { EFFECT_SERVER, type TestHost, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearseCalls, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";

const inHome = (bench: Workbench, file: string, text: string) => bench.write(join("..", file), text);
const server = (bench: Workbench, name: string) => ({
  command: process.execPath,
  args: [EFFECT_SERVER],
  env: { EFFECT_FILE: join(bench.root, `${name}.txt`) },
});
const agentFile = (name: string, ...fields: readonly string[]) =>
  ["---", `name: ${name}`, ...fields, "---", "Do it."].join("\n");

interface Listed {
  readonly agents: readonly { readonly name: string; readonly slug?: string; readonly error: string | null }[];
  readonly servers: readonly { readonly name: string }[];
}
const listed = async (host: TestHost) => (await host.call("list_agents")).structured as unknown as Listed;

describe("the tools of servers whose names are not legal here", () => {
  it("are granted and blocked by the names that the host gives them, and by no other agent's", async () => {
    const bench = setBench();
    bench.configure('import: [claude]\ntools: ["*"]\n');
    const names = { "My Server": server(bench, "my"), my__srv: server(bench, "srv"), "a.b": server(bench, "ab") };
    inHome(bench, ".claude.json", JSON.stringify({ mcpServers: names }));
    const blocks = {
      claude: "disallowedTools: mcp__My_Server__add_line, mcp__my__srv__add_line, mcp__a_b__add_line",
      wide: "disallowedTools: [mcp__My_Server, mcp__my__srv__*, mcp__a_b]",
      gemini: "disallowedTools: mcp_My_Server_add_line, mcp_my__srv_add_line, mcp_a.b_add_line",
      loose: "description: x: y\ndisallowedTools:\n\t- mcp__My_Server__add_line\n\t- my_srv*\n\t- mcp__a.b__add_line",
    };
    for (const [name, field] of Object.entries(blocks))
      inHome(bench, `.claude/agents/${name}.md`, agentFile(name, ...field.split("\n")));
    inHome(bench, ".claude/agents/granted.md", agentFile("granted", "tools: mcp__My_Server__add_line mcp__my__srv"));
    inHome(bench, ".claude/agents/idle.md", agentFile("idle", "disallowedTools: Bash, mcp__My_Server__ad_line"));

    const host = await setHost(bench);
    const { servers } = await listed(host);
    const tools = servers.filter(({ name }) => name !== "workspace").map(({ name }) => `${name}__add_line`);
    expect(tools).toHaveLength(3);
    rehearseCalls(
      bench,
      "all",
      tools.map((tool) => ({ tool, arguments: { text: "x" } })),
    );
    const answers = async (agent: string) =>
      (await toolTexts(host, (await runScript(host, "all", { agent })).run_id)).map((text) => text === "added x");
    // The catalogs are cold at first: the block holds before the tools are known.
    for (const name of Object.keys(blocks)) expect(await answers(name), name).toEqual([false, false, false]);
    expect(await answers("granted")).toEqual([true, true, false]);

    const refused = await host.call("spawn_agent", { prompt: "x", provider: "rehearsal", model: "all", agent: "idle" });
    expect(refused.isError).toBe(true);
    expect(refused.structured.error).toEqual({
      code: "unmatched_block",
      message: naming("mcp__My_Server__ad_line", "idle", /"mcp__My_Server__add_line"/),
    });
  }, 120_000);

  it("that a block misses end the run before its first turn, where they are known only then", async () => {
    const bench = setBench();
    bench.configure('import: [claude]\ntools: ["*"]\n');
    inHome(bench, ".claude.json", JSON.stringify({ mcpServers: { "My Server": server(bench, "my") } }));
    inHome(bench, ".claude/agents/a.md", agentFile("a", "disallowedTools: mcp__My_Server__nothing"));
    rehearseCalls(bench, "none", []);
    const run = await runScript(await setHost(bench), "none", { agent: "a" });
    expect(run).toMatchObject({ status: "error", turns_used: 0, error: { code: "unmatched_block" } });
  });

  it("that match nothing refuse a run beside a server that cannot be used, which is named where they are its", async () => {
    const bench = setBench();
    bench.configure("import: [claude]\n");
    const broken = { ...server(bench, "vars"), env: { A: "\u0024{NOT_SET_ANYWHERE}" } };
    inHome(bench, ".claude.json", JSON.stringify({ mcpServers: { vars: broken } }));
    const agents = {
      misspelt: ["disallowedTools: NoSuch"],
      broken: ["disallowedTools: mcp__vars__add_line"],
      granted: ["tools: NoSuch"],
      bullets: ["description: x: y", "tools:", "  * Read", "  * Glob"],
    };
    for (const [name, fields] of Object.entries(agents))
      inHome(bench, `.claude/agents/${name}.md`, agentFile(name, ...fields));
    rehearseCalls(bench, "write", [{ tool: "workspace__write_file", arguments: { path: "x.txt", content: "x" } }]);
    const host = await setHost(bench);
    const run = await runScript(host, "write", { agent: "bullets" });
    expect(await toolTexts(host, run.run_id)).toEqual([naming("workspace__write_file", "not allowed")]);
    const refusalOf = async (agent: string) =>
      (await host.call("spawn_agent", { prompt: "x", provider: "rehearsal", model: "write", agent })).structured.error;
    expect(await refusalOf("misspelt")).toEqual({ code: "unmatched_block", message: naming("NoSuch", "misspelt") });
    expect(await refusalOf("broken")).toEqual({
      code: "unmatched_block",
      message: naming("mcp__vars__add_line", "NOT_SET_ANYWHERE"),
    });
    expect(await refusalOf("granted")).toEqual({ code: "unknown_tools", message: naming("NoSuch", "granted") });
    expect(await refusalOf("bulle")).toMatchObject({ message: naming('"bullets"') });
    expect(await runScript(host, "write", { agent: " ", tools: [] })).toMatchObject({ agent: "default" });
  });
});

it("a configuration file that changes, appears or goes is reported by the next answer", async () => {
  const bench = setBench();
  bench.configure("import: [claude]\n");
  inHome(bench, ".claude.json", "{}");
  rehearseCalls(bench, "none", []);
  const host = await setHost(bench);
  expect((await runScript(host, "none")).notices ?? []).toEqual([]);
  bench.configure("import: [claude]\nmodel: x\n");
  bench.write(".mcp.json", "{}");
  const changed = naming(join(bench.home, "config.yaml"), join(bench.project, ".mcp.json"), "changed", "restart");
  expect((await runScript(host, "none")).notices).toEqual([changed]);
  expect((await host.call("list_agents")).structured.notices).toEqual([changed]);
});

it("legwork agents check tells the parts of files that would be left out, and fails for files that cannot be used", async () => {
  const bench = setBench();
  const good = { name: "Front End", fields: ["tools: Read, Bash", "color: red", "model: opus"] };
  inHome(bench, "drafts/good.md", agentFile(good.name, ...good.fields));
  inHome(bench, "drafts/lost.md", agentFile("lost", "disallowedTools: {Write: true}"));
  inHome(bench, "drafts/notes.md", "Notes.");
  inHome(bench, ".gemini/agents/far.md", agentFile("far", "kind: remote"));
  bench.write(".legwork/agents/own.yaml", "tols: []\n");
  const file = (name: string) => join(bench.root, name);
  const check = async (...args: readonly string[]) => {
    const { code, stdout } = await legworkHere(bench, ["agents", "check", ...args, "--json"]);
    return { code, agents: (JSON.parse(stdout) as { agents: readonly object[] }).agents };
  };
  expect(await check(file("drafts/good.md"))).toEqual({
    code: 0,
    agents: [
      {
        file: file("drafts/good.md"),
        host: "claude",
        name: "Front End",
        description: null,
        model: "opus",
        tools: ["Read", "Bash"],
        blocked_tools: [],
        error: null,
        left_out: [naming("color"), naming("tools", "Bash", "shell")],
      },
    ],
  });
  const bad = ["drafts/lost.md", "drafts/notes.md", ".gemini/agents/far.md", "project/.legwork/agents/own.yaml"];
  const { code, agents } = await check(...bad.map(file), file("nowhere.md"));
  expect(code).toBe(2);
  expect(agents).toMatchObject([
    { host: "claude", error: naming("lost.md:3:1", "disallowedTools") },
    { host: "claude", error: naming("notes.md", "no agent") },
    { host: "gemini", error: naming("far.md:3:1", "remote") },
    { host: "legwork", error: naming("own.yaml:1:1", "tols") },
    { error: naming("nowhere.md") },
  ]);
  const text = await legworkHere(bench, ["agents", "check", file("drafts/good.md"), "--host", "gemini"]);
  expect(text.stdout).toEqual(naming("good.md: ", "color", "1 file checked"));
  expect((await legworkHere(bench, ["agents", "check", file("x.md"), "--host", "other"])).code).toBe(2);
  expect((await legworkHere(bench, ["agents", "check"])).code).toBe(2);
});

it("a file of servers that names none is reported", async () => {
  const bench = setBench();
  bench.configure("import: [claude]\n");
  bench.write(".mcp.json", JSON.stringify({ servers: {} }));
  const host = await setHost(bench, { env: { LEGWORK_TRUST_PROJECT: "1" } });
  expect((await host.call("list_agents")).structured.notices).toEqual([naming(".mcp.json", '"mcpServers"')]);
});

describe("the folders of a host", () => {
  it("are those up to the project, count after trust alone, and a changed file does not count", async () => {
    const bench = setBench();
    bench.configure("import: [claude]\n");
    const nested = join(bench.project, "web", "app");
    const mcp = (name: string) => JSON.stringify({ mcpServers: { [name]: server(bench, name) } });
    bench.write("web/app/.mcp.json", mcp("near"));
    bench.write(".mcp.json", mcp("far"));
    bench.write("web/.claude/agents/team/one.md", agentFile("Front End", "description: web"));
    bench.write("web/.claude/agents/README.md", "No agent.");
    bench.write(".claude/agents/two.md", agentFile("two"));
    const agentsSeen = async (cwd: string) => {
      const host = await setHost(bench, { cwd });
      const { agents, servers } = await listed(host);
      await host.close();
      return [...agents, ...servers].map(({ name }) => name).filter((name) => /^(Front|two|near|far)/.test(name));
    };
    expect(await agentsSeen(nested)).toEqual([]);
    const atRoot = await legwork(bench, ["trust"]);
    expect(atRoot.code).toBe(0);
    expect(await agentsSeen(nested)).toEqual(["two"]); // one file of servers is not trusted, so none counts
    expect((await legwork(bench, ["trust"], {}, nested)).code).toBe(0);
    expect(await agentsSeen(nested)).toEqual(["Front End", "two", "near", "far"]);
    expect((await legwork(bench, ["trust"])).code).toBe(0); // does not forget the folders below
    expect(await agentsSeen(nested)).toEqual(["Front End", "two", "near", "far"]);
    bench.write("web/.claude/agents/team/one.md", agentFile("Front End", "description: changed"));
    expect(await agentsSeen(nested)).toEqual(["two", "near", "far"]);
  }, 120_000);

  it("move with $CLAUDE_CONFIG_DIR, and names are found as written and by their slugs", async () => {
    const bench = setBench();
    inHome(bench, ".claude/agents/old.md", agentFile("old"));
    inHome(bench, "moved/agents/new.md", agentFile('"Front End: Pro"', "model: inherit"));
    rehearseCalls(bench, "none", []);
    const host = await setHost(bench, { env: { CLAUDE_CONFIG_DIR: join(bench.root, "moved") } });
    const { agents } = await listed(host);
    expect(agents.filter(({ name }) => /old|Front/.test(name))).toMatchObject([
      { name: "Front End: Pro", slug: "front-end-pro" },
    ]);
    for (const agent of ["Front End: Pro", "front-end-pro"])
      expect(await runScript(host, "none", { agent })).toMatchObject({ status: "success", agent: "Front End: Pro" });
    expect(readFileSync(join(bench.root, "moved/agents/new.md"), "utf8")).toContain("Front End");
  });
});
