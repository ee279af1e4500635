/** Configuration from the wire: what wins over what, which servers there are, and which folder the work is about. */
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { reply, startGeminiStandIn } from "../support/gemini-stand-in.js";
import { createWorkbench, type HostOptions, openHost, type TestHost, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import {
  accessOf,
  effectServer,
  hostileServer,
  NO_SERVERS,
  rehearse,
  rehearseCalls,
  runScript,
  setBench,
  setHost,
  toolTexts,
} from "../support/rehearsals.js";

const TRUSTING = { LEGWORK_TRUST_PROJECT: "1" };
const dollar = (name: string) => `\${${name}}`;

function configureBoth(bench: Workbench, user: string, project: string): void {
  bench.configure(user);
  bench.write(".legwork/config.yaml", project);
}

const echo = "effects__echo";
const add = "effects__add_line";
const servers = `mcpServers: { effects: ${effectServer()}, workspace: { disabled: true } }\n`;

/** Hosts that are opened once, for the tests of this file, on a bench that `prepare` fills. */
function shareConfigured(prepare: (bench: Workbench) => void, ...options: readonly HostOptions[]) {
  let bench: Workbench;
  let hosts: readonly TestHost[] = [];
  beforeAll(async () => {
    bench = createWorkbench();
    prepare(bench);
    setScripts(bench);
    hosts = await Promise.all(options.map((each) => openHost(bench, each)));
  });
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    bench.remove();
  });
  return {
    get bench() {
      return bench;
    },
    hostAt(index: number) {
      const host = hosts[index];
      if (!host) throw new Error("the hosts are open while tests run only");
      return host;
    },
  };
}

function setScripts(bench: Workbench): void {
  const calls = Array.from({ length: 60 }, (_, n) => ({ tool: echo, arguments: { n } }));
  rehearseCalls(bench, "busy", calls);
  rehearse(bench, "talk", [{ text: "hello" }]);
  for (const name of ["mine", "ours", "asked"]) rehearse(bench, name, [{ text: name }]);
}

/** The user's configuration alone: defaults where it says nothing, and a server for each thing that it may say. */
const users = shareConfigured(
  (bench) => {
    const effects = JSON.parse(effectServer());
    const own = {
      command: dollar("PROGRAM"),
      args: [JSON.parse(hostileServer("environment")).args[0], dollar("MODE:-environment")],
      env: {
        A: dollar("WHO"),
        B: dollar("NOPE:-fallback"),
        C: dollar("BLANK:-filled"),
        D: `a${dollar("WHO")}z$WHO`,
      },
      cwd: dollar("SUB:-sub"),
    };
    const filtered = {
      ...effects,
      include_tools: ["*line*", "filtered__e*"],
      exclude_tools: ["slow_add_line"],
      effects: { add_line: "read_only", read_lines: "effectful" },
    };
    const mcpServers = { effects, hurried: { ...effects, timeout_seconds: 0.3 }, filtered, own };
    mkdirSync(join(bench.home, "sub"), { recursive: true }); // relative to home while nobody trusts the project
    bench.configure(JSON.stringify({ mcpServers, limits: { tool_timeout_seconds: 50 } })); // JSON is YAML too
  },
  { env: { WHO: "ada", PROGRAM: process.execPath, BLANK: "" } },
);

/** The user's configuration and the project's, which say different things: not trusted, and trusted. */
const both = shareConfigured(
  (bench) => {
    const user = `limits: { max_turns: 4 }\ntools: [${add}]\nprovider: rehearsal\nmodel: mine\n`;
    const project = `limits: { max_turns: 3 }\ntools: [${echo}]\nmodel: ours\n`;
    configureBoth(bench, `mcpServers: { effects: ${effectServer()} }\n${user}`, project);
  },
  {},
  { env: TRUSTING },
);

