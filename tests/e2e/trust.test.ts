/** Trust from the wire: what a project asks for counts only after its user has said so, and never reaches keys. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { BIN, type HostOptions, type Workbench } from "../support/host.js";
import {
  hostileServer,
  markingServer,
  rehearse,
  rehearseCalls,
  runScript,
  setBench,
  setHost,
  toolTexts,
} from "../support/rehearsals.js";

const CONFIG = ".legwork/config.yaml";
const played = { prompt: "go", provider: "rehearsal", model: "write" };
const dollar = (name: string) => `\${${name}}`;

/** A project whose configuration starts a server of its own and grants every tool. */
function setGreedyProject(): { bench: Workbench; mark: string } {
  const bench = setBench();
  const mark = join(bench.root, "started");
  bench.write(CONFIG, `mcpServers: { greedy: ${markingServer(mark)} }\ntools: ["*"]\n`);
  rehearseCalls(bench, "write", [{ tool: "workspace__write_file", arguments: { path: "made.txt", content: "made" } }]);
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
    expect(before.text).toMatch(/^workspace__write_file is not allowed: the default policy grants /);
    expect(before.made).toBe(false);
    expect(existsSync(mark)).toBe(false);
    const [notice] = before.run.notices;
    expect(before.run.notices).toHaveLength(1);
    expect(notice).toContain(CONFIG);
    expect(notice).toMatch(/not trusted and was left out/);
    expect(notice).toContain(`run "node ${BIN} trust" in ${bench.project}`);

    const trusted = await legwork(bench, ["trust"]);
    expect(trusted).toMatchObject({ code: 0, stderr: "" });
    expect(trusted.stdout).toContain(`${bench.project} is now trusted`);
    expect(trusted.stdout).toContain(`${CONFIG} was new or had changed`);
    expect(statSync(join(bench.home, "trust.json")).mode & 0o777).toBe(0o600);

    const after = await play(bench);
    expect(after.made).toBe(true);
    expect(existsSync(mark)).toBe(true);
    expect(after.run).not.toHaveProperty("notices");

    const again = await legwork(bench, ["trust"]);
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain("was new or had changed"); // nothing did

    bench.write(CONFIG, `${readFileSync(join(bench.project, CONFIG), "utf8")}# one more line\n`);
    const revoked = await play(bench);
    expect(revoked.text).toMatch(/^workspace__write_file is not allowed/);
    expect(revoked.run.notices[0]).toContain(CONFIG);
    expect((await legwork(bench, ["trust"])).stdout).toContain(`${CONFIG} was new or had changed`);
    expect((await play(bench)).run).not.toHaveProperty("notices");
  });

  it("counts for this once with LEGWORK_TRUST_PROJECT=1, and with no other value", async () => {
    const { bench, mark } = setGreedyProject();
    for (const LEGWORK_TRUST_PROJECT of ["0", "true"]) {
      const { run, made } = await play(bench, { env: { LEGWORK_TRUST_PROJECT } });
      expect(run.notices).toHaveLength(1);
      expect(made).toBe(false);
    }
    expect(existsSync(mark)).toBe(false);
    const { run, made } = await play(bench, { env: { LEGWORK_TRUST_PROJECT: "1" } });
    expect(run).not.toHaveProperty("notices");
    expect(made).toBe(true);
    expect(existsSync(join(bench.home, "trust.json"))).toBe(false); // it was for once
  });

  it("is not trusted because another one is", async () => {
    const { bench, mark } = setGreedyProject();
    const other = join(bench.root, "other");
    bench.write("../other/.legwork/config.yaml", readFileSync(join(bench.project, CONFIG), "utf8"));
    expect((await legwork(bench, ["trust"])).code).toBe(0);
    const host = await setHost(bench, { cwd: other });
    const run = await runScript(host, "write");
    expect(run.notices[0]).toContain(`run "node ${BIN} trust" in ${other}`);
    expect(existsSync(mark)).toBe(false);
    const trusted = await legwork(bench, ["trust", "--project", other]);
    expect(trusted.stdout).toContain(`${other} is now trusted`);
  });

  it("cannot bring a script that plays, in place of the user's or at all", async () => {
    const { bench } = setGreedyProject();
    rehearse(bench, "write", [{ text: "the user's script" }]);
    const theirs = [{ calls: [{ tool: "workspace__write_file", arguments: { path: "made.txt", content: "x" } }] }];
    bench.write(".legwork/rehearsals/write.yaml", JSON.stringify({ replies: [...theirs, { text: "the project's" }] }));
    const run = await runScript(await setHost(bench), "write", { tools: ["*"] });
    expect(run.result).toBe("the user's script");
    expect(existsSync(join(bench.project, "made.txt"))).toBe(false);
    bench.write(".legwork/rehearsals/own.yaml", JSON.stringify({ replies: theirs }));
    const host = await setHost(bench);
    const refused = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model: "own" });
    expect(refused.structured.error.message).toMatch(/no rehearsal script "own".*quickstart/);
  });
});

