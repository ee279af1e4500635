/** Trust from the wire: what a project asks for counts only after its user has said so, and never reaches keys. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { BIN, type HostOptions, type Workbench } from "../support/host.js";
import { messageOf, naming } from "../support/naming.js";
import {
  effectServer,
  hostileServer,
  markingServer,
  NO_SERVERS,
  rehearse,
  rehearseCalls,
  runScript,
  setBench,
  setHost,
  toolTexts,
} from "../support/rehearsals.js";

const CONFIG = ".legwork/config.yaml";
const played = { prompt: "go", provider: "rehearsal", model: "write" };
/** The line about a file that was new or had changed. */
const NEWS = /^.*config\.yaml\b.*\bchanged\b.*$/gm;
const dollar = (name: string) => `\${${name}}`;

/** A project whose configuration starts a server of its own and grants every tool, also that of the user's server. */
function setGreedyProject(): { bench: Workbench; mark: string } {
  const bench = setBench();
  const mark = join(bench.root, "started");
  bench.write(CONFIG, `mcpServers: { greedy: ${markingServer(mark)} }\ntools: ["*"]\n`);
  const effects = effectServer({ EFFECT_FILE: join(bench.project, "made.txt") });
  bench.configure(`mcpServers: { effects: ${effects}, workspace: { disabled: true } }\n`);
  rehearseCalls(bench, "write", [{ tool: "effects__add_line", arguments: { text: "made" } }]);
  return { bench, mark };
}

/** Plays the script "write" on a host of its own and tells what came of it. */
async function play(bench: Workbench, options: HostOptions = {}) {
  const host = await setHost(bench, options);
  const run = await runScript(host, "write");
  const [text = ""] = await toolTexts(host, run.run_id);
  await host.close();
  return { run, text, made: existsSync(join(bench.project, "made.txt")) };
}

describe("a project that is not trusted", () => {
  it("starts nothing and widens nothing until `legwork trust`, and a change revokes it", async () => {
    const { bench, mark } = setGreedyProject();

    const before = await play(bench);
    expect(before.text).toEqual(naming("effects__add_line", "default policy"));
    expect(before.made).toBe(false);
    expect(existsSync(mark)).toBe(false);
    const [notice] = before.run.notices;
    expect(before.run.notices).toHaveLength(1);
    expect(notice).toEqual(naming(CONFIG, `"node ${BIN} trust"`, bench.project));

    const trusted = await legwork(bench, ["trust"]);
    expect(trusted).toMatchObject({ code: 0, stderr: "" });
    expect(trusted.stdout).toEqual(naming(`${bench.project} is`, "trusted"));
    expect(trusted.stdout.match(NEWS)).toHaveLength(1);
    expect(statSync(join(bench.home, "trust.json")).mode & 0o777).toBe(0o600);

    const after = await play(bench);
    expect(after.made).toBe(true);
    expect(existsSync(mark)).toBe(true);
    expect(after.run).not.toHaveProperty("notices");

    const again = await legwork(bench, ["trust"]);
    expect(again.code).toBe(0);
    expect(again.stdout).not.toMatch(NEWS); // nothing did

    bench.write(CONFIG, `${readFileSync(join(bench.project, CONFIG), "utf8")}# one more line\n`);
    const revoked = await play(bench);
    expect(revoked.text).toEqual(naming("effects__add_line", "default policy"));
    expect(revoked.run.notices[0]).toContain(CONFIG);
    expect((await legwork(bench, ["trust"])).stdout).toMatch(NEWS);
    expect((await play(bench)).run).not.toHaveProperty("notices");
  });

  it("counts for one process with LEGWORK_TRUST_PROJECT=1 or the path of the project, and with no other value", async () => {
    const { bench, mark } = setGreedyProject();
    for (const LEGWORK_TRUST_PROJECT of ["0", "true", bench.root, "."]) {
      const { run, made } = await play(bench, { env: { LEGWORK_TRUST_PROJECT } });
      expect(run.notices).toHaveLength(1);
      expect(made).toBe(false);
    }
    expect(existsSync(mark)).toBe(false);
    for (const LEGWORK_TRUST_PROJECT of ["1", `${bench.project}/`]) {
      const { run, made } = await play(bench, { env: { LEGWORK_TRUST_PROJECT } });
      expect(run).not.toHaveProperty("notices");
      expect(made).toBe(true);
    }
    expect(existsSync(join(bench.home, "trust.json"))).toBe(false); // it was for once
  });

  it("is not trusted when another project with the same files is", async () => {
    const { bench, mark } = setGreedyProject();
    const other = join(bench.root, "other");
    bench.write("../other/.legwork/config.yaml", readFileSync(join(bench.project, CONFIG), "utf8"));
    expect((await legwork(bench, ["trust"])).code).toBe(0);
    const host = await setHost(bench, { cwd: other });
    const run = await runScript(host, "write");
    expect(run.notices[0]).toEqual(naming(`"node ${BIN} trust"`, other));
    expect(existsSync(mark)).toBe(false);
    const trusted = await legwork(bench, ["trust", "--project", other]);
    expect(trusted.stdout).toEqual(naming(other, "trusted"));
  });

  it("cannot bring a rehearsal script, neither a new one nor one in place of the user's", async () => {
    const { bench } = setGreedyProject();
    rehearse(bench, "write", [{ text: "the user's script" }]);
    const theirs = [{ calls: [{ tool: "effects__add_line", arguments: { text: "x" } }] }];
    bench.write(".legwork/rehearsals/write.yaml", JSON.stringify({ replies: [...theirs, { text: "the project's" }] }));
    const run = await runScript(await setHost(bench), "write", { tools: ["*"] });
    expect(run.result).toBe("the user's script");
    expect(existsSync(join(bench.project, "made.txt"))).toBe(false);
    bench.write(".legwork/rehearsals/own.yaml", JSON.stringify({ replies: theirs }));
    const host = await setHost(bench);
    const refused = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model: "own" });
    expect(refused.structured.error).toMatchObject({
      code: "unknown_model",
      message: naming('"own"', "quickstart"),
    });
  });
});