describe("limits: argument over project over user over default", () => {
  const tools = ["effects__echo", "effects__slow"];

  function setBusyBench(): Workbench {
    const bench = setBench();
    setScripts(bench);
    return bench;
  }

  async function expectTurns(host: TestHost, turns: number, args: object = {}) {
    const run = await runScript(host, "busy", { tools, ...args });
    const message = naming(new RegExp(`\\b${turns}\\b`), "max_turns");
    expect(run).toMatchObject({ status: "partial", turns_used: turns, error: { code: "max_turns", message } });
  }

  it("of turns", async () => {
    await expectTurns(users.hostAt(0), 30);
    const bench = setBusyBench();
    bench.configure(`${servers}limits: { max_turns: 4 }\n`);
    await expectTurns(await setHost(bench), 4);
    await expectTurns(both.hostAt(0), 4); // the project is not trusted
    const host = both.hostAt(1);
    await expectTurns(host, 3);
    await expectTurns(host, 1, { max_turns: 1 });
    await expectTurns(host, 5, { max_turns: 5 });
  });

  it("of time", async () => {
    const bench = setBusyBench();
    rehearse(bench, "late", [{ text: "late", delay_ms: 30_000 }]);
    rehearseCalls(bench, "slow", [{ tool: "effects__slow", arguments: { ms: 20_000 } }]);
    const user = "limits: { timeout_seconds: 20, tool_timeout_seconds: 0.4 }\n";
    configureBoth(bench, `${servers}${user}`, "limits: { timeout_seconds: 1.5 }\n");
    const host = await setHost(bench, { env: TRUSTING });
    const timedOut = await runScript(host, "late");
    const message = naming("1.5 s", "timeout_seconds");
    expect(timedOut).toMatchObject({ status: "timeout", error: { code: "timeout", message } });
    const sooner = await runScript(host, "late", { timeout_seconds: 0.2 });
    expect(sooner.error.message).toEqual(naming("0.2 s", "timeout_seconds"));
    const cut = await runScript(host, "slow", { tools });
    expect(cut.status).toBe("success"); // the call was given up, the run went on
    expect((await toolTexts(host, cut.run_id))[0]).toMatch(/0\.4 s/);
  });

  it("of one server's calls over that of all", async () => {
    const host = users.hostAt(0);
    rehearseCalls(users.bench, "slow", [{ tool: "hurried__slow", arguments: { ms: 20_000 } }]);
    const run = await runScript(host, "slow", { tools: ["hurried__slow"] });
    expect((await toolTexts(host, run.run_id))[0]).toMatch(/0\.3 s/);
  });

  it("of silence, and of runs at once", async () => {
    const bench = setBusyBench();
    rehearse(bench, "late", [{ text: "late", delay_ms: 30_000 }]);
    bench.configure(
      `${NO_SERVERS}limits: { stall_seconds: 2, max_concurrent_runs: 1 }\nprovider: rehearsal\nmodel: late\n`,
    );
    const host = await setHost(bench);
    const first = await host.call("spawn_agent", { prompt: "one" });
    const second = await host.call("spawn_agent", { prompt: "two" });
    expect(second.structured.status).toBe("pending");
    const { run_id } = first.structured;
    const { structured } = await host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 20 });
    const message = naming(/\b2 s/, "stall_seconds");
    expect(structured.runs[0]).toMatchObject({ status: "error", error: { code: "stalled", message } });
  });
});

describe("tools", () => {
  const everything = { allowed: true, rule: naming(/\btools\b/, "spawn_agent") };

  async function access(host: TestHost, args: Record<string, unknown> = {}) {
    return accessOf(host, (await runScript(host, "talk", args)).run_id);
  }

  function setTalkativeBench(user: string): Workbench {
    const bench = setBench();
    setScripts(bench);
    bench.configure(`${servers}${user}`);
    return bench;
  }

  it("are those that only read by default, and those of the argument instead where it is given", async () => {
    const host = users.hostAt(0);
    const byDefault = await access(host);
    expect(byDefault.get("effects__read_lines")).toEqual({
      allowed: true,
      rule: naming("policy"),
    });
    expect(byDefault.get(add)?.allowed).toBe(false);
    expect(byDefault.get("workspace__read_text_file")?.allowed).toBe(true);
    expect(byDefault.get("workspace__write_file")?.allowed).toBe(false);
    const asked = await access(host, { tools: ["echo"] });
    expect(asked.get(echo)).toEqual(everything);
    expect(asked.get("effects__read_lines")?.allowed).toBe(false);
    expect((await access(host, { tools: [] })).size).toBe(0); // no server is even started
  });

  it("of the user's file count, the project's over them once it is trusted, the argument over both", async () => {
    const { bench } = both;
    const userFile = join(bench.home, "config.yaml");
    const untrusted = await access(both.hostAt(0));
    expect(untrusted.get(add)).toEqual({ allowed: true, rule: naming(`"${add}"`, /\btools\b/, userFile) });
    expect(untrusted.get(echo)).toEqual({ allowed: false, rule: naming(/\btools\b/, userFile) });
    const host = both.hostAt(1);
    const trusted = await access(host);
    expect(trusted.get(echo)?.rule).toEqual(
      naming(`"${echo}"`, /\btools\b/, join(bench.project, ".legwork/config.yaml")),
    );
    expect(trusted.get(add)?.allowed).toBe(false);
    const asked = await access(host, { tools: ["*"] });
    for (const name of [echo, add, "workspace__write_file"]) expect(asked.get(name)).toEqual(everything);
  });

  it("that one source blocks are blocked, whichever source grants them", async () => {
    const bench = setTalkativeBench(`blocked_tools: [${add}]\ntools: ["*"]\n`);
    bench.write(".legwork/config.yaml", `blocked_tools: ["*__slow*"]\n`);
    const host = await setHost(bench, { env: TRUSTING });
    const found = await access(host, { tools: ["*", add, echo], blocked_tools: [echo] });
    const ruleOf = (name: string) => found.get(name);
    expect(ruleOf(add)?.rule).toEqual(naming(`"${add}"`, "blocked_tools", join(bench.home, "config.yaml")));
    expect(ruleOf("effects__slow")?.rule).toContain(join(bench.project, ".legwork/config.yaml"));
    expect(ruleOf(echo)?.rule).toEqual(naming(`"${echo}"`, "blocked_tools", "spawn_agent"));
    for (const name of [add, "effects__slow", "effects__slow_add_line", echo])
      expect(ruleOf(name)?.allowed).toBe(false);
    expect(ruleOf("effects__die")).toEqual(everything);
  });

  it("that only read may be blocked as a whole", async () => {
    const host = await setHost(setTalkativeBench("blocked_tools: [read_only]\n"));
    const spawned = await host.call("spawn_agent", {
      prompt: "go",
      provider: "rehearsal",
      model: "talk",
      tools: ["*"],
    });
    if (spawned.isError) return expect(spawned.structured.error.message).toContain("read_only"); // refused, not ignored
    const { run_id } = spawned.structured;
    await host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 20 });
    expect((await accessOf(host, run_id)).get("effects__read_lines")?.allowed).toBe(false);
  });
});

