/** What of a project's files counts, and when. */
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { trustHere } from "../support/command.js";
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
  place,
  put,
  useConfigBench,
  user,
} from "../support/config-bench.js";

useConfigBench();

function makePipe(file: string): void {
  execFileSync("sh", ["-c", 'mkfifo "$0"', file]);
}

describe("what of a project counts", () => {
  const mcp = (command: string) => ({ mcpServers: { ours: { command } } });

  it("is nothing of it before it is trusted, and nothing after any file in use has changed", async () => {
    user({ import: ["claude"] });
    own({ model: "ours" });
    put(`project/${MCP}`, mcp("first"));
    const before = await load();
    expect([names(before), before.model]).toEqual([["workspace"], null]);
    expect(before.notices).toEqual([
      expect.stringMatching(
        /^\.legwork\/config\.yaml, \.mcp\.json of this project is not trusted and was left out: read/,
      ),
    ]);
    expect(await trustHere(place())).toContain(`until one of these changes: ${CONFIG}, ${MCP}\n`);
    const after = await load();
    expect([names(after), after.model, after.notices]).toEqual([["ours", "workspace"], "ours", []]);

    put(`project/${MCP}`, mcp("second"));
    const changed = await load();
    expect([names(changed), changed.model]).toEqual([["workspace"], null]);
    expect(changed.notices).toEqual([
      expect.stringMatching(/^\.mcp\.json of this project is not trusted and was left out, and so was all its other/),
    ]);
    expect(await trustHere(place())).toMatch(/^\.mcp\.json was new or had changed\.\n(?!.*config\.yaml was)/);
    unlinkSync(join(bench.project, CONFIG));
    expect((await load()).notices[0]).toMatch(/^\.legwork\/config\.yaml \(gone\) of/); // it may have held back what the others allow
    expect(await trustHere(place())).toContain(`${CONFIG} is gone.`);
    expect(names(await load())).toEqual(["ours", "workspace"]);
  });

  it("does not depend on files that nothing asks for", async () => {
    own({ model: "ours" });
    put(`project/${MCP}`, mcp("a"));
    put(`project/${GEMINI}`, "{");
    unlinkSync(join(bench.project, GEMINI));
    await trustHere(place());
    put(`project/${MCP}`, "{ no JSON");
    makePipe(join(bench.project, GEMINI));
    expect(await load()).toMatchObject({ model: "ours", notices: [] });
  });

  it("may import by itself once it is trusted", async () => {
    own({ import: ["gemini"], model: "ours" });
    put(`project/${GEMINI}`, mcp("a"));
    expect((await load()).notices[0]).toMatch(/^\.legwork\/config\.yaml of this project is not trusted/);
    await trustHere(place());
    expect(names(await load())).toEqual(["ours", "workspace"]);
    unlinkSync(join(bench.project, GEMINI));
    const gone = await load();
    expect(gone.model).toBeNull();
    expect(gone.notices[0]).toContain(`${GEMINI} (gone) of this project is not trusted`);
  });

  it("works with a .mcp.json alone, which is not even parsed before", async () => {
    user({ import: ["claude"] });
    put(`project/${MCP}`, "{ no JSON");
    const { notices } = await load();
    expect(notices).toEqual([
      expect.stringMatching(/^\.mcp\.json of this project is not trusted and was left out: read/),
    ]);
    await expect(trustHere(place())).rejects.toThrow(`${join(bench.project, MCP)}:1:3: not valid JSON`);
    put(`project/${MCP}`, mcp("a"));
    await trustHere(place());
    expect(names(await load())).toEqual(["ours", "workspace"]);
  });

  it.each([
    ["a pipe", makePipe, "it is no regular file"],
    ["a folder", (file: string) => mkdirSync(file), "it is no regular file"],
    ["a device", (file: string) => symlinkSync("/dev/zero", file), "it is no regular file"],
    ["huge", (file: string) => writeFileSync(file, " ".repeat(1024 * 1024 + 1)), "larger than 1048576 bytes"],
  ])("never reads a file that is %s", async (_what, make, says) => {
    user({ import: ["claude"] });
    own({ model: "ours" });
    make(join(bench.project, MCP));
    const { notices, model } = await load();
    expect(model).toBeNull();
    expect(notices).toEqual([
      expect.stringMatching(new RegExp(`^${join(bench.project, MCP)}: .*${says}; so nothing of`)),
    ]);
    await expect(trustHere(place())).rejects.toThrow(says);
    bench.env = { LEGWORK_TRUST_PROJECT: "1" };
    expect(await fault()).toContain(says);
  });

  it("reads only the variables that its user exposes, whatever file asks", async () => {
    bench.env = { LEGWORK_TRUST_PROJECT: "1", HIDDEN: "hidden", SHOWN: "shown", GEMINI_API_KEY: "the-key" };
    user({ import: ["claude", "gemini"], expose_env: ["SHOWN", "GEMINI_API_KEY"] });
    own({ mcpServers: { a: { command: dollar("HIDDEN") }, b: { command: dollar("SHOWN") } } });
    put(`project/${MCP}`, {
      mcpServers: { c: { command: dollar("HIDDEN:-x") }, d: { command: dollar("GEMINI_API_KEY") } },
    });
    put(`project/${GEMINI}`, {
      mcpServers: { e: { command: "$HIDDEN" }, f: { url: "http://x.test/$GEMINI_API_KEY" } },
    });
    const config = await load();
    expect(names(config)).toEqual(["b", "workspace"]);
    const faults = config.brokenServers.map(({ name, fault: text }) => [
      name,
      /expose_env|provider's key/.exec(text)?.[0],
    ]);
    expect(Object.fromEntries(faults)).toEqual({
      a: "expose_env",
      c: "expose_env",
      d: "provider's key",
      e: "expose_env",
      f: "provider's key",
    });
    expect(JSON.stringify(config.brokenServers)).not.toMatch(/hidden|the-key/);
  });

  it("in the home folder itself, the user's files stay the user's", async () => {
    bench.project = bench.root;
    user({ import: ["gemini"] });
    put(GEMINI, { mcpServers: { mine: { command: "a" } } });
    const config = await load();
    expect(names(config)).toEqual(["mine"]);
    expect(config.notices).toEqual([expect.stringContaining("too wide a folder")]);
  });
});
