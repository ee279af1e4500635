/** list_agents from the wire: what can be spawned, with which tools, without starting anything. */
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { legwork } from "../support/command.js";
import type { TestHost, Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { effectServer, markingServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const ODD_TOOLS = resolve(import.meta.dirname, "../support/odd-tools.mjs");
const MOST_CHARACTERS = 10_000; // for a host that is not known

interface ServerItem {
  readonly name: string;
  readonly state: string;
  readonly from: string;
  readonly problem: object | null;
  readonly tools: number | null;
}

interface DefinitionItem {
  readonly name: string;
  readonly description: string | null;
  readonly origin: string;
  readonly from: string | null;
  readonly workflow?: string | null;
  readonly error: string | null;
  readonly notes?: readonly string[];
}

interface Listed {
  /** Each list is left out of pages that have nothing of it. */
  readonly agents?: readonly DefinitionItem[];
  readonly workflows?: readonly DefinitionItem[];
  readonly servers?: readonly ServerItem[];
  readonly server: ServerItem;
  readonly tools: readonly { readonly name: string; readonly effect: string; readonly description: string }[];
  readonly rejected: readonly { readonly code: string; readonly reason: string }[];
  readonly next_cursor: string | null;
  readonly notices?: readonly string[];
  readonly error: { readonly code: string; readonly message: string };
}

async function list(host: TestHost, args: Record<string, unknown> = {}) {
  const { isError, structured, text } = await host.call("list_agents", args);
  expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
  expect(JSON.parse(text)).toEqual(structured);
  return { isError, ...(structured as unknown as Listed) };
}

/** An mcpServers entry of a server with these tools, as one line of YAML. */
function oddServer(bench: Workbench, tools: readonly object[]): string {
  const file = join(bench.root, "tools.json");
  writeFileSync(file, JSON.stringify(tools));
  return JSON.stringify({ command: process.execPath, args: [ODD_TOOLS], env: { ODD_TOOLS_FILE: file } });
}

it("list_agents shows agents and servers, and starts no server", async () => {
  const bench = setBench();
  const mark = join(bench.root, "started");
  bench.configure(`mcpServers: { marked: ${markingServer(mark)} }`);
  const host = await setHost(bench);
  const { agents, workflows, servers, next_cursor } = await list(host);
  const shipped = { origin: "shipped", error: null, description: expect.stringMatching(/\.$/) };
  expect(agents?.[0]).toEqual({ ...shipped, name: "default", from: null, workflow: null });
  expect(agents?.find(({ name }) => name === "implementer")).toEqual({
    ...shipped,
    name: "implementer",
    from: expect.stringMatching(/workflows\/agents\/implementer\.md$/),
    workflow: "plan-execute",
  });
  expect(workflows?.find(({ name }) => name === "research")).toEqual({
    ...shipped,
    name: "research",
    from: expect.stringMatching(/workflows\/research\.yaml$/),
  });
  const never = { state: "idle", transport: "stdio", problem: null, tools: null, rejected: null };
  expect(servers).toEqual([
    { name: "marked", from: join(bench.home, "config.yaml"), ...never },
    { name: "workspace", from: expect.any(String), ...never },
  ]);
  expect(next_cursor).toBeNull();
  expect(await list(host, { server: "marked" })).toMatchObject({ server: { state: "idle" }, tools: [], rejected: [] });
  expect(existsSync(mark)).toBe(false);
});

it("list_agents shows the tools of a server that is up, and in another process its remembered tools", async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { effects: ${effectServer()}, workspace: { disabled: true } }`);
  rehearse(bench, "play", [{ text: "done" }]);
  const host = await setHost(bench);
  await runScript(host, "play", { tools: ["effects__*"] });
  const up = await list(host, { server: "effects" });
  expect(up.server).toMatchObject({ name: "effects", state: "ready", tools: 8 });
  const shown = { name: "effects__add_line", effect: "effectful", description: "The add_line tool." };
  expect(up.tools[0]).toEqual({ ...shown, arguments: ["text"], required: expect.any(Array) });
  const other = await list(await setHost(bench), { server: "effects" });
  expect(other.server).toMatchObject({ name: "effects", state: "idle", tools: 8 });
  expect(other.tools).toEqual(up.tools);
});

it("list_agents pages hundreds of tools, each by its first line, and the rejected tools after them", async () => {
  const bench = setBench();
  const tools = Array.from({ length: 300 }, (_, index) => ({
    name: `tool_${index}`,
    description: `Number ${index} ${"é".repeat(300)}\nA second line.`,
  }));
  bench.configure(
    `mcpServers: { odd: ${oddServer(bench, [...tools, { name: "broken", schema: { type: "string" } }])}, workspace: { disabled: true } }`,
  );
  rehearse(bench, "play", [{ text: "done" }]);
  const host = await setHost(bench);
  await runScript(host, "play", { tools: ["odd__*"] });
  const names: string[] = [];
  const rejected: object[] = [];
  let cursor: string | null = null;
  do {
    const page: Listed = await list(host, { server: "odd", limit: 200, ...(cursor === null ? {} : { cursor }) });
    for (const { name, description } of page.tools) {
      names.push(name);
      expect(description).toMatch(/^Number \d+ é+…$/);
      expect(description.length).toBeLessThanOrEqual(160);
    }
    rejected.push(...page.rejected);
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(names).toEqual(tools.map(({ name }) => `odd__${name}`));
  expect(rejected).toEqual([{ code: "tool_rejected", reason: expect.stringContaining('"broken"') }]);
  const few = await list(host, { server: "odd", limit: 2 });
  expect(few.tools.map(({ name }) => name)).toEqual(["odd__tool_0", "odd__tool_1"]);
});

it("list_agents pages many agents, workflows and servers, each once", async () => {
  const bench = setBench();
  const numbers = Array.from({ length: 60 }, (_, index) => index);
  bench.configure(`mcpServers:\n${numbers.map((index) => `  server-${index}: { command: none }\n`).join("")}`);
  for (const index of numbers) {
    bench.writeHome(`agents/agent-${index}.md`, `---\ndescription: ${"Says a lot. ".repeat(100)}\n---\nWork.\n`);
    bench.writeHome(`workflows/workflow-${index}.yaml`, `description: ${"é".repeat(100)}\nsteps: [{name: a}]\n`);
  }
  const host = await setHost(bench);
  const seen: Record<"agents" | "workflows" | "servers", string[]> = { agents: [], workflows: [], servers: [] };
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page: Listed = await list(host, { limit: 200, ...(cursor === null ? {} : { cursor }) });
    for (const kind of ["agents", "workflows", "servers"] as const)
      seen[kind].push(...(page[kind] ?? []).map(({ name }) => name));
    cursor = page.next_cursor;
    pages += 1;
  } while (cursor !== null);
  expect(pages).toBeGreaterThan(3);
  const names = (kind: string) => numbers.map((index) => `${kind}-${index}`).sort();
  for (const list of Object.values(seen)) expect(new Set(list).size).toBe(list.length);
  expect(seen.agents.filter((name) => name.startsWith("agent-")).sort()).toEqual(names("agent"));
  expect(seen.workflows.filter((name) => name.startsWith("workflow-")).sort()).toEqual(names("workflow"));
  expect(seen.servers).toEqual([...numbers.map((index) => `server-${index}`), "workspace"]);
});

it("a page of list_agents ends at the limit in the middle of a list, and the next one continues there", async () => {
  const host = await setHost(setBench());
  const first = await list(host, { limit: 2 });
  expect(first.agents).toHaveLength(2);
  expect(first).not.toHaveProperty("workflows");
  const second = await list(host, { limit: 5, cursor: first.next_cursor });
  expect(second.agents).toHaveLength(4);
  expect(second.workflows).toHaveLength(1);
  expect(second).not.toHaveProperty("servers");
});

it("list_agents shows each broken file with its error and place, and each unsupported key", async () => {
  const bench = setBench();
  bench.writeHome("workflows/bad.yaml", "steps:\n  - name: a\n    alowed_tools: all\n");
  bench.writeHome("agents/lost.md", "---\nworkflow: reserch\n---\nWork.\n");
  bench.writeHome("agents/default.md", "---\ndescription: Mine.\n---\nWork.\n");
  bench.writeHome(
    "../.claude/agents/helper.md",
    "---\nname: helper\ndescription: Helps.\ncolor: red\ntools: Read\n---\nHelp.\n",
  );
  const { agents = [], workflows = [], isError } = await list(await setHost(bench));
  expect(isError).toBe(false);
  expect(workflows.find(({ name }) => name === "bad")).toEqual({
    name: "bad",
    description: null,
    origin: "user",
    from: join(bench.home, "workflows/bad.yaml"),
    error: naming("workflows/bad.yaml:3:5: ", "alowed_tools", "allowed_tools"),
  });
  expect(agents.find(({ name }) => name === "lost")).toMatchObject({
    workflow: null,
    error: naming("agents/lost.md:2:1: ", '"reserch"', '"research"'),
  });
  expect(agents.filter(({ name }) => name === "default")).toMatchObject([{ origin: "user", description: "Mine." }]);
  const helper = agents.find(({ name }) => name === "helper");
  expect(helper).toMatchObject({ origin: "user", description: "Helps.", error: null });
  expect(helper?.notes).toEqual([naming("color")]);
});

it("list_agents refuses an unknown server, a foreign cursor and an unknown argument", async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { effects: ${effectServer()}, off: { command: node, disabled: true } }`);
  const host = await setHost(bench);
  const off = await list(host, { server: "off" });
  expect(off.error).toEqual({
    code: "unknown_server",
    message: naming('"off"', "switched off", join(bench.home, "config.yaml")),
  });
  const tools = await legwork(bench, ["tools", "off"]);
  expect(tools).toMatchObject({ code: 2, stderr: naming('"off"', "switched off") });
  const unknown = await list(host, { server: "efects" });
  expect(unknown.isError).toBe(true);
  expect(unknown.error).toEqual({
    code: "unknown_server",
    message: naming('"efects"', '"effects"', "workspace"),
  });
  expect((await list(host, { cursor: "abc" })).error.code).toBe("invalid_cursor");
  expect((await list(host, { servers: "effects" })).error.message).toEqual(naming('"servers"', '"server"'));
});

it("list_agents reports the configuration's fault with its place, and works once it is mended", async () => {
  const bench = setBench();
  bench.configure("mcpServers: 5");
  const host = await setHost(bench);
  const { isError, error } = await list(host);
  expect(isError).toBe(true);
  expect(error.code).toBe("configuration");
  expect(error.message).toContain(`${join(bench.home, "config.yaml")}:1:`);
  bench.configure("");
  expect((await list(host)).servers?.map(({ name }) => name)).toEqual(["workspace"]);
});

it("list_agents names the files of an untrusted project that were left out", async () => {
  const bench = setBench();
  bench.write(".legwork/config.yaml", "tools: []\n");
  bench.write(".legwork/workflows/own.yaml", "steps: [{name: a}]\n");
  const { notices, workflows } = await list(await setHost(bench));
  expect(notices).toEqual([naming(".legwork/config.yaml", "trusted"), naming(/\b1\b/, "workflow", "trusted")]);
  expect(workflows?.map(({ name }) => name)).not.toContain("own");
});