describe("provider and model", () => {
  it("are the argument's over the project's over the user's", async () => {
    const result = async (host: TestHost, args: object = {}) =>
      (await host.call("spawn_agent", { prompt: "go", wait_seconds: 20, ...args })).structured.result;
    expect(await result(both.hostAt(0))).toBe("mine");
    const host = both.hostAt(1);
    expect(await result(host)).toBe("ours");
    expect(await result(host, { model: "asked" })).toBe("asked");
    expect(await result(host, { provider: "rehearsal" })).toBe("ours"); // naming the configured one changes nothing
  });

  it("belong together: the model of another provider's file is not taken", async () => {
    const bench = setBench();
    bench.configure(`${NO_SERVERS}provider: gemini\nmodel: gemini-9\n`);
    const host = await setHost(bench);
    const asked = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal" });
    expect(asked.structured).toMatchObject({ provider: "rehearsal", model: "quickstart" });
    bench.write(".legwork/config.yaml", "provider: rehearsal\n");
    const trusting = await setHost(bench, { env: TRUSTING });
    const configured = await trusting.call("spawn_agent", { prompt: "go" });
    expect(configured.structured).toMatchObject({ provider: "rehearsal", model: "quickstart" });
  });

  it("are the only ones with a key where nobody names any, at the user's address or the environment's", async () => {
    const open = async () => {
      const standIn = await startGeminiStandIn(() => reply([{ text: "from the vendor" }]));
      onTestFinished(() => standIn.close());
      return standIn;
    };
    const [configured, exported] = [await open(), await open()];
    const bench = setBench();
    bench.configure(`${NO_SERVERS}providers: { gemini: { base_url: "${configured.url}" } }\n`);
    const spawn = async (env: Record<string, string>) => {
      const host = await setHost(bench, { env: { GEMINI_API_KEY: "k", ...env } });
      return (await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 })).structured;
    };
    const byFile = { provider: "gemini", model: "gemini-3.8-flash", result: "from the vendor" };
    expect(await spawn({})).toMatchObject(byFile);
    expect([configured.requests.length, exported.requests.length]).toEqual([1, 0]);
    expect(await spawn({ GOOGLE_GEMINI_BASE_URL: exported.url })).toMatchObject(byFile);
    expect([configured.requests.length, exported.requests.length]).toEqual([1, 1]);
  });
});