describe("a trusted project still", () => {
  const trusting = { LEGWORK_TRUST_PROJECT: "1", GEMINI_API_KEY: "key-of-the-user", HIDDEN: "hidden-value" };

  it.each([
    [
      "where keys are sent",
      "providers:\n  gemini: { base_url: http://example.test }\n",
      "providers: may stand only in your own config.yaml",
    ],
    [
      "which variables it may read",
      "# mine\nexpose_env: [HIDDEN]\n",
      "expose_env: may stand only in your own config.yaml",
    ],
  ])("cannot say %s", async (_what, text, says) => {
    const { bench } = setGreedyProject();
    bench.write(CONFIG, text);
    const host = await setHost(bench, { env: trusting });
    const { isError, structured } = await host.call("spawn_agent", played);
    expect(isError).toBe(true);
    const line = text.startsWith("#") ? 2 : 1;
    expect(structured.error.code).toBe("configuration");
    expect(structured.error.message).toContain(`${join(bench.project, CONFIG)}:${line}:1: ${says}`);
    expect((await host.call("list_runs")).structured.runs).toEqual([]);
  });

  it("reads only the variables that its user exposes, and never a provider's key", async () => {
    const { bench } = setGreedyProject();
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
    expect(hidden.warnings).toMatch(/mcpServers\.own\.env\.GIVEN: \$\{HIDDEN\} may be read .* lists it in expose_env/);
    expect((await asks(dollar("HIDDEN:-harmless"))).warnings).toContain("expose_env");
    bench.configure("expose_env: [HIDDEN, GEMINI_API_KEY, ANTHROPIC_API_KEY]\n");
    for (const key of ["GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"]) {
      const { warnings, text } = await asks(`x${dollar(`${key}:-none`)}`);
      expect(warnings).toContain(`${dollar(key)} is a provider's key, which a project may not read`);
      expect(warnings + text).not.toContain("key-of-the-user");
    }

    const seen = await asks(dollar("HIDDEN"));
    expect(seen.warnings).toBe("");
    // It reached the server, and is no longer to be read in what the server tells.
    expect(JSON.parse(seen.text)).toMatchObject({ GIVEN: "[redacted HIDDEN]" });
  });
});

describe("a downstream server", () => {
  it("sees what is declared for it and what every program needs, and no secret", async () => {
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
  it("counts where it is imported and trusted, and only as it was then", async () => {
    const bench = setBench();
    const mark = join(bench.root, "started");
    const file = { mcpServers: { theirs: JSON.parse(markingServer(mark)) } };
    bench.write(".mcp.json", JSON.stringify(file));
    bench.configure("import: [claude]\ntools: ['*']\n");
    rehearse(bench, "write", [{ text: "hello" }]);
    const before = await play(bench);
    expect(before.run.notices).toEqual([expect.stringMatching(/^\.mcp\.json of this project is not trusted/)]);
    expect(existsSync(mark)).toBe(false);
    expect((await legwork(bench, ["trust"])).stdout).toContain("until one of these changes: .mcp.json\n");
    expect((await play(bench)).run).not.toHaveProperty("notices");
    expect(existsSync(mark)).toBe(true);
    bench.write(".mcp.json", JSON.stringify({ ...file, more: 1 }));
    expect((await play(bench)).run.notices[0]).toMatch(/^\.mcp\.json of this project is not trusted/);
  });
});

describe("the command `legwork trust`", () => {
  it("says so where there is nothing to trust", async () => {
    const bench = setBench();
    const { code, stdout } = await legwork(bench, ["trust"]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${bench.project} has none of .legwork/config.yaml, .mcp.json, .gemini/settings.json and no agents or workflows: there is nothing to trust\n`,
    });
  });

  it("and the server name a record that is none", async () => {
    const { bench } = setGreedyProject();
    const record = join(bench.home, "trust.json");
    writeFileSync(record, '{"projects": 5}');
    const says = `${record}: not a trust record: delete it and run "legwork trust" again`;
    const command = await legwork(bench, ["trust"]);
    expect(command).toMatchObject({ code: 2, stdout: "", stderr: `legwork: ${says}\n` });
    const { isError, structured } = await (await setHost(bench)).call("spawn_agent", played);
    expect(isError).toBe(true);
    expect(structured.error).toEqual({ code: "configuration", message: says });
    expect(readFileSync(record, "utf8")).toBe('{"projects": 5}');
  });

  it.each([
    ["a home that cannot be written", ["trust"], { LEGWORK_HOME: "/dev/null/legwork" }, /\/dev\/null\/legwork/],
    ["a project that does not exist", ["trust", "--project", "no/such"], {}, /--project: no\/such is not a folder/],
    ["an unknown command", ["turst"], {}, /there is no command "turst"/],
    ["an unknown option", ["trust", "--projekt", "x"], {}, /--projekt/],
    ["one word too many", ["trust", "me"], {}, /unexpected argument "me"/],
  ])("ends with 2 and one clear sentence for %s", async (_what, args, env, says) => {
    const { bench } = setGreedyProject();
    const { code, stdout, stderr } = await legwork(bench, args, env);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/^legwork: /);
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(existsSync(join(bench.home, "trust.json"))).toBe(false);
  });
});
