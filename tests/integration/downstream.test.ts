/** The downstream port over real server processes, well-behaved and hostile. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DownstreamError } from "../../src/core/errors.js";
import type { Catalog, Downstream, ToolAnswer } from "../../src/core/ports.js";
import type { CatalogTool } from "../../src/core/tool.js";
import { createDownstream } from "../../src/downstream/pool.js";
import type { ServerConfig } from "../../src/downstream/server-config.js";

const EFFECT_SERVER = fileURLToPath(new URL("../support/effect-server.mjs", import.meta.url));
const HOSTILE_SERVER = fileURLToPath(new URL("../support/hostile-server.mjs", import.meta.url));
const FILE_SERVER = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", import.meta.url),
);
const CLOSE_BUDGET_MS = 1_700; // 1.5 s for the servers, and some for a busy machine

let folder: string;
let pids: number[];
const open: Downstream[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "legwork-downstream-"));
  pids = [];
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((downstream) => downstream.close()));
  for (const pid of pids) expect(groupLives(pid), `process group ${pid}`).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});

describe("the catalog", () => {
  it("lists a server's tools under qualified names with their effects", async () => {
    const { tools, problems } = await open1(effects());
    expect(problems).toEqual([]);
    expect(tools.map(({ name, effect }) => [name, effect])).toEqual([
      ["effects__add_line", "effectful"],
      ["effects__read_lines", "read_only"],
      ["effects__slow", "read_only"],
      ["effects__slow_add_line", "effectful"],
      ["effects__fail", "read_only"],
      ["effects__big", "read_only"],
      ["effects__echo", "idempotent"],
      ["effects__die", "effectful"],
    ]);
    expect(tools[0]).toMatchObject({ server: "effects", tool: "add_line", description: "The add_line tool." });
  });

  it("starts a server once for callers who come together, and only when asked", async () => {
    const downstream = pool(effects());
    expect(downstream.servers).toEqual(["effects"]);
    expect(downstream.knownCatalog(["effects"])).toBeNull();
    expect(pids).toEqual([]);
    const [first, second] = await Promise.all([downstream.catalog(["effects"]), downstream.catalog(["effects"])]);
    expect(second).toBe(first);
    expect(pids).toHaveLength(1);
    expect(downstream.knownCatalog(["effects"])).toBe(first);
    expect((await downstream.catalog(["effects"])).tools).toBe(first.tools);
  });

  it("keeps the order of the configuration", async () => {
    const downstream = pool(hostile("pages", { name: "b" }), hostile("growing", { name: "a" }));
    const { tools } = await downstream.catalog(["a", "b"]);
    expect(names(tools)).toEqual(["b__tool_0", "b__tool_1", "b__tool_2", "b__tool_3", "b__tool_4", "a__plain"]);
  });

  it("includes, excludes and reclassifies by pattern", async () => {
    const { tools } = await open1(
      effects({
        includeTools: ["*_line", "effects__read*", "echo"],
        excludeTools: ["slow_*"],
        effects: [
          { pattern: "*", effect: "idempotent" },
          { pattern: "effects__add_line", effect: "read_only" },
        ],
      }),
    );
    expect(tools.map(({ name, effect }) => [name, effect])).toEqual([
      ["effects__add_line", "read_only"],
      ["effects__read_lines", "idempotent"],
      ["effects__echo", "idempotent"],
    ]);
  });

  it("sets malformed tools aside alone", async () => {
    const { tools, problems } = await open1(hostile("odd-tools"));
    expect(tools.map(({ tool }) => tool)).toEqual([
      "plain",
      "untyped_schema",
      "null_description",
      "odd_annotations",
      "list_annotations",
      "broken_output",
      "n".repeat(200),
      "näme with späces/and.dots",
    ]);
    for (const { name, effect, inputSchema } of tools) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(effect).toBe("effectful");
      expect(inputSchema).toMatchObject({ type: "object" });
    }
    expect(tools.find(({ tool }) => tool === "null_description")?.description).toBe("");
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(["tool_set_aside"]));
    expect(problems.map(({ message }) => message.replace('server "hostile": ', ""))).toEqual([
      'tool "no_schema" was set aside: its inputSchema is missing or no object',
      'tool "list_schema" was set aside: its inputSchema is missing or no object',
      'tool "array_schema" was set aside: its inputSchema is of type "array", not "object"',
      'tool "plain" was set aside: another of its tools has the same name, hostile__plain',
      'tool "only_tasks" was set aside: it can only be called as an MCP task',
      "its tool number 14 was set aside: it has no name",
      "its tool number 15 was set aside: it has no name",
      "its tool number 16 was set aside: it has no name",
      "its tool number 17 was set aside: it has no name",
    ]);
  });

  it("sets the second of two tools with one qualified name aside", async () => {
    const first = hostile("one-tool", { name: "a", argument: "b__c" });
    const second = hostile("one-tool", { name: "a__b", argument: "c" });
    const downstream = pool(first, second);
    const { tools, problems } = await downstream.catalog(["a", "a__b"]);
    expect(tools.map(({ name, server }) => [name, server])).toEqual([["a__b__c", "a"]]);
    expect(problems).toMatchObject([{ server: "a__b", code: "tool_set_aside" }]);
  });

  it("reads all pages, and stops at a cursor that repeats", async () => {
    const { tools, problems } = await pool(hostile("false-cursor", { name: "stuck" })).catalog(["stuck"]);
    expect(names(tools)).toEqual(["stuck__plain"]);
    expect(problems).toEqual([]);
  });

  it("takes a server without tools as one with none", async () => {
    expect(await open1(hostile("no-tools"))).toEqual({ tools: [], problems: [] });
  });

  it("follows list_changed, and keeps its identity until then", async () => {
    const downstream = pool(hostile("growing"));
    const before = await downstream.catalog(["hostile"]);
    await call(downstream, tool(before, "plain"));
    await vi.waitFor(() => expect(names(downstream.knownCatalog(["hostile"])?.tools ?? [])).toHaveLength(2));
    expect(before.tools).toHaveLength(1);
  });

  it("names an unknown server as a problem", async () => {
    const { problems } = await pool().catalog(["nope"]);
    expect(problems).toEqual([{ server: "nope", code: "unknown_server", message: 'there is no server "nope"' }]);
  });
});

describe("a start that fails", () => {
  it("says that a command was not found, and does not try it again", async () => {
    const downstream = pool(effects({ command: "legwork-no-such-command" }));
    const first = await downstream.catalog(["effects"]);
    expect(first.tools).toEqual([]);
    expect(first.problems).toMatchObject([{ server: "effects", code: "spawn_failed" }]);
    expect(first.problems[0]?.message).toContain('the command "legwork-no-such-command" was not found');
    await delay(1_050);
    expect(await downstream.catalog(["effects"])).toBe(first);
  });

  it("says that a file may not be run", async () => {
    const file = path.join(folder, "plain.txt");
    writeFileSync(file, "text");
    const { problems } = await open1(effects({ command: file }));
    expect(problems).toMatchObject([{ code: "spawn_failed", message: expect.stringContaining("may not be run") }]);
  });

  it("says that a working folder is missing", async () => {
    const { problems } = await open1(effects({ cwd: path.join(folder, "gone") }));
    expect(problems).toMatchObject([{ code: "start_failed", message: expect.stringContaining("does not exist") }]);
  });

  it("shows the last words of a server that exits, and tries again at most once a second", async () => {
    const downstream = pool(hostile("exits-at-once"));
    const first = await downstream.catalog(["hostile"]);
    expect(first.problems[0]).toMatchObject({ code: "start_failed" });
    expect(first.problems[0]?.message).toContain("it exited with code 3");
    expect(first.problems[0]?.message).toContain("warming up / fatal: no database");
    expect(await downstream.catalog(["hostile"])).toBe(first);
    await delay(1_050);
    expect(await downstream.catalog(["hostile"])).not.toBe(first);
  });

  it("gives up on a server that never answers, and close() does not wait for it", async () => {
    const pidFile = path.join(folder, "pid");
    const downstream = pool(hostile("silent", { env: { PID_FILE: pidFile } }), effects());
    const starting = downstream.catalog(["hostile"]);
    await downstream.catalog(["effects"]);
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true));
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(groupLives(pid)).toBe(true);
    const startedAt = performance.now();
    await downstream.close();
    expect(performance.now() - startedAt).toBeLessThan(CLOSE_BUDGET_MS);
    expect(groupLives(pid)).toBe(false);
    expect((await starting).problems).toMatchObject([{ server: "hostile", code: "start_failed" }]);
    expect((await downstream.catalog(["effects"])).problems).toMatchObject([{ code: "connection_closed" }]);
  });

  it("times out after 10 s, naming what the server wrote", { timeout: 15_000 }, async () => {
    const { problems } = await open1(hostile("silent"));
    expect(problems).toMatchObject([{ code: "start_timeout", message: expect.stringContaining("within 10 s") }]);
  });

  it("does not mind garbage on stdout", async () => {
    const downstream = pool(hostile("garbage"));
    const catalog = await downstream.catalog(["hostile"]);
    expect(names(catalog.tools)).toEqual(["hostile__plain"]);
    expect(await call(downstream, tool(catalog, "plain"))).toEqual({ isError: false, text: "ok" });
  });
});

describe("a call", () => {
  it("answers, also with isError and with another server's error", async () => {
    const { downstream, catalog } = await opened(effects(), hostile("errors"));
    expect(await call(downstream, tool(catalog, "echo"), { a: [1] })).toEqual({ isError: false, text: '{"a":[1]}' });
    expect(await call(downstream, tool(catalog, "fail"))).toEqual({ isError: true, text: "it went wrong" });
    const error = await failure(call(downstream, tool(catalog, "hostile__plain")));
    expect(error).toMatchObject({ code: "call_failed", server: "hostile" });
    expect(error.message).toContain("no such page");
  });

  it("turns every kind of content into text", async () => {
    const { downstream, catalog } = await opened(hostile("odd-results"));
    const plain = tool(catalog, "plain");
    expect((await call(downstream, plain, { kind: "mixed" })).text.split("\n")).toEqual([
      "first",
      "[image image/png, 6 bytes]",
      "[resource_link text/plain, 12 bytes, file:///a.txt]",
      "[resource text/plain, file:///b.txt]",
      "the text of b",
      "[hologram]",
      "[text]",
      "[unreadable content]",
      "last",
    ]);
    expect(await call(downstream, plain, { kind: "structured" })).toEqual({ isError: false, text: '[1,{"two":2}]' });
    expect(await call(downstream, plain, { kind: "empty" })).toEqual({ isError: false, text: "(no content)" });
  });

  it("loses none of 100 at once under one signal, without a warning", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on("warning", onWarning);
    const { downstream, catalog } = await opened(effects());
    const echo = tool(catalog, "echo");
    const { signal } = new AbortController();
    const calls = Array.from({ length: 100 }, (_, n) => downstream.call(echo, { n }, { timeoutMs: 5_000, signal }));
    const answers = await Promise.all(calls);
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, n) => `{"n":${n}}`));
    await delay(10);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("brings a result of 20 MiB", async () => {
    const { downstream, catalog } = await opened(effects());
    const size = 20 * 1024 * 1024;
    expect((await call(downstream, tool(catalog, "big"), { n: size })).text).toHaveLength(size);
  });

  it("closes the connection over a message of more than 64 MiB", { timeout: 20_000 }, async () => {
    const { downstream, catalog } = await opened(effects());
    const error = await failure(call(downstream, tool(catalog, "big"), { n: 65 * 1024 * 1024 }));
    expect(error).toMatchObject({ code: "connection_closed", message: expect.stringContaining("a line of more than") });
  });

  it("is cancelled at the server when it times out", async () => {
    const { downstream, catalog } = await opened(effects());
    const error = await failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }, 300));
    expect(error).toMatchObject({ code: "call_timeout" });
    expect(error.message).toBe("effects__slow timed out after 0.3 s: it changes nothing and may be called again");
    await vi.waitFor(() => expect(effectLog()).toEqual(["started", "cancelled"]));
  });

  it("is cancelled at the server when the caller aborts, and rejects at once", async () => {
    const { downstream, catalog } = await opened(effects());
    const controller = new AbortController();
    const limits = { timeoutMs: 60_000, signal: controller.signal };
    const calling = failure(downstream.call(tool(catalog, "slow_add_line"), { ms: 20_000, text: "a" }, limits));
    await vi.waitFor(() => expect(effectLog()).toEqual(["started"]));
    const abortedAt = performance.now();
    controller.abort();
    const error = await calling;
    expect(performance.now() - abortedAt).toBeLessThan(100);
    expect(error).toMatchObject({ code: "call_aborted", message: expect.stringContaining("its outcome is unknown") });
    await vi.waitFor(() => expect(effectLog()).toEqual(["started", "cancelled"]));
    const late = await failure(downstream.call(tool(catalog, "add_line"), { text: "b" }, limits));
    expect(late).toMatchObject({ code: "call_aborted", message: expect.stringContaining("was not called") });
    expect(existsSync(path.join(folder, "effects.txt"))).toBe(false);
  });

  it("is not cancelled at the server when the signal aborts after its answer", async () => {
    const { downstream, catalog } = await opened(effects());
    const controller = new AbortController();
    const limits = { timeoutMs: 5_000, signal: controller.signal };
    await downstream.call(tool(catalog, "slow"), { ms: 1 }, limits);
    controller.abort();
    await call(downstream, tool(catalog, "echo"));
    expect(effectLog()).toEqual(["started", "finished"]);
  });

  it("uses the server's own time-out", async () => {
    const { downstream, catalog } = await opened(effects({ timeoutSeconds: 0.2 }));
    const error = await failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }));
    expect(error.message).toContain("timed out after 0.2 s");
  });

  it("has an unknown outcome when the server dies, which comes back with the next catalog", async () => {
    const { downstream, catalog } = await opened(effects());
    await delay(1_000); // past the shortest time between two starts
    const error = await failure(call(downstream, tool(catalog, "die")));
    expect(error).toMatchObject({ code: "connection_closed" });
    expect(error.message).toContain("it exited with code 7");
    expect(error.message).toContain("its outcome is unknown");
    expect(downstream.knownCatalog(["effects"])).toBeNull();
    const unmade = await failure(call(downstream, tool(catalog, "add_line"), { text: "a" }));
    expect(unmade).toMatchObject({ code: "connection_closed", message: expect.stringContaining("was not called") });
    const again = await downstream.catalog(["effects"]);
    expect(again.problems).toEqual([]);
    expect(await call(downstream, tool(again, "add_line"), { text: "a" })).toEqual({ isError: false, text: "added a" });
    expect(pids).toHaveLength(2);
  });

  it("fails soon when the server stops reading", async () => {
    const { downstream, catalog } = await opened(hostile("deaf"));
    const first = failure(call(downstream, tool(catalog, "plain")));
    await delay(50);
    await failure(call(downstream, tool(catalog, "plain")));
    expect(await first).toMatchObject({ code: "connection_closed" });
  });
});

describe("the child process", () => {
  it("sees only what it needs and what was declared", async () => {
    const baseEnv = { ...process.env, SECRET: "hunter2", GEMINI_API_KEY: "key", LANG: "C", TERM: "() { :; }" };
    const downstream = createDownstream([hostile("environment", { env: { DECLARED: "yes" } })], options(baseEnv));
    open.push(downstream);
    const { text } = await call(downstream, tool(await downstream.catalog(["hostile"]), "plain"));
    const seen = JSON.parse(text);
    expect(seen).toMatchObject({ DECLARED: "yes", PATH: process.env.PATH, LANG: "C" });
    const allowed = ["DECLARED", "HOME", "LOGNAME", "PATH", "SHELL", "USER", "LANG", "TMPDIR"];
    expect(Object.keys(seen).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it("ends at once when its input ends", async () => {
    const { downstream } = await opened(effects());
    const startedAt = performance.now();
    await Promise.all([downstream.close(), downstream.close()]);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(groupLives(pids[0] ?? 0)).toBe(false);
  });

  it("is killed in the budget when it ignores end of input and SIGTERM, and its calls fail at once", async () => {
    const { downstream, catalog } = await opened(hostile("stubborn"), effects(), hostile("grandchild", pidFile()));
    const slow = failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }));
    await vi.waitFor(() => expect(effectLog()).toEqual(["started"]));
    const startedAt = performance.now();
    const closing = downstream.close();
    expect(await slow).toMatchObject({ code: "connection_closed" });
    expect(performance.now() - startedAt).toBeLessThan(100);
    await closing;
    expect(performance.now() - startedAt).toBeLessThan(CLOSE_BUDGET_MS);
    expect(pids).toHaveLength(3);
  });

  it("takes its grandchildren along when it exits by itself", async () => {
    const { downstream, catalog } = await opened(hostile("grandchild", pidFile()));
    const grandchild = Number(readFileSync(path.join(folder, "pid"), "utf8"));
    expect(isAlive(grandchild)).toBe(true);
    await failure(call(downstream, tool(catalog, "plain")));
    await vi.waitFor(() => expect(isAlive(grandchild)).toBe(false), 2_000);
  });
});

describe("the workspace guard", () => {
  it("refuses changes of what steers agents, by any name, and nothing else", async () => {
    const root = path.join(folder, "project");
    for (const name of ["a/b/.git", ".git/hooks", ".claude", "src"])
      mkdirSync(path.join(root, name), { recursive: true });
    writeFileSync(path.join(root, "src/a.txt"), "old");
    symlinkSync(".git", path.join(root, "notes"));
    symlinkSync(".git/new-hook", path.join(root, "src/dangling"));
    symlinkSync(path.join(root, ".git"), path.join(root, "cafe\u0301"));
    const { downstream, catalog } = await opened(workspace(root));
    const write = (file: string) => downstream.objection(tool(catalog, "write_file"), { path: file, content: "" });
    const move = (source: string, destination: string) =>
      downstream.objection(tool(catalog, "move_file"), { source, destination });

    for (const file of [
      ".git/config",
      ".GIT/hooks/pre-commit",
      "./src/../.git/x",
      path.join(root, ".claude/settings.json"),
      ".mcp.json",
      "src/.Mcp.Json",
      "a/b/.git/config",
      "new/deep/.legwork/config.yaml",
      ".gemini",
      "notes/config",
      "notes",
      "src/dangling",
      "caf\u00e9/config",
      ".git./config",
      ".git::$INDEX_ALLOCATION/config",
      ".g\u200cit/config",
      "~/x",
      "src/\0",
    ]) {
      expect(await write(file), file).toMatch(/is protected|cannot be resolved/);
    }
    for (const file of ["src/a.txt", "new/deep/file", ".gitignore", "src/git", ".github/x", path.join(root, "b")]) {
      expect(await write(file), file).toBeNull();
    }
    expect(await move(".git/config", "src/config")).toContain('".git/config" is protected');
    expect(await move("src/a.txt", ".mcp.json")).toContain('".mcp.json" is protected');
    expect(await move("src/a.txt", "src/b.txt")).toBeNull();
    expect(await downstream.objection(tool(catalog, "write_file"), { paths: ["a", ".git/x", 3] })).toContain(".git/x");
    expect(await downstream.objection(tool(catalog, "read_text_file"), { path: ".git/config" })).toBeNull();

    await call(downstream, tool(catalog, "write_file"), { path: "src/a.txt", content: "new" });
    expect(readFileSync(path.join(root, "src/a.txt"), "utf8")).toBe("new");
  });

  it("judges names below the root only", async () => {
    const root = path.join(folder, ".claude/worktrees/one");
    mkdirSync(root, { recursive: true });
    const { downstream, catalog } = await opened(workspace(root));
    const write = tool(catalog, "write_file");
    expect(await downstream.objection(write, { path: path.join(root, "a.txt") })).toBeNull();
    expect(await downstream.objection(write, { path: path.join(root, ".claude/a.txt") })).toContain("is protected");
  });

  it("does not concern servers without one", async () => {
    const { downstream, catalog } = await opened(effects());
    expect(await downstream.objection(tool(catalog, "add_line"), { path: ".git/config" })).toBeNull();
  });
});

function effects(changes: Partial<ServerConfig> = {}): ServerConfig {
  const env = { EFFECT_FILE: path.join(folder, "effects.txt"), EFFECT_LOG: path.join(folder, "effects.log") };
  return { ...server("effects", [EFFECT_SERVER]), env, ...changes };
}

function hostile(mode: string, changes: Partial<ServerConfig> & { readonly argument?: string } = {}): ServerConfig {
  const { argument, ...rest } = changes;
  const name = mode === "grandchild" ? "grandchild" : "hostile";
  return { ...server(name, [HOSTILE_SERVER, mode, ...(argument ? [argument] : [])]), ...rest };
}

function workspace(root: string): ServerConfig {
  return { ...server("workspace", [FILE_SERVER, root]), cwd: root, guard: { root } };
}

function server(name: string, args: readonly string[]): ServerConfig {
  return {
    name,
    command: process.execPath,
    args,
    env: {},
    cwd: folder,
    timeoutSeconds: null,
    includeTools: null,
    excludeTools: [],
    effects: [],
    guard: null,
  };
}

function pidFile(): { readonly argument: string } {
  return { argument: path.join(folder, "pid") };
}

/** Closed after the test; the process ids come from what it logs. */
function pool(...servers: readonly ServerConfig[]): Downstream {
  const downstream = createDownstream(servers, options(process.env));
  open.push(downstream);
  return downstream;
}

