/** Trust: the conditions under which a project's files take effect. */
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bench,
  CONFIG,
  dollar,
  fault,
  GEMINI,
  load,
  MCP,
  names,
  own,
  put,
  trustNow,
  useConfigBench,
  user,
} from "../support/config-bench.js";
import { mentions } from "../support/mentions.js";

useConfigBench();

function makePipe(file: string): void {
  execFileSync("sh", ["-c", 'mkfifo "$0"', file]);
}

describe("a project's file", () => {
  const mcp = (command: string) => ({ mcpServers: { ours: { command } } });

  it("takes effect only while the project is trusted and no file in use has changed", async () => {
    user({ import: ["claude"] });
    own({ model: "ours" });
    put(`project/${MCP}`, mcp("first"));
    const before = await load();
    expect([names(before), before.model]).toEqual([["workspace"], null]);
    expect(before.notices).toEqual([expect.stringMatching(mentions(CONFIG, MCP, "trusted"))]);
    expect(await trustNow()).toMatch(mentions(CONFIG, MCP));
    const after = await load();
    expect([names(after), after.model, after.notices]).toEqual([["ours", "workspace"], "ours", []]);

    put(`project/${MCP}`, mcp("second"));
    const changed = await load();
    expect([names(changed), changed.model]).toEqual([["workspace"], null]);
    expect(changed.notices).toEqual([
      expect.stringMatching(new RegExp(`^(?!.*config\\.yaml)${mentions(MCP, "trusted").source.slice(1)}`)),
    ]);
    expect(await trustNow()).toMatch(/^(?!.*config\.yaml).*\.mcp\.json.*\n/);
    unlinkSync(join(bench.project, CONFIG));
    expect((await load()).notices[0]).toMatch(mentions(CONFIG, "gone")); // it may have held back what the others allow
    expect(await trustNow()).toMatch(mentions(CONFIG, "gone"));
    expect(names(await load())).toEqual(["ours", "workspace"]);
  });

  it("does not depend on files that no configuration uses", async () => {
    own({ model: "ours" });
    put(`project/${MCP}`, mcp("a"));
    put(`project/${GEMINI}`, "{");
    unlinkSync(join(bench.project, GEMINI));
    await trustNow();
    put(`project/${MCP}`, "{ no JSON");
    makePipe(join(bench.project, GEMINI));
    expect(await load()).toMatchObject({ model: "ours", notices: [] });
  });

  it("may import files once it is trusted", async () => {
    own({ import: ["gemini"], model: "ours" });
    put(`project/${GEMINI}`, mcp("a"));
    expect((await load()).notices[0]).toMatch(mentions(CONFIG, "trusted"));
    await trustNow();
    expect(names(await load())).toEqual(["ours", "workspace"]);
    unlinkSync(join(bench.project, GEMINI));
    const gone = await load();
    expect(gone.model).toBeNull();
    expect(gone.notices[0]).toMatch(mentions(GEMINI, "gone", "trusted"));
  });

  it("may be a .mcp.json alone, which legwork parses only once it is trusted", async () => {
    user({ import: ["claude"] });
    put(`project/${MCP}`, "{ no JSON");
    const { notices } = await load();
    expect(notices).toEqual([expect.stringMatching(mentions(MCP, "trusted"))]);
    await expect(trustNow()).rejects.toThrow(mentions(`${join(bench.project, MCP)}:1:3`, "JSON"));
    put(`project/${MCP}`, mcp("a"));
    await trustNow();
    expect(names(await load())).toEqual(["ours", "workspace"]);
  });

  it.each([
    ["a pipe", makePipe, "regular file"],
    ["a folder", (file: string) => mkdirSync(file), "regular file"],
    ["a device", (file: string) => symlinkSync("/dev/zero", file), "regular file"],
    ["huge", (file: string) => writeFileSync(file, " ".repeat(1024 * 1024 + 1)), "1048576"],
  ])("is never read where it is %s", async (_what, make, word) => {
    user({ import: ["claude"] });
    own({ model: "ours" });
    make(join(bench.project, MCP));
    const { notices, model } = await load();
    expect(model).toBeNull();
    expect(notices).toEqual([expect.stringMatching(mentions(join(bench.project, MCP), word))]);
    await expect(trustNow()).rejects.toThrow(word);
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    expect(await fault()).toContain(word);
  });

  it("reads only the variables that its user exposes", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1", HIDDEN: "hidden", SHOWN: "shown", GEMINI_API_KEY: "the-key" };
    user({ import: ["claude", "gemini"], expose_env: ["SHOWN", "GEMINI_API_KEY"] });
    own({ mcpServers: { a: { command: dollar("HIDDEN") }, b: { command: dollar("SHOWN") } } });
    put(`project/${MCP}`, {
      mcpServers: {
        c: { command: dollar("HIDDEN:-x") },
        g: { command: dollar("HIDDEN"), args: [dollar("OTHER")] },
        d: { command: dollar("GEMINI_API_KEY") },
      },
    });
    put(`project/${GEMINI}`, {
      mcpServers: { e: { command: "$HIDDEN" }, f: { url: "http://x.test/$GEMINI_API_KEY" } },
    });
    const config = await load();
    expect(names(config)).toEqual(["b", "c", "workspace"]);
    expect(config.servers.find(({ name }) => name === "c")?.transport).toMatchObject({ command: "x" });
    expect(config.brokenServers.find(({ name }) => name === "g")?.fault).toMatch(
      mentions(dollar("HIDDEN"), dollar("OTHER"), "command", "args.0", "expose_env"),
    );
    const faults = config.brokenServers.map(({ name, fault: text }) => [
      name,
      /expose_env|provider's key/.exec(text)?.[0],
    ]);
    expect(Object.fromEntries(faults)).toEqual({
      a: "expose_env",
      g: "expose_env",
      d: "provider's key",
      e: "expose_env",
      f: "provider's key",
    });
    expect(JSON.stringify(config.brokenServers)).not.toMatch(/hidden|the-key/);
  });

  it("reads the places of its user and itself without a list", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1", HOME: "/elsewhere" };
    user({ import: ["claude"] });
    const places = ["HOME", "PWD", "CLAUDE_PROJECT_DIR"].map(dollar);
    put(`project/${MCP}`, { mcpServers: { a: { command: "x", args: places } } });
    const config = await load();
    const [server] = config.servers;
    expect(server?.transport).toMatchObject({ args: [bench.root, bench.project, bench.project] });
    expect(config.secrets).toEqual([]);
  });

  it("in the home folder is the user's own", async () => {
    bench.project = bench.root;
    user({ import: ["gemini"] });
    put(GEMINI, { mcpServers: { mine: { command: "a" } } });
    const config = await load();
    expect(names(config)).toEqual(["mine"]);
    expect(config.notices).toEqual([expect.stringMatching(mentions(bench.project, '"workspace"'))]);
  });
});