describe("mcpServers", () => {
  it("are merged by name, the project's entry in place of the user's, and disabled ones are not there", async () => {
    const bench = setBench();
    rehearse(bench, "talk", [{ text: "hello" }]);
    configureBoth(
      bench,
      `mcpServers:
  only_mine: ${hostileServer("environment")}
  both: ${hostileServer("environment")}
  off: { disabled: true, command: /no/such/command }
  dropped: ${hostileServer("environment")}
  workspace: { disabled: true }
`,
      `mcpServers:
  both: ${effectServer()}
  only_ours: ${hostileServer("pages")}
  dropped: { disabled: true }
`,
    );
    const host = await setHost(bench, { env: TRUSTING });
    const run = await runScript(host, "talk", { tools: ["*"] });
    const names = [...(await accessOf(host, run.run_id)).keys()];
    const servers = new Set(names.map((name) => name.split("__")[0]));
    expect([...servers].sort()).toEqual(["both", "only_mine", "only_ours"]);
    expect(names).toContain("both__add_line");
    expect(names).not.toContain("both__plain");
    expect(names.filter((name) => name.startsWith("only_ours__"))).toHaveLength(5); // all its pages
    expect(run.warnings).toEqual([]);
  });

  it("show what include_tools and exclude_tools leave, with the effects that the user knows better", async () => {
    const host = users.hostAt(0);
    const access = await accessOf(host, (await runScript(host, "talk")).run_id);
    const allowed = Object.fromEntries(
      [...access].filter(([name]) => name.startsWith("filtered__")).map(([name, verdict]) => [name, verdict.allowed]),
    );
    expect(allowed).toEqual({ filtered__add_line: true, filtered__read_lines: false, filtered__echo: false });
    expect(access.get("filtered__read_lines")?.rule).toMatch(/\beffectful\b/);
  });

  it("read variables in command, arguments, folder and environment, with a default where one is not set", async () => {
    const host = users.hostAt(0);
    rehearseCalls(users.bench, "look", [{ tool: "own__plain" }]);
    const run = await runScript(host, "look", { tools: ["own__plain"] });
    const seen = JSON.parse((await toolTexts(host, run.run_id))[0] ?? "{}");
    expect(seen).toMatchObject({ A: "ada", B: "fallback", C: "filled", D: "aadaz$WHO" });
  });
});

describe("the project", () => {
  /** The folders that the workspace server of this host may use. */
  async function foldersOf(bench: Workbench, options: HostOptions): Promise<string> {
    const look = [{ tool: "workspace__list_allowed_directories" }];
    rehearseCalls(bench, "look", look);
    const host = await setHost(bench, options);
    const run = await runScript(host, "look");
    expect(run).not.toHaveProperty("notices");
    const [text = ""] = await toolTexts(host, run.run_id);
    await host.close();
    return text.replace(/^.*:\n/, "").trim();
  }

  it("is the nearest folder above with .git or .legwork, unless --project names another", {
    timeout: 60_000,
  }, async () => {
    const bench = setBench();
    const inner = join(bench.project, "packages", "inner");
    const deep = join(inner, "src", "deep");
    mkdirSync(deep, { recursive: true });
    expect(await foldersOf(bench, { cwd: deep })).toBe(bench.project);
    bench.write("packages/inner/.git", "gitdir: elsewhere\n"); // as a worktree has it
    expect(await foldersOf(bench, { cwd: deep })).toBe(inner);
    mkdirSync(join(inner, "src", ".legwork"));
    expect(await foldersOf(bench, { cwd: deep })).toBe(dirname(deep));
    expect(await foldersOf(bench, { cwd: deep, args: ["--project", "../.."] })).toBe(inner);
    symlinkSync(bench.project, join(bench.root, "link"));
    expect(await foldersOf(bench, { cwd: deep, args: ["--project", join(bench.root, "link")] })).toBe(bench.project);
  });

  it("is the working folder where nothing marks one; legwork's own home marks nothing", async () => {
    const bench = setBench();
    const plain = join(bench.root, "plain");
    mkdirSync(plain);
    expect(await foldersOf(bench, { cwd: plain })).toBe(plain);
    const atHome = { ...bench, home: join(bench.root, ".legwork") };
    expect(await foldersOf(atHome, { cwd: plain, env: { LEGWORK_HOME: "" } })).toBe(plain);
  });

  it.each([
    ["the root of the disk", () => "/"],
    ["the home folder", (bench: Workbench) => bench.root],
    ["a folder above the home folder", (bench: Workbench) => dirname(bench.root)],
  ])("is too wide for agents at %s, which a notice says", async (_what, folderOf) => {
    const bench = setBench();
    rehearse(bench, "talk", [{ text: "hello" }]);
    const host = await setHost(bench, { cwd: folderOf(bench) });
    const run = await runScript(host, "talk");
    expect(run.notices).toEqual([naming(folderOf(bench), '"workspace"', "--project")]);
    expect((await accessOf(host, run.run_id)).size).toBe(0);
  });
});