function options(baseEnv: Readonly<Record<string, string | undefined>>) {
  const note = (fields: object) => {
    if ("pid" in fields && typeof fields.pid === "number" && !pids.includes(fields.pid)) pids.push(fields.pid);
  };
  return { baseEnv, clientVersion: "0.0.0", log: { debug: note, info: note, warn: note, error: note } };
}

async function opened(...servers: readonly ServerConfig[]) {
  const downstream = pool(...servers);
  return { downstream, catalog: await downstream.catalog(downstream.servers) };
}

async function open1(config: ServerConfig): Promise<Catalog> {
  return (await opened(config)).catalog;
}

function tool(catalog: Catalog, name: string): CatalogTool {
  const found = catalog.tools.find((candidate) => candidate.name === name || candidate.tool === name);
  if (!found) throw new Error(`no tool ${name} in the catalog: ${JSON.stringify(catalog.problems)}`);
  return found;
}

function names(tools: readonly CatalogTool[]): readonly string[] {
  return tools.map(({ name }) => name);
}

function call(downstream: Downstream, target: CatalogTool, args = {}, timeoutMs = 30_000): Promise<ToolAnswer> {
  return downstream.call(target, args, { timeoutMs, signal: new AbortController().signal });
}

async function failure(calling: Promise<unknown>): Promise<DownstreamError> {
  const error = await calling.catch((reason: unknown) => reason);
  if (error instanceof DownstreamError) return error;
  throw new Error(`expected a DownstreamError, got ${JSON.stringify(error)}`);
}

function effectLog(): readonly string[] {
  const file = path.join(folder, "effects.log");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

function groupLives(leader: number): boolean {
  return livingProcesses().some(({ group }) => group === leader);
}

function isAlive(pid: number): boolean {
  return livingProcesses().some((living) => living.pid === pid);
}

/** Without those that are dead and only wait for their parent to notice, which a signal cannot tell apart. */
function livingProcesses(): readonly { readonly pid: number; readonly group: number }[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat="], { encoding: "utf8" });
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  const living = rows.filter(([, , state]) => !state?.startsWith("Z"));
  return living.map(([pid, group]) => ({ pid: Number(pid), group: Number(group) }));
}
