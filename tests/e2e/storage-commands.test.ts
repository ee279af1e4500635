/** What a user does about stored runs: prune, backup, and the doctor's look at all legwork needs. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { createWorkbench, until, type Workbench } from "../support/host.js";
import { mentions } from "../support/mentions.js";
import { effectServer, hostileServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const KEY = { GEMINI_API_KEY: "sk-test-0123456789abcdef" };
const fileOf = (bench: Workbench) => join(bench.home, "legwork.db");

function setTalk(): Workbench {
  const bench = setBench();
  bench.configure(`mcpServers: { workspace: { disabled: true }, effects: ${effectServer()} }`);
  rehearse(bench, "talk", [{ text: "hello" }]);
  return bench;
}

function change(bench: Workbench, sql: string): void {
  const database = new Database(fileOf(bench));
  database.exec(sql);
  database.close();
}

describe("legwork runs prune", () => {
  it("deletes old runs of the project while a host is there, and says how many", async () => {
    const bench = setTalk();
    const host = await setHost(bench);
    const old = await runScript(host, "talk");
    const young = await runScript(host, "talk");
    change(bench, `UPDATE runs SET finished_at = finished_at - 9 * 3600000 WHERE id = '${old.run_id}'`);
    const prune = ["runs", "prune", "--older-than", "8h"];
    const dry = await legwork(bench, [...prune, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout).toMatch(/^1 run of .*\/project would be deleted, [\d.]+ (bytes|KiB); nothing was changed\n$/);
    const elsewhere = await legwork(bench, [...prune, "--project", bench.root, "--json"]);
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ runs: 0, bytes: 0, project: bench.root, dry_run: false });
    const everywhere = await legwork(bench, [...prune, "--project", bench.root, "--all", "--json"]);
    expect(JSON.parse(everywhere.stdout)).toMatchObject({ runs: 1, project: null, older_than: "8h" });
    expect((await host.call("list_runs")).structured.runs.map(({ run_id }) => run_id)).toEqual([young.run_id]);
    expect((await host.call("get_run", { run_id: old.run_id })).isError).toBe(true);
    expect((await runScript(host, "talk")).status).toBe("success");
  });

  it.each([
    [
      ["--older-than", "3x"],
      /--older-than is "3x": use a whole number of hours, days or weeks, such as 12h, 30d or 8w/,
    ],
    [["--older-than", "0d"], /--older-than is "0d"/],
    [["--older-than", "1.5d"], /--older-than is "1.5d"/],
    [["--older-than", "2m"], /--older-than is "2m"/],
    [[], /say how old: legwork runs prune --older-than 30d/],
    [["run_1", "--older-than", "3d"], /unexpected argument "run_1"/],
    [["--older-than", "3d", "--limit", "3"], /--limit belongs to legwork runs list/],
  ])("refuses %j and deletes nothing", async (args, says) => {
    const bench = setBench();
    const { code, stdout, stderr } = await legwork(bench, ["runs", "prune", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
  });

  it("leaves its options to itself", async () => {
    const { code, stderr } = await legwork(setBench(), ["runs", "list", "--all"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--all belongs to legwork runs prune");
  });
});

describe("legwork backup", () => {
  it("made while a run goes on can be restored", async () => {
    const bench = setTalk();
    const calls = Array.from({ length: 500 }, (_, n) => ({ calls: [{ tool: "effects__echo", arguments: { n } }] }));
    rehearse(bench, "long", [...calls, { text: "done" }]);
    const host = await setHost(bench);
    const ended = await runScript(host, "talk");
    const long = { prompt: "play", provider: "rehearsal", model: "long", tools: ["effects__echo"], max_turns: 1000 };
    const { run_id } = (await host.call("spawn_agent", long)).structured;
    const seen = async () => (await host.call("get_run", { run_id })).structured.run;
    await until(async () => Number(Reflect.get(await seen(), "turns_used")) > 0);
    const file = join(bench.root, "copy.db");
    const { code, stdout } = await legwork(bench, ["backup", file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /copy\.db written and checked: 2 runs, [\d.]+ KiB\nto restore it, end all legwork processes, /,
    );
    expect((await seen()).status).toBe("running");
    await host.call("cancel_run", { run_id });
    expect(readdirSync(bench.root).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const restored = setBench();
    mkdirSync(restored.home);
    writeFileSync(fileOf(restored), readFileSync(file));
    const other = await setHost(restored);
    const { runs } = (await other.call("list_runs", { scope: "all" })).structured;
    expect(runs.map((run) => run.run_id)).toEqual([run_id, ended.run_id]);
    expect((await other.call("get_run", { run_id: ended.run_id })).structured.run.result).toBe("hello");
  });

  it("overwrites nothing, and leaves nothing behind where it cannot be written", async () => {
    const bench = setTalk();
    await runScript(await setHost(bench), "talk");
    const file = join(bench.root, "mine.txt");
    writeFileSync(file, "mine");
    const taken = await legwork(bench, ["backup", file]);
    expect(taken).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(`${file} is there already`) });
    expect(readFileSync(file, "utf8")).toBe("mine");
    const nowhere = await legwork(bench, ["backup", join(bench.root, "no", "folder", "copy.db")]);
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be written: make") });
    expect((await legwork(bench, ["backup"])).stderr).toContain("name one file to write: legwork backup FILE");
    expect(readdirSync(bench.root).sort()).toEqual(["home", "mine.txt", "project"]);
  });

  it("of a database that is damaged is not kept", async () => {
    const bench = setTalk();
    const host = await setHost(bench);
    for (let n = 0; n < 5; n++) await runScript(host, "talk");
    await host.close();
    damage(bench);
    const { code, stderr } = await legwork(bench, ["backup", join(bench.root, "copy.db")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/damaged/);
    expect(readdirSync(bench.root).sort()).toEqual(["home", "project"]);
  });

  it("of nothing is refused", async () => {
    const bench = setBench();
    const { code, stderr } = await legwork(bench, ["backup", join(bench.root, "copy.db")]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("nothing has been stored") });
    expect(existsSync(bench.home)).toBe(false);
  });
});

/** Writes over the last page of the events, past which nothing can be read as it was. */
function damage(bench: Workbench): void {
  const database = new Database(fileOf(bench), { readonly: true });
  const size = Number(database.pragma("page_size", { simple: true }));
  const root = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'run_events'").pluck().get();
  database.close();
  const bytes = readFileSync(fileOf(bench));
  bytes.fill(0x5a, (Number(root) - 1) * size, Number(root) * size);
  writeFileSync(fileOf(bench), bytes);
}