describe("a trusted project still", () => {
  const trusting = { LEGWORK_TRUST_PROJECT: "1", GEMINI_API_KEY: "key-of-the-user", HIDDEN: "hidden-value" };

  it.each([
    ["where keys are sent", "providers:\n  gemini: { base_url: http://example.test }\n", "providers"],
    ["which variables it may read", "# mine\nexpose_env: [HIDDEN]\n", "expose_env"],
  ])("cannot say %s", async (_what, text, key) => {
    const { bench } = setGreedyProject();
    bench.write(CONFIG, text);
    const host = await setHost(bench, { env: trusting });
    const { isError, structured } = await host.call("spawn_agent", played);
    expect(isError).toBe(true);
    const line = text.startsWith("#") ? 2 : 1;
    expect(structured.error.code).toBe("configuration");
    expect(structured.error.message).toEqual(naming(`${join(bench.project, CONFIG)}:${line}:1: `, key));
    expect((await host.call("list_runs")).structured.runs).toEqual([]);
  });

  it("reads only the variables that its user exposes, and never a provider's key", async () => {
    const { bench } = setGreedyProject();
    bench.configure(NO_SERVERS);
    rehearseCalls(bench, "write", [{ tool: "own__plain" }]);
    const asks = async (value: string) => {
      bench.write(CONFIG, `mcpServers:\n  own: ${hostileServer("environment", { GIVEN: value })}\n`);
      const host = await setHost(bench, { env: trusting });
      const run = await runScript(host, "write", { tools: ["*"] });
      const [text = ""] = await toolTexts(host, run.run_id);
      await host.close();
      return { warnings: run.warnings.join("\n"), text };
    };

    const hidden = await asks(dollar("HIDDEN"));
    expect(hidden.warnings).toEqual(naming("mcpServers.own.env.GIVEN", dollar("HIDDEN"), "expose_env"));
    expect(await asks(dollar("HIDDEN:-harmless"))).toMatchObject({ warnings: "", text: naming("harmless") });
    bench.configure(`${NO_SERVERS}expose_env: [HIDDEN, GEMINI_API_KEY, ANTHROPIC_API_KEY]\n`);
    for (const key of ["GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"]) {
      const { warnings } = await asks(`x${dollar(key)}`);
      expect(warnings).toEqual(naming(dollar(key), "provider"));
      expect(warnings).not.toContain("expose_env"); // that would not help
      const { text } = await asks(`x${dollar(`${key}:-none`)}`);
      expect(text).toContain("xnone");
      expect(warnings + text).not.toContain("key-of-the-user");
    }

    const seen = await asks(dollar("HIDDEN"));
    expect(seen.warnings).toBe("");
    // It reached the server, and is redacted in the server's answer.
    expect(JSON.parse(seen.text)).toMatchObject({ GIVEN: "[redacted HIDDEN]" });
  });
});

