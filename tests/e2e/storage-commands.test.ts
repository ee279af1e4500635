/** What a user does about stored runs: prune, backup, and the doctor's look at all legwork needs. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { legwork, legworkHere } from "../support/command.js";
import { createWorkbench, until, type Workbench } from "../support/host.js";
import { mentions } from "../support/mentions.js";
import { messageOf, naming } from "../support/naming.js";
import { effectServer, hostileServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const KEY = { GEMINI_API_KEY: "sk-test-0123456789abcdef" };
const fileOf = (bench: Workbench) => join(bench.home, "legwork.db");

const NO_SERVERS = "mcpServers: { workspace: { disabled: true } }\n";
const ONE_SERVER = `mcpServers: { workspace: { disabled: true }, effects: ${effectServer()} }`;

function setTalk(servers = NO_SERVERS): Workbench {
  const bench = setBench();
  bench.configure(servers);
  rehearse(bench, "talk", [{ text: "hello" }]);
  return bench;
}

function change(bench: Workbench, sql: string): void {
  const database = openSqlite(fileOf(bench));
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
    expect(dry.stdout).toEqual(naming(/^1 run\b/, bench.project, /[\d.]+ (bytes|KiB)/));
    expect((await host.call("get_run", { run_id: old.run_id })).isError).toBe(false);
    const elsewhere = await legworkHere(bench, [...prune, "--project", bench.root, "--json"]);
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ runs: 0, bytes: 0, project: bench.root, dry_run: false });
    const everywhere = await legworkHere(bench, [...prune, "--project", bench.root, "--all", "--json"]);
    expect(JSON.parse(everywhere.stdout)).toMatchObject({ runs: 1, project: null, older_than: "8h" });
    expect((await host.call("list_runs")).structured.runs.map(({ run_id }) => run_id)).toEqual([young.run_id]);
    expect((await host.call("get_run", { run_id: old.run_id })).isError).toBe(true);
    expect((await runScript(host, "talk")).status).toBe("success");
  });

  it.each<[string[], readonly (string | RegExp)[]]>([
    [
      ["--older-than", "3x"],
      ["--older-than", '"3x"', /\dh\b/, /\dd\b/, /\dw\b/],
    ],
    [
      ["--older-than", "0d"],
      ["--older-than", '"0d"'],
    ],
    [
      ["--older-than", "1.5d"],
      ["--older-than", '"1.5d"'],
    ],
    [
      ["--older-than", "2m"],
      ["--older-than", '"2m"'],
    ],
    [[], ["runs prune --older-than"]],
    [["run_1", "--older-than", "3d"], ['"run_1"']],
    [
      ["--older-than", "3d", "--limit", "3"],
      ["--limit", "runs list"],
    ],
  ])("refuses %j and deletes nothing", async (args, facts) => {
    const bench = setBench();
    const { code, stdout, stderr } = await legworkHere(bench, ["runs", "prune", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(messageOf({ stderr })).toEqual(naming(...facts));
  });

  it("shares its options with no other command", async () => {
    const { code, stderr } = await legworkHere(setBench(), ["runs", "list", "--dry-run"]);
    expect(code).toBe(2);
    expect(messageOf({ stderr })).toEqual(naming("--dry-run", "runs prune"));
  });
});

describe("legwork backup", () => {
  it("copies the database during a run, and the copy can be restored", async () => {
    const bench = setTalk(ONE_SERVER);
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
    expect(stdout).toMatch(/^.*copy\.db\b.*\b2 runs, [\d.]+ KiB\n.*\brestore\b/);
    expect((await seen()).status).toBe("running");
    await host.call("cancel_run", { run_id });
    expect(readdirSync(bench.root).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const restored = setBench();
    restored.configure(NO_SERVERS);
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
    // Of a process that was killed, and of one that is at work.
    const [left, atWork] = [2 ** 22 + 1, process.pid].map((pid) => `other.db.legwork-${pid}.partial`) as [
      string,
      string,
    ];
    for (const name of [left, `${left}-journal`, atWork]) writeFileSync(join(bench.root, name), "");
    const copied = await legworkHere(bench, ["backup", join(bench.root, "copy.db")]);
    expect(copied.code).toBe(0);
    expect(readdirSync(bench.root).sort()).toEqual(["copy.db", "home", "mine.txt", atWork, "project"]);
    for (const name of ["copy.db", atWork]) rmSync(join(bench.root, name));
    const taken = await legwork(bench, ["backup", file]);
    expect(taken).toMatchObject({ code: 2, stdout: "", stderr: naming(file) });
    expect(readFileSync(file, "utf8")).toBe("mine");
    const folder = join(bench.root, "no", "folder");
    const nowhere = await legworkHere(bench, ["backup", join(folder, "copy.db")]);
    expect(nowhere).toMatchObject({ code: 2, stdout: "", stderr: naming(join(folder, "copy.db"), "written") });
    const nameless = await legworkHere(bench, ["backup"]);
    expect(nameless.code).toBe(2);
    expect(messageOf(nameless)).toEqual(naming("legwork backup FILE"));
    expect(readdirSync(bench.root).sort()).toEqual(["home", "mine.txt", "project"]);
  });

  it("keeps no copy of a database that is damaged", async () => {
    const bench = setTalk();
    const host = await setHost(bench);
    for (let n = 0; n < 5; n++) await runScript(host, "talk");
    await host.close();
    damage(bench);
    const { code, stderr } = await legworkHere(bench, ["backup", join(bench.root, "copy.db")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/damaged/);
    expect(readdirSync(bench.root).sort()).toEqual(["home", "project"]);
  });

  it("refuses where nothing has been stored", async () => {
    const bench = setBench();
    const { code, stderr } = await legworkHere(bench, ["backup", join(bench.root, "copy.db")]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: naming("stored") });
    expect(existsSync(bench.home)).toBe(false);
  });
});

/** Writes over the last page of the events, past which nothing can be read as it was. */
function damage(bench: Workbench): void {
  const database = openSqlite(fileOf(bench), { readonly: true });
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
  const { code, stdout, stderr } = await legworkHere(bench, ["doctor", "--json"], env);
  expect(stderr).toBe("");
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  const of = (area: string, level: string) =>
    findings.filter((one) => one.area === area && one.level === level).map(({ message }) => message);
  return { code, stdout, findings, of, faults: findings.filter(({ level }) => level === "fault") };
}

