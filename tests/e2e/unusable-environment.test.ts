/** Bad files, folders and servers around legwork: one clear sentence each, nothing half written, the server goes on. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import type { TestHost, ToolResult, Workbench } from "../support/host.js";
import { mentions } from "../support/mentions.js";
import { type Fact, naming } from "../support/naming.js";
import {
  accessOf,
  effectServer,
  hostileServer,
  rehearse,
  rehearseCalls,
  runScript,
  setBench,
  setHost,
} from "../support/rehearsals.js";

const played = { prompt: "go", provider: "rehearsal", model: "talk" };

const NO_SERVERS = "mcpServers: { workspace: { disabled: true } }\n";

function setTalk(): Workbench {
  const bench = setBench();
  bench.configure(NO_SERVERS);
  rehearse(bench, "talk", [{ text: "hello" }]);
  return bench;
}

function expectRefusal(result: ToolResult, code: string, ...facts: readonly Fact[]): void {
  expect(result.isError).toBe(true);
  expect(JSON.parse(result.text)).toEqual(result.structured);
  const { error } = result.structured;
  expect(error).toMatchObject({ code, message: naming(...facts) });
  expect(error.message).not.toMatch(/\n|internal error/);
}

async function allRuns(host: TestHost): Promise<readonly { status: string }[]> {
  const { isError, structured } = await host.call("list_runs", { scope: "all" });
  expect(isError).toBe(false);
  return structured.runs;
}

describe("a config.yaml that cannot be used", () => {
  const faults: readonly (readonly [what: string, text: string, place: string, ...facts: readonly Fact[]])[] = [
    ["is not YAML", "provider: [gemini\n", ":2:1", "YAML"],
    ["has tabs", "limits:\n\tmax_turns: 3\n", ":2:1", "YAML", /\btab/],
    ["is a list", "- provider\n", ":1:1", "object", "array"],
    ["has an unknown key", "provder: gemini\n", ":1:1", '"provder"', '"provider"'],
    ["has an unknown limit", "limits:\n  max_turn: 3\n", ":2:3", '"max_turn"', "limits", '"max_turns"'],
    ["misspells a server's key", "mcpServers:\n  gh:\n    comand: npx\n", ":3:5", '"comand"', '"command"'],
    ["has text for a number", "# mine\nlimits:\n  max_turns: many\n", ":3:3", "limits.max_turns", "number"],
    ["has a negative limit", "limits: { timeout_seconds: -1 }\n", ":1:11", "limits.timeout_seconds", /\b0\b/],
    ["has a huge limit", "limits: { max_turns: 1000000 }\n", ":1:11", "limits.max_turns", /\b10000\b/],
    ["names an unknown provider", "provider: gemni\n", ":1:1", /\bprovider\b/, "rehearsal", '"gemini"'],
    ["has a bad pattern", "tools:\n  - read_only\n  - gh/*\n", ":3:5", '"gh/*"', "pattern"],
    ["has a bad server name", "mcpServers:\n  my server: { command: x }\n", ":2:3", "server", /\b40\b/],
    [
      "has a server without a command",
      "mcpServers:\n  gh: { args: [] }\n",
      ":2:3",
      "mcpServers.gh",
      '"command"',
      '"url"',
    ],
    ["says something twice", "model: a\nprovider: gemini\nmodel: b\n", ":3:1", /duplicate/],
    ["would set a prototype", "mcpServers:\n  __proto__: { command: x }\n", ":2:3", "__proto__"],
  ];

  it("is reported to spawn_agent with its place, while all else works, and counts as soon as it is mended", async () => {
    const bench = setTalk();
    bench.configure("provder: gemini\n");
    const host = await setHost(bench);
    expectRefusal(
      await host.call("spawn_agent", played),
      "configuration",
      `${bench.home}/config.yaml:1:1: `,
      '"provder"',
    );
    expect(await allRuns(host)).toEqual([]);
    bench.configure(`${NO_SERVERS}provider: rehearsal\nmodel: talk\n`);
    const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
    expect(structured).toMatchObject({ status: "success", result: "hello", provider: "rehearsal", model: "talk" });
    expect(await allRuns(host)).toHaveLength(1);
  });

  it("names file, line, column and the change to make for every fault", async () => {
    const bench = setTalk();
    const file = join(bench.home, "config.yaml");
    const host = await setHost(bench);
    const found: string[] = [];
    for (const [what, text, place, ...facts] of faults) {
      bench.configure(text);
      const { isError, structured } = await host.call("spawn_agent", played);
      const message = String(structured.error?.message);
      if (!isError || !message.startsWith(`${file}${place}: `) || !naming(...facts).asymmetricMatch(message))
        found.push(`${what}: ${message}`);
    }
    expect(found).toEqual([]);
    expect(await allRuns(host)).toEqual([]);
  });

  it("that is no text is refused with the name of the file", async () => {
    const bench = setTalk();
    const file = join(bench.home, "config.yaml");
    const host = await setHost(bench);
    const expectFault = async (...facts: readonly Fact[]) =>
      expectRefusal(await host.call("spawn_agent", played), "configuration", `${file}: `, ...facts);
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    await expectFault("UTF-8");
    writeFileSync(file, `# ${"x".repeat(2_000_000)}`);
    await expectFault("1048576");
    rmSync(file);
    mkdirSync(file);
    await expectFault(/\bread\b/);
    rmSync(file, { recursive: true });
    bench.configure(NO_SERVERS);
    expect((await runScript(host, "talk")).status).toBe("success");
  });

  it("in the project is reported in the same way", async () => {
    const bench = setTalk();
    bench.write(".legwork/config.yaml", "blocked_tool: [x]\n");
    const host = await setHost(bench, { env: { LEGWORK_TRUST_PROJECT: "1" } });
    const place = `${bench.project}/.legwork/config.yaml:1:1: `;
    expectRefusal(await host.call("spawn_agent", played), "configuration", place);
    expectRefusal(await host.call("spawn_agent", played), "configuration", '"blocked_tool"', '"blocked_tools"');
    expect(await allRuns(host)).toEqual([]);
  });

  it("in the project that cannot be read is reported with its name", async () => {
    const bench = setTalk();
    mkdirSync(join(bench.project, ".legwork", "config.yaml"), { recursive: true });
    const untrusting = await setHost(bench);
    const { structured } = await untrusting.call("spawn_agent", played);
    expect(structured.notices.join("\n")).toContain(`${bench.project}/.legwork/config.yaml`);
    const host = await setHost(bench, { env: { LEGWORK_TRUST_PROJECT: "1" } });
    expectRefusal(await host.call("spawn_agent", played), "configuration", `${bench.project}/.legwork/config.yaml`);
  });

  it("as a script is reported with its place", async () => {
    const bench = setTalk();
    const file = join(bench.home, "rehearsals", "broken.yaml");
    writeFileSync(file, "replies:\n  - txt: hello\n");
    const host = await setHost(bench);
    const spawned = await host.call("spawn_agent", { ...played, model: "broken" });
    expectRefusal(spawned, "configuration", `${file}:2:5: `, '"txt"', "replies.0", '"text"');
    expect(await allRuns(host)).toEqual([]);
  });
});

describe("a database that cannot be used", () => {
  const fileOf = (bench: Workbench) => join(bench.home, "legwork.db");

  it("since it is no database is left as it is, and legwork works once it is moved away", async () => {
    const bench = setTalk();
    const bytes = "This is a letter, and no database at all.\n".repeat(200);
    writeFileSync(fileOf(bench), bytes);
    const host = await setHost(bench);
    for (const [tool, args] of [
      ["list_runs", {}],
      ["spawn_agent", played],
    ] as const)
      expectRefusal(await host.call(tool, args), "store", fileOf(bench), "damaged");
    expect((await host.client.listTools()).tools).not.toHaveLength(0);
    expect(readFileSync(fileOf(bench), "utf8")).toBe(bytes);
    expect(readdirSync(bench.home).filter((name) => /-wal|-shm/.test(name))).toEqual([]);
    rmSync(fileOf(bench));
    expect((await runScript(host, "talk")).status).toBe("success");
  });

  it("since it is another program's is left as it is", async () => {
    const bench = setTalk();
    const other = openSqlite(fileOf(bench));
    other.exec("CREATE TABLE runs (distance REAL); INSERT INTO runs VALUES (42.195)");
    other.close();
    const host = await setHost(bench);
    expectRefusal(await host.call("list_runs"), "store", fileOf(bench), "database");
    const after = openSqlite(fileOf(bench), { readonly: true });
    expect(after.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()).toEqual(["runs"]);
    after.close();
  });

  it("since a newer legwork wrote it keeps its runs for that one", async () => {
    const bench = setTalk();
    const first = await setHost(bench);
    await runScript(first, "talk");
    await first.close();
    change("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 4102444800000)");
    const host = await setHost(bench);
    expectRefusal(
      await host.call("list_runs"),
      "newer_version",
      mentions("newer", "restart", "update", "LEGWORK_HOME"),
    );
    expectRefusal(await host.call("spawn_agent", played), "newer_version", mentions("newer"));
    change("DELETE FROM __drizzle_migrations WHERE hash = 'of the future'");
    expect(await allRuns(host)).toMatchObject([{ status: "success" }]);

    function change(sql: string): void {
      const database = openSqlite(fileOf(bench));
      database.exec(sql);
      database.close();
    }
  });

  it.each([
    ["below a device", "/dev/null/legwork"],
    ["that is a file", "FILE"],
  ])("since the home is a place %s is reported, and the server goes on", async (_what, place) => {
    const bench = setBench();
    const home = place === "FILE" ? join(bench.root, "a-file") : place;
    if (place === "FILE") writeFileSync(home, "mine");
    const host = await setHost(bench, { env: { LEGWORK_HOME: home } });
    const facts = [`${home}/legwork.db`, "LEGWORK_HOME"];
    expectRefusal(await host.call("list_runs"), "store", ...facts);
    expectRefusal(await host.call("spawn_agent", played), "store", ...facts);
    expect((await host.client.listTools()).tools).not.toHaveLength(0);
    if (place === "FILE") expect(readFileSync(home, "utf8")).toBe("mine");
  });
});

describe("a --project that is none", () => {
  it.each([
    ["does not exist", "nowhere"],
    ["is a file", "notes.txt"],
  ])("that %s is reported to each call, and nothing is written", async (_what, name) => {
    const bench = setBench();
    bench.write("notes.txt", "x");
    const host = await setHost(bench, { args: ["--project", join(bench.project, name)] });
    for (const tool of ["list_runs", "spawn_agent"])
      expectRefusal(
        await host.call(tool, tool === "list_runs" ? {} : played),
        "configuration",
        "--project",
        join(bench.project, name),
      );
    expect((await host.client.listTools()).tools).not.toHaveLength(0);
    expect(existsSync(bench.home)).toBe(false);
  });
});

describe("downstream servers that cannot be used", () => {
  it("cost the run only their own tools, and its answer says which and why", async () => {
    const bench = setBench();
    const answersRubbish = `
      process.stdin.on("data", (chunk) => {
        const { id } = JSON.parse(String(chunk).split("\\n")[0]);
        process.stdout.write("]]] rubbish\\n" + JSON.stringify({ jsonrpc: "2.0", id, result: "banana" }) + "\\n");
      });`;
    bench.configure(`
mcpServers:
  ghost: { command: /no/such/command }
  misspelt: { command: legwork-no-such-program }
  leaver: ${hostileServer("exits-at-once")}
  rubbish: ${JSON.stringify({ command: process.execPath, args: ["-e", answersRubbish] })}
  homeless: { command: ${process.execPath}, cwd: no/such/folder }
  effects: ${effectServer()}
`);
    rehearseCalls(bench, "work", [{ tool: "effects__echo", arguments: { n: 1 } }]);
    const host = await setHost(bench);
    const run = await runScript(host, "work", { tools: ["read_only", "effects__echo"] });
    expect(run).toMatchObject({ status: "success", result: "done", tool_calls_count: 1 });
    const warningOf = (server: string) => run.warnings.find((line: string) => line.startsWith(`${server}: `));
    expect(warningOf("ghost")).toEqual(naming('"/no/such/command"', "not found"));
    expect(warningOf("misspelt")).toEqual(naming('"legwork-no-such-program"', "not found"));
    expect(warningOf("leaver")).toContain("fatal: no database"); // its last words
    expect(warningOf("rubbish")).toContain('"rubbish"');
    expect(warningOf("homeless")).toEqual(naming("folder", "no/such/folder"));
    expect(warningOf("effects")).toBeUndefined();
    for (const line of run.warnings) expect(line).not.toMatch(/\bat .*\.js:\d|undefined|\[object/);
    expect([...(await accessOf(host, run.run_id)).keys()]).toContain("workspace__read_text_file");
    expect(await allRuns(host)).toHaveLength(1);
  });

  it("and answer with noise around real answers lose nothing", async () => {
    const bench = setBench();
    bench.configure(`mcpServers: { workspace: { disabled: true }, noisy: ${hostileServer("garbage")} }`);
    rehearseCalls(bench, "work", [{ tool: "noisy__plain" }]);
    const run = await runScript(await setHost(bench), "work", { tools: ["noisy__*"] });
    expect(run).toMatchObject({ status: "success", tool_calls_count: 1, warnings: [] });
  });

  it("and are named by a pattern are the only servers that start", async () => {
    const bench = setBench();
    bench.configure(`mcpServers: { ghost: { command: /no/such/command }, effects: ${effectServer()} }`);
    rehearseCalls(bench, "work", [{ tool: "effects__echo" }]);
    const run = await runScript(await setHost(bench), "work", { tools: ["effects__*", "effects__ecko"] });
    expect(run.warnings).toEqual([naming('"effects__ecko"', /\btools\b/, "spawn_agent", '"effects__echo"')]);
  });
});

const FILES = 37; // more than a start needs, and fewer than a run

it("legwork that may open no further file says so, and the host stays connected", async () => {
  const host = await setHost(setTalk(), { wrapper: ["sh", "-c", `ulimit -n ${FILES}; exec "$@"`, "sh"] });
  expectRefusal(await host.call("spawn_agent", played), "too_many_files", "ulimit -n", "restart");
  expectRefusal(await host.call("list_runs"), "too_many_files", "ulimit -n");
});
