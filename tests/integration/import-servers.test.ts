/** Import of servers from other hosts' files: each server by itself, under a legal name. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bench,
  dollar,
  fault,
  faultsOf,
  GEMINI,
  load,
  MCP,
  named,
  names,
  put,
  useConfigBench,
  user,
} from "../support/config-bench.js";
import { mentions } from "../support/mentions.js";

useConfigBench();

describe("import: [claude]", () => {
  const servers = (...pairs: readonly (readonly [string, string])[]) => ({
    mcpServers: Object.fromEntries(pairs.map(([name, command]) => [name, { command }])),
  });

  it("takes the servers of all scopes, local over project over user", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    user({ import: ["claude"], mcpServers: { top: { command: "config" } } });
    put(".claude.json", {
      numStartups: 5,
      ...servers(["top", "u"], ["every", "u"], ["pair", "u"], ["mine", "u"]),
      projects: { [bench.project]: servers(["every", "l"]), "/elsewhere": servers(["not", "x"]) },
    });
    put(`project/${MCP}`, servers(["every", "p"], ["pair", "p"]));
    const config = await load();
    const commands = config.servers.map(({ name, transport }) => [
      name,
      transport.kind === "stdio" ? transport.command : null,
    ]);
    expect(Object.fromEntries(commands)).toMatchObject({ top: "config", every: "l", pair: "p", mine: "u" });
    expect(names(config)).toEqual(["top", "every", "pair", "mine", "workspace"]);
    expect(named(config, "pair")?.from).toBe(join(bench.project, MCP));
  });

  it("reads all forms of entries, and ignores unknown keys", async () => {
    user({ import: ["claude"] });
    put(".claude.json", {
      mcpServers: {
        plain: { type: "stdio", command: "a", args: ["-p", 8], env: { PORT: 80 }, alwaysAllow: ["x"], url: "" },
        web: { type: "http", url: "https://x.test", headers: { A: "b" }, timeout: 1500 },
        old: { type: "sse", url: "https://x.test" },
        alias: { type: "streamable-http", url: "https://x.test" },
        bare: { url: "https://x.test" },
      },
    });
    const config = await load();
    expect(config.brokenServers).toEqual([]);
    expect(named(config, "plain")?.transport).toMatchObject({ command: "a", args: ["-p", "8"], env: { PORT: "80" } });
    expect(named(config, "web")).toMatchObject({
      timeoutSeconds: 1.5,
      transport: { kind: "http", headers: { A: "b" } },
    });
    expect(["old", "alias", "bare"].map((name) => named(config, name)?.transport.kind)).toEqual([
      "sse",
      "http",
      "http",
    ]);
  });

  it("refuses a broken server and keeps the others", async () => {
    user({ import: ["claude"] });
    const file = put(".claude.json", {
      mcpServers: {
        good: { command: "a" },
        text: "npx",
        empty: {},
        ws: { type: "ws", url: "wss://x.test" },
        numbers: { command: 5 },
        args: { command: "a", args: "sk-secret" },
        login: { type: "http", url: "https://x.test", oauth: { clientId: "sk-secret" } },
        helper: { type: "http", url: "https://x.test", headersHelper: "run-me" },
        unset: { command: "a", env: { KEY: dollar("NOPE") } },
      },
    });
    const config = await load();
    expect(names(config)).toEqual(["good", "workspace"]);
    const faults = faultsOf(config);
    expect(faults).toEqual({
      text: expect.stringMatching(mentions(file, "mcpServers.text", "object")),
      empty: expect.stringMatching(mentions(file, "mcpServers.empty", '"command"', '"url"')),
      ws: expect.stringMatching(mentions(file, "mcpServers.ws", "type")),
      numbers: expect.stringMatching(mentions(file, "mcpServers.numbers", "command", "string", "number")),
      args: expect.stringMatching(mentions(file, "mcpServers.args", "args", "array", "string")),
      login: expect.stringMatching(mentions("mcpServers.login", "OAuth", "headers")),
      helper: expect.stringContaining("headersHelper"),
      unset: expect.stringMatching(mentions("mcpServers.unset.env.KEY", dollar("NOPE"))),
    });
    expect(JSON.stringify(config.brokenServers)).not.toContain("sk-secret");
  });

  it("makes names legal and distinct, and never uses the name of the workspace", async () => {
    user({ import: ["claude"] });
    const odd = ["my server", "my/server", "a__b", "end_", "ö", "workspace", "x".repeat(60)];
    put(".claude.json", servers(...odd.map((name) => [name, name] as const), ["fine-1", "f"]));
    const config = await load();
    const legal = names(config);
    expect(new Set(legal).size).toBe(odd.length + 2);
    for (const name of legal) expect(name).toMatch(/^(?!.*__)[A-Za-z0-9_-]{0,39}[A-Za-z0-9-]$/);
    expect(legal).toEqual(expect.arrayContaining(["fine-1", expect.stringMatching(/^my-server-[0-9a-f]{6}$/)]));
    expect(named(config, "workspace")?.tracksFiles).toBe(true);
    expect(names(await load())).toEqual(legal);
  });

  it("leaves out servers that were disabled there", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    user({ import: ["claude"] });
    const off = { disabledMcpServers: ["toggled"], disabledMcpjsonServers: ["refused", "kept"] };
    put(".claude.json", { ...servers(["toggled", "u"], ["kept", "u"]), projects: { [bench.project]: off } });
    put(`project/${MCP}`, servers(["refused", "p"], ["rejected", "p"], ["on", "p"]));
    put("project/.claude/settings.local.json", { disabledMcpjsonServers: ["rejected"] });
    expect(names(await load())).toEqual(["on", "kept", "workspace"]);
  });

  it("reads the folder that CLAUDE_CONFIG_DIR names", async () => {
    user({ import: ["claude"] });
    put("config/.claude.json", servers(["there", "a"]));
    bench.env = { CLAUDE_CONFIG_DIR: join(bench.root, "config") };
    expect(names(await load())).toEqual(["there", "workspace"]);
    bench.env = { CLAUDE_CONFIG_DIR: "config" };
    expect(await fault()).toMatch(mentions("CLAUDE_CONFIG_DIR", '"config"', "absolute"));
  });

  it("names the place in a file that is not JSON, without a quote", async () => {
    user({ import: ["claude"] });
    const file = put(".claude.json", '{\n  "mcpServers": {\n    "a": sk-secret }\n}');
    expect(await fault()).toMatch(new RegExp(`^${file}:3:10: [^"{}]*JSON[^"{}]*$`));
    put(".claude.json", "");
    expect(names(await load())).toEqual(["workspace"]);
    put(".claude.json", "[".repeat(200_000));
    expect(await fault()).toContain(file);
  });

  it("names the files that it did not find", async () => {
    user({ import: ["claude", "gemini"] });
    const { notices } = await load();
    expect(notices).toEqual([
      expect.stringMatching(mentions("import", "claude", ".mcp.json")),
      expect.stringMatching(mentions("import", "gemini", ".gemini/settings.json")),
    ]);
  });
});

describe("import: [gemini]", () => {
  it("takes the project's servers over the user's, with comments and bare variables", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1", WHO: "ada" };
    user({ import: ["gemini"], expose_env: ["WHO"] });
    put(
      GEMINI,
      '{ "mcpServers": { "both": { "command": "u" }, "one": { "command": "u", "env": { "A": "$WHO-$NOPE" } } } }',
    );
    put(
      `project/${GEMINI}`,
      '// ours\n{ "theme": "x", "mcpServers": { "both": { "command": "p", /* $ */ "args": ["$WHO"], "timeout": 2500,\n "includeTools": ["a", "b(x)", "c__d"], "excludeTools": ["z"], "trust": true, }, } }',
    );
    const config = await load();
    expect(config.brokenServers).toEqual([]);
    expect(named(config, "both")).toMatchObject({
      transport: { command: "p", args: ["ada"] },
      timeoutSeconds: 2.5,
      includeTools: ["a", "b", "*__c__d"],
      excludeTools: ["z"],
    });
    expect(named(config, "one")?.transport).toMatchObject({ env: { A: "ada-$NOPE" } });
  });

  it("reads every kind of transport", async () => {
    user({ import: ["gemini"] });
    const url = "https://x.test";
    put(GEMINI, {
      mcpServers: {
        a: { httpUrl: url, url: "https://old.test", headers: { A: "b" } },
        b: { url },
        c: { url, type: "sse" },
        d: { command: "d", cwd: "sub" },
        login: { url, authProviderType: "google_credentials" },
        oauth: { url, oauth: { enabled: true } },
        none: { url, oauth: { enabled: false } },
        tcp: { tcp: "x.test:5" },
        pattern: { command: "p", excludeTools: ["all of them"] },
      },
    });
    const config = await load();
    const reached = config.servers.slice(0, -1).map(({ name, transport }) => [name, transport.kind]);
    expect(reached).toEqual([
      ["a", "http"],
      ["b", "http"],
      ["c", "sse"],
      ["d", "stdio"],
      ["none", "http"],
    ]);
    expect(named(config, "a")?.transport).toEqual({ kind: "http", url, headers: { A: "b" } });
    // The project is not trusted.
    expect(named(config, "d")?.transport).toMatchObject({ cwd: join(bench.root, ".legwork/sub") });
    const faults = faultsOf(config);
    for (const name of ["login", "oauth"]) expect(faults[name]).toMatch(/OAuth.*headers/);
    expect(faults.tcp).toContain("WebSocket");
    expect(faults.pattern).toMatch(mentions("all of them", "pattern")); // a list that was dropped would let tools through
  });

  it("leaves out servers that are excluded, not allowed or switched off", async () => {
    user({ import: ["gemini"] });
    const mcpServers = Object.fromEntries(["a", "b", "C", "d"].map((name) => [name, { command: name }]));
    put(GEMINI, { mcp: { allowed: ["a", "b", "C"], excluded: ["b"] }, mcpServers });
    put(".gemini/mcp-server-enablement.json", { c: { enabled: false } });
    expect(names(await load())).toEqual(["a", "workspace"]);
  });

  it("has the precedence that the order of import gives", async () => {
    put(".claude.json", { mcpServers: { both: { command: "claude" } } });
    put(GEMINI, { mcpServers: { both: { command: "gemini" } } });
    for (const order of [
      ["claude", "gemini"],
      ["gemini", "claude"],
    ]) {
      user({ import: order });
      expect(named(await load(), "both")?.transport).toMatchObject({ command: order[0] });
    }
  });
});