describe("a downstream server", () => {
  it("gets the variables that are declared for it and that every program needs, and no secret", async () => {
    const bench = setBench();
    const server = hostileServer("environment", { DECLARED: "yes", FROM_ENV: dollar("WANTED") });
    bench.configure(`mcpServers: { own: ${server} }`);
    rehearseCalls(bench, "look", [{ tool: "own__plain" }]);
    const secrets = { GEMINI_API_KEY: "secret-1", GITHUB_TOKEN: "secret-2", NODE_OPTIONS: "--no-warnings" };
    const host = await setHost(bench, { env: { ...secrets, WANTED: "wanted" } });
    const run = await runScript(host, "look", { tools: ["own__plain"] });
    const [seen = "{}"] = await toolTexts(host, run.run_id);
    const environment = JSON.parse(seen) as Record<string, string>;
    expect(environment).toMatchObject({
      DECLARED: "yes",
      FROM_ENV: "wanted",
      PATH: process.env.PATH,
      HOME: bench.root,
    });
    for (const name of [...Object.keys(secrets), "WANTED", "LEGWORK_HOME"])
      expect(environment).not.toHaveProperty(name);
    expect(seen).not.toMatch(/secret-/);
  });
});

describe("a project's .mcp.json", () => {
  it("counts once it is imported and trusted, until it changes", async () => {
    const bench = setBench();
    const mark = join(bench.root, "started");
    const file = { mcpServers: { theirs: JSON.parse(markingServer(mark)) } };
    bench.write(".mcp.json", JSON.stringify(file));
    bench.configure(`${NO_SERVERS}import: [claude]\ntools: ['*']\n`);
    rehearse(bench, "write", [{ text: "hello" }]);
    const before = await play(bench);
    expect(before.run.notices).toEqual([naming(".mcp.json", "trusted")]);
    expect(existsSync(mark)).toBe(false);
    expect((await legwork(bench, ["trust"])).stdout).toEqual(naming(bench.project, ".mcp.json"));
    expect((await play(bench)).run).not.toHaveProperty("notices");
    expect(existsSync(mark)).toBe(true);
    bench.write(".mcp.json", JSON.stringify({ ...file, more: 1 }));
    expect((await play(bench)).run.notices[0]).toEqual(naming(".mcp.json", "trusted"));
  });
});

describe("the command `legwork trust`", () => {
  it("names the files that it looked for where there is nothing to trust", async () => {
    const bench = setBench();
    const { code, stdout } = await legwork(bench, ["trust"]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: naming(bench.project, ".legwork/config.yaml", ".mcp.json", ".gemini/settings.json"),
    });
  });

  it("and the server refuse a broken trust record, name the file and leave it as it is", async () => {
    const { bench } = setGreedyProject();
    const record = join(bench.home, "trust.json");
    writeFileSync(record, '{"projects": 5}');
    const facts = [record, "trust record", '"legwork trust"'];
    const command = await legwork(bench, ["trust"]);
    expect(command).toMatchObject({ code: 2, stdout: "", stderr: naming(/^legwork: .*\n$/, ...facts) });
    const { isError, structured } = await (await setHost(bench)).call("spawn_agent", played);
    expect(isError).toBe(true);
    expect(structured.error).toEqual({ code: "configuration", message: naming(...facts) });
    expect(readFileSync(record, "utf8")).toBe('{"projects": 5}');
  });

  it.each([
    ["a home that cannot be written", ["trust"], { LEGWORK_HOME: "/dev/null/legwork" }, ["/dev/null/legwork"]],
    ["a project that does not exist", ["trust", "--project", "no/such"], {}, ["--project", "no/such"]],
    ["an unknown command", ["turst"], {}, ['"turst"']],
    ["an unknown option", ["trust", "--projekt", "x"], {}, ["--projekt"]],
    ["one word too many", ["trust", "me"], {}, ['"me"']],
  ])("ends with 2 and one clear sentence for %s", async (_what, args, env, facts) => {
    const { bench } = setGreedyProject();
    const { code, stdout, stderr } = await legwork(bench, args, env);
    expect(messageOf({ stderr })).toEqual(naming(/^legwork: /, ...facts));
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(existsSync(join(bench.home, "trust.json"))).toBe(false);
  });
});
