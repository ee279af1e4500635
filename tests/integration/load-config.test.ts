/** loadConfig on real files: servers, overlays, secrets, prices. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toStartPlace } from "../../src/config/servers/start-place.js";
import {
  bench,
  dollar,
  fault,
  faultsOf,
  load,
  MCP,
  named,
  names,
  own,
  paths,
  put,
  trustNow,
  useConfigBench,
  user,
} from "../support/config-bench.js";
import { mentions } from "../support/mentions.js";

const BIN = join(import.meta.dirname, "../../bin/legwork.js");

useConfigBench();

async function server(entry: object, name = "one") {
  user({ mcpServers: { [name]: entry } });
  return named(await load(), name);
}

describe("a server's entry", () => {
  it("gets a default for each setting that it leaves out", async () => {
    expect(await server({ command: "npx" })).toEqual({
      name: "one",
      from: join(bench.root, ".legwork/config.yaml"),
      transport: { kind: "stdio", command: "npx", args: [], env: {}, cwd: join(bench.root, ".legwork"), isAway: true },
      definitionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      startTimeoutSeconds: 60,
      timeoutSeconds: null,
      toolTimeouts: [],
      idleSeconds: 300,
      includeTools: null,
      excludeTools: [],
      effects: [],
      pin: "warn",
      onUnknown: "tell",
      probes: [],
      allow: { sampling: false, elicitation: false },
      tracksFiles: false,
    });
  });

  it("may hold numbers among its texts, which stay as they are written", async () => {
    put(
      ".legwork/config.yaml",
      "mcpServers:\n  one:\n    command: x\n    args: [--port, 8080, 1.10, 0x1F, true, 007]\n    env: { N: 2.50, ON: true }\n",
    );
    expect(named(await load(), "one")?.transport).toMatchObject({
      args: ["--port", "8080", "1.10", "0x1F", "true", "007"],
      env: { N: "2.50", ON: "true" },
    });
  });

  it("is not looked for in config.yml, which is refused or reported so that no block in it is lost", async () => {
    own({ model: "x" });
    put("project/.legwork/config.yml", 'blocked_tools: ["*"]\n');
    await trustNow();
    expect((await load()).notices).toEqual([
      expect.stringMatching(mentions("project/.legwork/config.yml", "config.yaml")),
    ]);
    put(".legwork/config.yml", 'blocked_tools: ["*"]\n');
    expect(await fault()).toMatch(mentions(".legwork/config.yml", "config.yaml", "rename"));
  });

  it("sets timeouts, the pin mode and the requests that the server may make", async () => {
    const policy = {
      start_timeout_seconds: 90,
      timeout_seconds: 5,
      tool_timeouts: { "a*": 1, ab: 2 },
      idle_seconds: 0,
      pin: "enforce",
      allow: ["sampling"],
    };
    expect(await server({ command: "npx", ...policy })).toMatchObject({
      startTimeoutSeconds: 90,
      timeoutSeconds: 5,
      toolTimeouts: [
        { pattern: "a*", seconds: 1 },
        { pattern: "ab", seconds: 2 },
      ],
      idleSeconds: 0,
      pin: "enforce",
      allow: { sampling: true, elicitation: false },
    });
  });

  it("may use HTTP, with a token from a variable", async () => {
    bench.env = { TOKEN: " tok-en-1 \n", HOST: "x.test" };
    const entry = { url: `https://${dollar("HOST")}/mcp`, bearer_token_env_var: "TOKEN", headers: { "X-A": "b" } };
    const transport = {
      kind: "http",
      url: "https://x.test/mcp",
      headers: { "X-A": "b", Authorization: "Bearer tok-en-1" },
    };
    expect((await server(entry))?.transport).toEqual(transport);
    expect((await load()).secrets).toContainEqual({ name: "TOKEN", value: "tok-en-1" });
    for (const [type, kind] of [
      ["sse", "sse"],
      ["http", "http"],
      ["streamable-http", "http"],
    ])
      expect((await server({ type, url: "http://x.test" }))?.transport.kind).toBe(kind);
  });

  it("sends the password of an address as a header", async () => {
    const transport = (await server({ url: "https://ada:p%40ssword@x.test/mcp" }))?.transport;
    const headers = { Authorization: `Basic ${btoa("ada:p@ssword")}` };
    expect(transport).toEqual({ kind: "http", url: "https://x.test/mcp", headers });
    const values = (await load()).secrets.map(({ value }) => value);
    expect(values).toEqual(expect.arrayContaining(["p@ssword", btoa("ada:p@ssword")]));
  });

  it.each([
    [{ command: "a", url: "http://x" }, ['"command"', '"url"']],
    [{ url: "ftp://x.test" }, ["http://", "https://"]],
    [{ url: "nonsense" }, ["http://", "https://"]],
    [{ url: "http://x.test", args: ["a"] }, ['"args"', '"command"']],
    [{ command: "a", headers: {} }, ['"headers"', '"url"']],
    [{ type: "sse", command: "a" }, ["sse", '"url"']],
    [{ type: "stdio", url: "http://x.test" }, ["stdio", '"command"']],
    [{ args: [] }, ['"command"', '"url"']],
    [{ pin: "off" }, ['"command"', '"url"']],
    [{ command: "a", pin: "on" }, ["pin", "off", "warn", "enforce"]],
    [
      { url: "http://x.test", bearer_token_env_var: "A", headers: { authorization: "x" } },
      ["bearer_token_env_var", "one"],
    ],
    [{ url: "http://x.test", bearer_token_env_var: "sk-secret" }, ["bearer_token_env_var", "variable"]],
    [{ command: "a", oauth: {} }, ['"oauth"']],
  ])("is refused with its place: %j", async (entry, words) => {
    user(`# mine\nmcpServers:\n  one: ${JSON.stringify(entry)}\n`);
    const message = await fault();
    expect(message).toMatch(/config\.yaml:3:\d+: /);
    expect(message).toMatch(mentions(...words));
    expect(message).not.toContain("sk-secret");
  });

  it.each([
    [{ command: dollar("NOPE") }, ["mcpServers.one.command", dollar("NOPE")]],
    [{ command: "a", env: { A: dollar("NOPE") } }, ["mcpServers.one.env.A", dollar("NOPE")]],
    [{ url: "http://x.test", headers: { A: dollar("NOPE") } }, ["mcpServers.one.headers.A", dollar("NOPE")]],
    [{ url: "http://x.test", bearer_token_env_var: "NOPE" }, ["mcpServers.one.bearer_token_env_var", dollar("NOPE")]],
    [{ url: dollar("FTP") }, ["mcpServers.one.url", "http://", "https://"]],
    [{ url: "http://x.test", headers: { A: dollar("LINES") } }, ["mcpServers.one.headers.A", "value"]],
  ])("that cannot be used does not affect other servers: %j", async (entry, words) => {
    bench.env = { FTP: "ftp://x.test", LINES: "secret\nlines" };
    const file = user({ mcpServers: { one: entry, two: { command: "b" } } });
    const config = await load();
    expect(names(config)).toEqual(["two", "workspace"]);
    expect(config.brokenServers).toEqual([
      { name: "one", from: file, fault: expect.stringMatching(mentions(file, ...words)) },
    ]);
    expect(config.brokenServers[0]?.fault).not.toContain("secret");
  });

  it("is hashed as written, and only by the fields of its transport", async () => {
    const trusted = { LEGWORK_TRUST_PROJECT: "1" }; // else no project is part of it
    bench.env = { A: "1", ...trusted };
    const entry = { command: "npx", args: [dollar("A")], env: { X: "1", Y: "2" } };
    const hash = async (given: object) => (await server(given))?.definitionHash;
    const first = await hash(entry);
    bench.env = { A: "2", ...trusted };
    expect(await hash({ ...entry, env: { Y: "2", X: "1" }, pin: "off", timeout_seconds: 9 })).toBe(first);
    for (const change of [{ args: ["2"] }, { env: {} }, { cwd: "sub" }, { command: "node" }])
      expect(await hash({ ...entry, ...change })).not.toBe(first);
    bench.project = join(bench.root, "elsewhere");
    mkdirSync(bench.project);
    expect(await hash(entry)).not.toBe(first);
    const absolute = await hash({ ...entry, cwd: "/" });
    bench.project = join(bench.root, "project");
    expect(await hash({ ...entry, cwd: "/" })).toBe(absolute);
  });

  it("starts away from a project that is not trusted, and no relative path, variable or PATH leads back", async () => {
    const home = join(bench.root, ".legwork");
    const bin = join(bench.project, "node_modules/.bin");
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(bench.project, "bin"));
    symlinkSync(bench.project, join(bench.root, "link"));
    bench.env = {
      PWD: bench.project,
      PATH: ["/usr/bin", bin, "bin", "", join(bench.root, "link/bin"), "/bin"].join(":"),
    };
    const transport = async (entry: object) => (await server({ command: "x", ...entry }))?.transport;
    expect(await transport({})).toMatchObject({ cwd: home, isAway: true });
    expect(await transport({ cwd: "." })).toMatchObject({ cwd: home, isAway: true });
    expect(await transport({ cwd: bench.project })).toMatchObject({ cwd: bench.project, isAway: false });
    expect(await transport({ env: { PATH: `./bin:${dollar("PATH")}`, A: "b" } })).toMatchObject({
      env: { PATH: "/usr/bin:/bin", A: "b" },
    });
    expect((await load()).serverEnv.PATH).toBe("/usr/bin:/bin");
    const back = [{ cwd: dollar("PWD") }, { cwd: "../project" }, { command: `${dollar("PWD")}/x` }];
    for (const entry of back) {
      expect(await transport(entry)).toBeUndefined();
      expect(faultsOf(await load()).one).toMatch(mentions("legwork trust", Object.keys(entry)[0] ?? ""));
    }
    await trustNow();
    expect(await transport({})).toMatchObject({ cwd: bench.project, isAway: false });
    expect(await transport({ cwd: "sub" })).toMatchObject({ cwd: join(bench.project, "sub") });
    expect((await load()).serverEnv.PATH).toBe(bench.env.PATH);
  });

  it("starts away again when a file of the trusted project changes", async () => {
    own({ limits: { max_turns: 3 } });
    await trustNow();
    expect((await server({ command: "x" }))?.transport).toMatchObject({ cwd: bench.project });
    own({ limits: { max_turns: 4 } });
    expect((await server({ command: "x" }))?.transport).toMatchObject({ cwd: join(bench.root, ".legwork") });
  });

  it("starts outside a project that holds legwork's home", async () => {
    const nested = join(bench.project, "home");
    const start = toStartPlace({ ...paths(), home: nested }, false);
    expect(start).toMatchObject({ folder: bench.root, isProject: false });
  });
});

describe("an overlay", () => {
  it("overrides settings of a server, the project's over the user's, and keeps the transport", async () => {
    put(".claude.json", { mcpServers: { hub: { command: "hub-server" } } });
    user({ import: ["claude"], mcpServers: { hub: { pin: "enforce", timeout_seconds: 5 } } });
    own({ mcpServers: { hub: { timeout_seconds: 7, exclude_tools: ["x"] } } });
    expect(named(await load(), "hub")).toMatchObject({ timeoutSeconds: 5, excludeTools: [] });
    await trustNow();
    const hub = named(await load(), "hub");
    expect(hub).toMatchObject({ pin: "enforce", timeoutSeconds: 7, excludeTools: ["x"] });
    expect(hub).toMatchObject({ from: join(bench.root, ".claude.json"), transport: { command: "hub-server" } });
  });

  it("has no command: an entry with a command replaces the server", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    user({ mcpServers: { hub: { command: "mine", pin: "off", args: ["a"] } } });
    own({ mcpServers: { hub: { command: "ours" } } });
    expect(named(await load(), "hub")).toMatchObject({ pin: "warn", transport: { command: "ours", args: [] } });
  });

  it("may switch a server off or on", async () => {
    put(".claude.json", { mcpServers: { a: { command: "a" }, b: { command: "b", disabled: true } } });
    const mcpServers = { a: { disabled: true }, b: { disabled: false }, nowhere: { disabled: true } };
    user({ import: ["claude"], mcpServers });
    const config = await load();
    expect(names(config)).toEqual(["b", "workspace"]);
    expect(config.brokenServers).toEqual([]);
  });

  it("of the shipped workspace overrides everything but the effects of its tools", async () => {
    user({ mcpServers: { workspace: { timeout_seconds: 3, exclude_tools: ["write_file"] } } });
    const workspace = named(await load(), "workspace");
    expect(workspace).toMatchObject({ timeoutSeconds: 3, excludeTools: ["write_file"], tracksFiles: true });
    const [, root, settings] = workspace?.transport.kind === "stdio" ? workspace.transport.args : [];
    expect(root).toBe(bench.project);
    expect(JSON.parse(settings ?? "")).toEqual({ home: join(bench.root, ".legwork"), read: [], write: [] });
    const file = user('mcpServers:\n  workspace:\n    effects: { "*": read_only }\n');
    expect(await fault()).toMatch(mentions(`${file}:3:5`, '"workspace"', "effects"));
    user({ mcpServers: { workspace: { disabled: true } } });
    expect(names(await load())).toEqual([]);
  });

  it("of the shipped workspace opens the guarded files that it names, and only those", async () => {
    const grants = { allow_read: [".env.test", "config/*.pem"], allow_write: ["**/AGENTS.md", ".github/workflows/*"] };
    user({ mcpServers: { workspace: grants } });
    const transport = named(await load(), "workspace")?.transport;
    expect(transport?.kind === "stdio" && JSON.parse(transport.args[2] ?? "")).toMatchObject({
      read: grants.allow_read,
      write: grants.allow_write,
    });
    for (const [key, path] of [
      ["allow_read", "**"],
      ["allow_read", "README.md"],
      ["allow_write", "src/*"],
      ["allow_write", "../AGENTS.md"],
      ["allow_write", "/AGENTS.md"],
      ["allow_write", "@(AGENTS).md"],
    ] as const) {
      user({ mcpServers: { workspace: { [key]: [path] } } });
      expect(await fault(), path).toMatch(mentions(key));
    }
    user({ mcpServers: { other: { command: "npx", allow_read: [".env"] } } });
    expect(await fault()).toMatch(mentions("allow_read", '"workspace"'));
  });

  it("without a server is an error, or a broken server where an import may define it", async () => {
    const file = user("mcpServers:\n  gone: { pin: enforce }\n");
    expect(await fault()).toMatch(mentions(`${file}:2:3`, "mcpServers.gone", '"command"', '"url"'));
    put(".claude.json", {});
    user("import: [claude]\nmcpServers:\n  gone: { pin: enforce }\n");
    const says = expect.stringMatching(
      mentions("config.yaml:3:3", "mcpServers.gone", '"command"', '"url"', "imported"),
    );
    expect((await load()).brokenServers).toEqual([{ name: "gone", from: file, fault: says }]);
  });
});

describe("legwork among its own servers", () => {
  it("is left out of every source with a notice, also where the project may not read its variables", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    const itself = { command: process.execPath, args: [BIN], env: { GEMINI_API_KEY: dollar("GEMINI_API_KEY") } };
    const file = user({ import: ["claude"], mcpServers: { me: itself } });
    put(`project/${MCP}`, { mcpServers: { legwork: itself, other: { command: "a", args: ["legwork"] } } });
    mkdirSync(join(bench.project, "legwork"));
    const config = await load();
    expect(names(config)).toEqual(["other", "workspace"]);
    expect(config.brokenServers).toEqual([]);
    expect(config.notices).toEqual([
      expect.stringMatching(mentions("mcpServers.me", file, "legwork")),
      expect.stringMatching(mentions("mcpServers.legwork", join(bench.project, MCP))),
    ]);
  });
});

describe("secrets", () => {
  it("are the providers' keys and those of the servers in use", async () => {
    bench.env = { GEMINI_API_KEY: "AIza-provider", GH: "gh-from-variable", OFF: "off-from-variable", HOME: bench.root };
    user({
      mcpServers: {
        one: { command: "a", args: ["--token", "arg-secret"], env: { GH: dollar("GH"), DATA: dollar("HOME") } },
        two: { url: "https://x.test", headers: { "X-Api-Key": "header-secret", Accept: "text" } },
        off: { disabled: true, command: "a", env: { A: dollar("OFF") } },
      },
    });
    const { secrets } = await load();
    expect(new Set(secrets.map(({ value }) => value))).toEqual(
      new Set(["AIza-provider", "gh-from-variable", "arg-secret", "header-secret"]),
    );
    expect(secrets).toContainEqual({ name: "GH", value: "gh-from-variable" });
  });

  it.each([
    "mcpServers:\n  a: { command: x, env: { TOKEN: *sk-secret } }\n",
    "mcpServers:\n  a: { command: x, env: { TOKEN: !sk-secret x } }\n",
    "mcpServers:\n  a: { command: x, env: [sk-secret] }\n",
    "mcpServers:\n  a: { command: x, env: { TOKEN: [sk-secret] } }\n",
    "mcpServers:\n  a: { url: http://x.test, headers: sk-secret }\n",
    'mcpServers:\n  a: { command: x, env: { TOKEN: "sk-secret\n',
    "mcpServers:\n  a: { url: sk-secret }\n",
    "mcpServers:\n  a: { type: sk-secret, url: http://x.test }\n",
  ])("do not appear in errors: %j", async (text) => {
    user(text);
    expect(await fault()).not.toContain("secret");
  });
});

describe("prices and the limit on money", () => {
  it("come from the user: by name and pattern in the order of the file, cached input at the price of input by default", async () => {
    user("prices: { gemini: { b-*: { input: 1, output: 2 }, a: { input: 3, output: 4, cached: 0 } } }");
    expect((await load()).prices).toEqual({
      gemini: [
        { models: "b-*", price: { input: 1, output: 2, cached: 1 } },
        { models: "a", price: { input: 3, output: 4, cached: 0 } },
      ],
      rehearsal: [{ models: "*", price: { input: 0, output: 0, cached: 0 } }],
    });
  });

  it.each([
    [{ gemini: { a: { input: -1, output: 1 } } }, /config\.yaml:1:\d+: prices\.gemini\.a\.input /],
    [{ gemini: { a: { input: 1 } } }, /config\.yaml:1:\d+: prices\.gemini\.a\.output /],
    [{ gemini: { a: { input: 1, output: 1, thinking: 1 } } }, /config\.yaml:1:\d+: .*"thinking"/],
    [{ gemni: { a: { input: 1, output: 1 } } }, /config\.yaml:1:\d+: prices\.gemni: .*"gemni".*"gemini"/],
  ])("%j is refused with its place", async (prices, refusal) => {
    user({ prices });
    expect(await fault()).toMatch(refusal);
  });

  it("a project sets no prices, and may only lower the limit", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    const limited = (max_cost_usd: number) => ({ limits: { max_cost_usd } });
    own(limited(2));
    expect((await load()).limits.maxCostUsd).toBe(2);
    user(limited(1));
    expect((await load()).limits.maxCostUsd).toBe(1);
    own(limited(0.5));
    expect((await load()).limits.maxCostUsd).toBe(0.5);
    own({ prices: { gemini: { a: { input: 0, output: 0 } } } });
    expect(await fault()).toMatch(mentions("prices", "config.yaml", "project"));
  });
});