interface Finding {
  readonly area: string;
  readonly level: "ok" | "warning" | "fault";
  readonly message: string;
}

async function examine(bench: Workbench, env: Record<string, string> = KEY) {
  const { code, stdout, stderr } = await legwork(bench, ["doctor", "--json"], env);
  expect(stderr).toBe("");
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  const of = (area: string, level: string) =>
    findings.filter((one) => one.area === area && one.level === level).map(({ message }) => message);
  return { code, stdout, findings, of, faults: findings.filter(({ level }) => level === "fault") };
}

describe("legwork doctor", () => {
  it("says of each thing that it is well, and tells no key", async () => {
    const bench = setTalk();
    const host = await setHost(bench);
    await runScript(host, "talk");
    const { code, stdout } = await legwork(bench, ["doctor"], KEY);
    expect(code).toBe(0);
    expect(stdout).not.toContain(KEY.GEMINI_API_KEY);
    expect(stdout).toMatch(/^ok +node +\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(new RegExp(`^ok +legwork +\\d+\\.\\d+\\.\\d+, home ${bench.home}$`, "m"));
    expect(stdout).toMatch(
      /^ok +database +.*legwork\.db: 1 run, [\d.]+ KiB and a log of [\d.]+ \w+, its integrity checked$/m,
    );
    expect(stdout).toMatch(/^ok +provider +runs that name none use gemini with \S+$/m);
    expect(stdout).toMatch(/^ok +server +effects started: \d+ tools$/m);
    expect(stdout).not.toMatch(/^(warning|fault)/m);
  });

  it("says what to do about a server, a provider and a configuration", async () => {
    const bench = setTalk();
    bench.configure(`mcpServers: { ghost: { command: /no/such/command }, leaver: ${hostileServer("exits-at-once")} }`);
    const servers = await examine(bench);
    expect(servers.code).toBe(1);
    expect(servers.of("server", "fault").join("\n")).toContain('the command "/no/such/command" was not found');
    expect(servers.of("server", "fault")).toHaveLength(2);
    expect(servers.of("server", "ok")).toEqual([expect.stringMatching(/^workspace started: \d+ tools$/)]);

    const keyless = await examine(bench, {});
    expect(keyless.of("provider", "fault").join()).toContain("no provider is set up: set GEMINI_API_KEY");
    bench.configure("limits: { max_cost_usd: 1 }\n");
    const unpriced = await examine(bench);
    expect(unpriced.of("provider", "fault").join()).toMatch(/^max_cost_usd cannot be kept.*add "prices: \{ gemini: /);
    bench.configure("provdier: gemini\n");
    const unread = await examine(bench);
    expect(unread.code).toBe(1);
    expect(unread.faults).toEqual([
      {
        area: "configuration",
        level: "fault",
        message: expect.stringMatching(/config\.yaml:1:1: unknown key "provdier"/),
      },
    ]);
  });

  it("names the project's files that do not count, and definitions that are broken", async () => {
    const bench = setTalk();
    bench.write(".legwork/config.yaml", "tools: ['*']\n");
    bench.writeHome("agents/broken.yaml", "nam: x\n");
    const { code, of } = await examine(bench);
    expect(code).toBe(0);
    const warnings = of("configuration", "warning").join("\n");
    expect(warnings).toContain(".legwork/config.yaml of this project is not trusted");
    expect(warnings).toMatch(/broken\.yaml:1:1: unknown key "nam"/);
  });

  it("finds a database that is another program's, of a newer legwork, damaged, or open to others", async () => {
    const bench = setTalk();
    const host = await setHost(bench);
    for (let n = 0; n < 5; n++) await runScript(host, "talk");
    await host.close();
    chmodSync(fileOf(bench), 0o644);
    expect((await examine(bench)).of("database", "warning").join()).toMatch(/others can read .*legwork\.db: chmod 600/);
    change(bench, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 4102444800000)");
    const newer = await examine(bench);
    expect(newer.code).toBe(1);
    expect(newer.of("database", "fault").join()).toMatch(mentions("newer", "restart", "update"));
    change(bench, "DELETE FROM __drizzle_migrations WHERE hash = 'of the future'");
    damage(bench);
    expect((await examine(bench)).of("database", "fault").join()).toMatch(/damaged/);

    const other = setBench();
    mkdirSync(other.home);
    change(other, "CREATE TABLE letters (text TEXT)");
    const foreign = await examine(other);
    expect(foreign.of("database", "fault").join()).toMatch(/is not a legwork database: move it away/);
    expect(foreign.code).toBe(1);
  });

  it("makes no database where none is", async () => {
    const bench = createWorkbench();
    try {
      bench.configure("provdier: gemini\n");
      const { of } = await examine(bench);
      expect(of("database", "ok").join()).toContain("is not there yet");
      expect(existsSync(fileOf(bench))).toBe(false);
    } finally {
      bench.remove();
    }
  });
});