describe("legwork doctor", () => {
  it("reports each thing as ok, and shows no key", async () => {
    const bench = setTalk(ONE_SERVER);
    const host = await setHost(bench);
    await runScript(host, "talk");
    const { code, stdout, stderr } = await legwork(bench, ["doctor"], KEY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain(KEY.GEMINI_API_KEY);
    expect(stdout).toMatch(/^ok +node +\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(new RegExp(`^ok +legwork +\\d+\\.\\d+\\.\\d+\\b.*${bench.home}`, "m"));
    expect(stdout).toMatch(
      /^ok +database +.*legwork\.db\b.*\b1 run\b.* [\d.]+ KiB\b.* [\d.]+ (bytes|KiB)\b.*integrity/m,
    );
    expect(stdout).toMatch(/^ok +provider +.*\bgemini\b.* gemini-\S+/m);
    expect(stdout).toMatch(/^ok +server +.*\beffects\b.*\b\d+ tools\b/m);
    expect(stdout).not.toMatch(/^(warning|fault)/m);
  });

  it("names the models that runs fall back to, with what is left out of them and the prices that they lack", async () => {
    const bench = setTalk(`${ONE_SERVER}\nmodel: [flash, anthropic/m, gemini/spare, flash]\n`);
    const { of } = await examine(bench);
    expect(of("provider", "ok")).toContainEqual(naming("gemini with gemini-3.8-flash, then gemini/spare"));
    expect(of("provider", "warning")).toEqual([
      naming("gemini/gemini-3.8-flash", "once"),
      naming("left out", "ANTHROPIC_API_KEY"),
    ]);
    bench.configure(`${bench.read("config.yaml")}limits: { max_cost_usd: 1 }
prices: { gemini: { gemini-3.8-flash: { input: 1, output: 1 } } }\n`);
    expect((await examine(bench)).of("provider", "fault")).toEqual([naming("price of spare", "prices: { gemini: ")]);
  });

  it("names an address in the environment that is none, which costs no other provider", async () => {
    const { of } = await examine(setTalk(ONE_SERVER), { ...KEY, OPENAI_BASE_URL: "nowhere", OPENAI_API_KEY: "k" });
    expect(of("provider", "warning")).toEqual([naming("OPENAI_BASE_URL", "URL")]);
    expect(of("provider", "ok")).toContainEqual(naming("gemini with gemini-3.8-flash"));
  });

  it("names the server, the provider or the key of the configuration that is at fault", async () => {
    const bench = setTalk();
    bench.configure(`mcpServers: { ghost: { command: /no/such/command }, leaver: ${hostileServer("exits-at-once")} }`);
    const servers = await examine(bench);
    expect(servers.code).toBe(1);
    expect(servers.of("server", "fault")).toHaveLength(2);
    expect(servers.of("server", "fault")).toContainEqual(naming("ghost", '"/no/such/command"'));
    expect(servers.of("server", "fault")).toContainEqual(naming("leaver"));
    expect(servers.of("server", "ok")).toEqual([naming("workspace", /\b\d+ tools\b/)]);

    bench.configure(NO_SERVERS);
    const keyless = await examine(bench, {});
    expect(keyless.of("provider", "fault")).toEqual([naming("GEMINI_API_KEY")]);
    bench.configure(`${NO_SERVERS}limits: { max_cost_usd: 1 }\n`);
    const unpriced = await examine(bench);
    expect(unpriced.of("provider", "fault")).toEqual([naming("max_cost_usd", "prices: { gemini: ")]);
    bench.configure("provdier: gemini\n");
    const unread = await examine(bench);
    expect(unread.code).toBe(1);
    expect(unread.faults).toEqual([
      {
        area: "configuration",
        level: "fault",
        message: naming("config.yaml:1:1:", '"provdier"'),
      },
    ]);
  });

  it("warns of the project's files that are not trusted, and of definitions that are broken", async () => {
    const bench = setTalk();
    bench.write(".legwork/config.yaml", "tools: ['*']\n");
    bench.writeHome("agents/broken.yaml", "nam: x\n");
    const { code, of } = await examine(bench);
    expect(code).toBe(0);
    const warnings = of("configuration", "warning");
    expect(warnings).toContainEqual(naming(".legwork/config.yaml", "trusted"));
    expect(warnings).toContainEqual(naming("broken.yaml:1:1:", '"nam"'));
  });

  it("finds a database that is another program's, of a newer legwork, damaged, or open to others", async () => {
    const bench = setTalk();
    const host = await setHost(bench);
    for (let n = 0; n < 5; n++) await runScript(host, "talk");
    await host.close();
    chmodSync(fileOf(bench), 0o644);
    expect((await examine(bench)).of("database", "warning")).toEqual([naming("legwork.db", "chmod 600")]);
    change(bench, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 4102444800000)");
    const newer = await examine(bench);
    expect(newer.code).toBe(1);
    expect(newer.of("database", "fault").join()).toMatch(mentions("newer", "restart", "update"));
    change(bench, "DELETE FROM __drizzle_migrations WHERE hash = 'of the future'");
    damage(bench);
    expect((await examine(bench)).of("database", "fault").join()).toMatch(/damaged/);

    const other = setBench();
    other.configure(NO_SERVERS);
    change(other, "CREATE TABLE letters (text TEXT)");
    const foreign = await examine(other);
    expect(foreign.of("database", "fault")).toEqual([naming("legwork.db", /\bnot\b/)]);
    expect(foreign.code).toBe(1);
  });

  it("makes no database where none is", async () => {
    const bench = createWorkbench();
    try {
      bench.configure("provdier: gemini\n");
      const { of } = await examine(bench);
      expect(of("database", "ok")).toEqual([naming("legwork.db")]);
      expect(existsSync(fileOf(bench))).toBe(false);
    } finally {
      bench.remove();
    }
  });
});
